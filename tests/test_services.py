"""How many endpoints of a Service are ready."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor import wire
from auditor.model import Service
from auditor.services import Slice, service_of, slice_of, with_endpoints


def slice_from(**fields: Any) -> Slice:
    metadata = {"name": "s-1", "namespace": "a", "labels": {"kubernetes.io/service-name": "s"}}
    return slice_of(wire.decode_object(wire.EndpointSlice, json.dumps({"metadata": metadata, **fields}).encode()))


@pytest.mark.parametrize(
    ("endpoints", "ready"),
    [
        (None, 0),
        ([], 0),
        ([{"conditions": {"ready": True}}], 1),
        ([{"conditions": {"ready": False}}], 0),
        ([{"conditions": {"ready": None}}, {"conditions": {}}, {"conditions": None}, {}], 4),
        ([{"conditions": {"ready": False, "serving": True, "terminating": True}}], 0),
    ],
)
def test_what_is_not_said_to_be_unready_is_ready(endpoints: Any, ready: int) -> None:
    assert slice_from(endpoints=endpoints) == Slice("a", "s-1", "s", "", ready)


def part(name: str, ready: int, service: str = "s", family: str = "IPv4", namespace: str = "a") -> Slice:
    return Slice(namespace, name, service, family, ready)


@pytest.mark.parametrize(
    ("slices", "ready"),
    [
        ([], None),
        ([part("1", 0)], 0),
        ([part("1", 100), part("2", 3)], 103),
        ([part("1", 2), part("2", 2, family="IPv6")], 2),
        ([part("1", 0), part("2", 1, family="IPv6")], 1),
        ([part("1", 5, service="t"), part("2", 5, namespace="b"), part("3", 5, service="")], None),
    ],
)
def test_slices_add_up_in_their_family(slices: list[Slice], ready: int | None) -> None:
    (found,) = with_endpoints([Service("a", "s")], slices)
    assert found.ready == ready


def test_services_come_in_order() -> None:
    services = [Service("b", "a"), Service("a", "z"), Service("a", "b")]
    assert [(s.namespace, s.name) for s in with_endpoints(services, [])] == [("a", "b"), ("a", "z"), ("b", "a")]


def test_a_service_that_says_little() -> None:
    bare = wire.decode_object(wire.Service, b'{"metadata": {"name": "s", "namespace": "a"}}')
    assert service_of(bare) == Service("a", "s")
    odd = wire.decode_object(wire.Service, b'{"spec": {"ports": [{}], "selector": {"b": null, "a": "x"}}}')
    assert service_of(odd).selector == {"a": "x", "b": ""}
    assert service_of(odd).ports[0].port == 0
