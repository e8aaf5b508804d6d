"""What shapes keep for the image policy: annotations that are forwarded, allowlists on command lines."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import wire
from auditor.shapes import shape_of

A = "a.image-policy.k8s.io/"


def metadata(annotations: object) -> wire.Metadata:
    return wire.decode_object(wire.Metadata, msgspec.json.encode({"name": "x", "annotations": annotations}))


def forwarded(annotations: object) -> tuple[str, ...]:
    return shape_of(wire.PodSpec(), metadata(annotations), admitted=False).review_annotations


@pytest.mark.parametrize(
    ("annotations", "keys"),
    [
        ({"b.image-policy.k8s.io/x": "1", "a.image-policy.k8s.io/": ""}, (A, "b.image-policy.k8s.io/x")),
        ({"image-policy.k8s.io/x": "1"}, ()),
        ({"note": "a.image-policy.k8s.io/x"}, ()),
        ({"a.image-policy.k8s.io/x": None}, ("a.image-policy.k8s.io/x",)),
        ({}, ()),
        (None, ()),
        (["a.image-policy.k8s.io/x"], ()),
        ("a.image-policy.k8s.io/x", ()),
    ],
)
def test_only_the_keys_of_what_is_forwarded(annotations: object, keys: tuple[str, ...]) -> None:
    assert forwarded(annotations) == keys


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8).map(lambda t: f"{t}.image-policy.k8s.io/"), st.text(), max_size=4))
def test_values_are_never_kept(annotations: dict[str, str]) -> None:
    assert forwarded(annotations) == tuple(sorted(annotations))


def test_known_annotations_are_still_told_by_presence() -> None:
    assert wire.present(wire.known_annotations(metadata({"kubernetes.io/config.mirror": "x"})).mirror)
    assert not wire.present(wire.known_annotations(metadata({"other": "x"})).mirror)
    assert not wire.present(wire.known_annotations(metadata(["x"])).mirror)
    assert not wire.present(wire.known_annotations(wire.Metadata()).mirror)


@pytest.mark.parametrize(
    ("arguments", "entries"),
    [
        (["--registry-whitelist=docker.io,registry.k8s.io"], ("docker.io", "registry.k8s.io")),
        (["--registry-allowlist", "docker.io, quay.io,"], ("docker.io", "quay.io")),
        (["-registry-whitelist=docker.io", "--registry-whitelist=docker.io"], ("docker.io",)),
        (["--registry-whitelist="], ()),
        (["--registry-whitelist"], ()),
        (["registry-whitelist=docker.io"], ()),
        (["--registry-whitelists=docker.io", "--password=fake"], ()),
        ([5, "--registry-whitelist=docker.io"], ()),
    ],
)
def test_allowlists_on_command_lines(arguments: list[object], entries: tuple[str, ...]) -> None:
    for key in ("command", "args"):
        spec = {"containers": [{"name": "c", "image": "x", key: arguments}]}
        decoded = wire.decode_object(wire.PodSpec, msgspec.json.encode(spec))
        (container,) = shape_of(decoded, wire.Metadata(), admitted=False).containers
        assert container.allowlist == entries
