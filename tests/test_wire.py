"""The table of what can be asked for: each thing once, by a name that coverage and paths agree on."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import auditor.enforcement
from auditor import wire
from auditor.engine_settings import places
from auditor.sources.kinds import own_group


def test_names_kinds_and_paths_are_of_one_resource_each() -> None:
    resources = wire.RESOURCES
    assert len(wire.BY_NAME) == len(resources) + len(wire.FOUND)
    assert len({(resource.group, resource.kind) for resource in resources}) == len(resources)
    assert len({resource.path() for resource in resources}) == len(resources)
    assert set(wire.ADMISSION) <= set(resources)


@pytest.mark.parametrize("resource", wire.ADMISSION, ids=lambda resource: resource.name)
def test_admission_resources_are_named_with_their_group(resource: wire.Resource) -> None:
    assert resource.name == (f"{resource.plural}.{resource.group}" if resource.group else resource.plural)
    assert resource.path().endswith(f"/{resource.version}/{resource.plural}")
    assert resource.coverage == resource.name
    assert resource.version not in resource.versions[1:]


def test_lists_that_share_a_row_are_told_apart_by_their_path() -> None:
    one = wire.Resource("as.x.example", "A", wire.PolicyObject, "x.example", "v1", covered_as="x.example")
    assert (one.coverage, one.path("ns")) == ("x.example", "/apis/x.example/v1/namespaces/ns/as")


def test_every_config_map_has_its_engine() -> None:
    assert {(place.usual, place.name) for place in places((), ())} == set(wire.CONFIGMAPS)
    assert not any(place.namespaces for place in places((), ()))
    assert all(place.namespaces == (place.usual,) for place in places(None, (), hooks_known=False))


def test_mechanisms_read_what_is_read() -> None:
    modules = [
        importlib.import_module(f"auditor.enforcement.{module.name}")
        for module in pkgutil.iter_modules(auditor.enforcement.__path__)
    ]
    named = {name for module in modules for name in getattr(module, "RESOURCES", ())}
    assert named
    assert named <= wire.BY_NAME.keys()
    assert any(own_group(wire.BY_NAME[name].group) for name in named)
