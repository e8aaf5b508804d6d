"""Both encodings of the same objects give the same snapshot, whatever the objects are."""

from __future__ import annotations

import json
from random import Random
from typing import Any, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import wire
from auditor.collect import dump_snapshot
from auditor.inventory import Inventory
from auditor.model import ClusterInfo
from auditor.wire import protobuf
from auditor.wire.annotations import Annotations
from auditor.wire.fields import Base64, EncodedJson, Sparse, Time, Undecoded
from auditor.wire.generator import Declaration, declarations, module
from auditor.wire.values import Seen, time
from tests.auditing import ROOT
from tests.protobuf import envelope, joined, message

TEXTS = (
    *("", "a", "web", "kube-system", "nginx:1", "Always", "ReplicaSet", "Node", "10.0.0.1", "ü\u202e\x00\x1a\x22\x0a"),
    *("x" * 26, "x" * 200, "ephemeralcontainers", "kubectl", "v"),
)
KEYS = (
    *(info.encode_name for info in msgspec.structs.fields(Annotations)),
    *("app", "x.image-policy.k8s.io/break-glass", "component", "pod-template-hash", "kubernetes.io/os"),
)
ARGUMENTS = ("kube-apiserver", "sh", "-c", "--registry-allowlist=a,b", "--enable-admission-plugins=X", "")
CONFIG = "eyJhdXRocyI6eyJyZWcuZXhhbXBsZSI6eyJhdXRoIjoiWm1GclpUcG1ZV3RsIn19fQ=="
TIMES = ("2026-11-21T12:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z")
TOUCHED: tuple[Any, ...] = ({}, {"f:data": {}}, {"f:stringData": {".": {}}})


def an_object(random: Random, struct: type[wire.Wire], kind: str) -> dict[str, Any]:
    """A JSON object as the API server could write it, of what is declared. Drawn field by field by hypothesis itself,
    pods would take it minutes."""
    names = {info.name: info.encode_name for info in msgspec.structs.fields(struct)}
    fields = [field for field in declarations(struct) if field.number.path(kind) and random.random() < 0.7]
    return {names[field.name]: _value(random, field, kind) for field in fields}


def _value(random: Random, field: Declaration, kind: str) -> Any:
    if field.many:
        return [_one(random, field, kind) for _ in range(random.randrange(3))]
    return _one(random, field, kind)


def _one(random: Random, field: Declaration, kind: str) -> Any:
    number, hint = field.number, field.type
    if isinstance(number, Time):
        return random.choice(TIMES)
    if isinstance(number, EncodedJson):
        return random.choice(TOUCHED)
    if isinstance(number, Base64):
        return {key: random.choice(["", "e30=", CONFIG]) for key in (".dockerconfigjson", ".dockercfg")}
    if field.name == "annotations" or get_origin(hint) is dict:
        return {key: random.choice(TEXTS) for key in random.sample(KEYS, random.randrange(4))}
    if hint is Undecoded:
        return random.choices(ARGUMENTS, k=random.randrange(4))
    if hint is str:
        return random.choice(TEXTS)
    if hint is bool:
        return random.random() < 0.5
    return random.choice((0, 1, 7, 1 << 40)) if hint is int else an_object(random, hint, kind)


def snapshot(resource: wire.Resource, items: list[Any]) -> bytes:
    inventory = Inventory()
    listing = inventory.begin(resource)
    listing.add(items)
    inventory.end(listing)
    return dump_snapshot(inventory.snapshot(ClusterInfo("test")))


@pytest.mark.parametrize("resource", wire.PROTOBUF, ids=lambda resource: resource.name)
@settings(deadline=None, max_examples=50)
@given(random=st.randoms(use_true_random=True))
def test_any_objects_are_the_same_from_both_encodings(resource: wire.Resource, random: Random) -> None:
    items = [an_object(random, resource.type, resource.kind) for _ in range(random.randrange(4))]
    for number, item in enumerate(items):  # objects of the API have names, and each its own
        item["metadata"] = {**item.get("metadata", {}), "name": f"n{number}", "uid": f"u{number}"}
    kind = f"{resource.kind}List"
    page = json.dumps({"kind": kind, "metadata": {"continue": "x"}, "items": items}).encode()
    raw = [(1, joined([(3, b"x")])), *((2, message(resource.type, item, resource.kind)) for item in items)]
    ours = protobuf.decode_page(resource.type, envelope(resource.api_version, kind, joined(raw)))
    theirs = wire.decode_page(resource.type, page)
    assert ours.metadata == theirs.metadata
    assert snapshot(resource, list(ours.items or ())) == snapshot(resource, list(theirs.items or ()))


def test_every_field_has_its_number() -> None:
    """A field without one would be missing in one encoding, in silence."""
    unnumbered = set()
    for resource in wire.PROTOBUF:
        seen: list[type] = [resource.type]
        for struct in seen:
            for field in declarations(struct):
                if not (field.number.path("") or field.number.of_kinds):
                    unnumbered.add(f"{struct.__name__}.{field.name}")
                if isinstance(field.type, type) and issubclass(field.type, wire.Wire) and field.type not in seen:
                    seen.append(field.type)
    assert unnumbered == {"TouchedFields.data", "TouchedFields.string_data"}  # JSON within protobuf


def test_no_number_is_taken_twice() -> None:
    for resource in wire.PROTOBUF:
        for struct in (resource.type, *(f.type for f in declarations(resource.type) if issubclass(f.type, wire.Wire))):
            paths = [field.number.path(resource.kind) for field in declarations(struct)]
            assert len({path for path in paths if path}) == len([path for path in paths if path])


def test_the_messages_are_those_of_the_declarations() -> None:
    assert (ROOT / "auditor" / "wire" / "messages.py").read_text() == module()


def test_equal_parts_are_decoded_once_and_only_so_many_are_kept() -> None:
    decoded: list[bytes] = []
    seen: Seen[int] = Seen(lambda part: decoded.append(part) or len(part))  # type: ignore[func-returns-value]
    assert [seen[b"a"], seen[b"a"], seen[b"bc"]] == [1, 1, 2]
    assert decoded == [b"a", b"bc"]
    for number in range(1000):
        seen[b"%d" % number]
    assert len(seen) <= 128


def test_times_out_of_range() -> None:
    assert time(0) is None
    assert time(1) == "1970-01-01T00:00:01Z"
    with pytest.raises(msgspec.ValidationError, match="a time out of range"):
        time(1 << 60)


def test_a_list_that_may_leave_out_entries_leaves_out_only_empty_ones() -> None:
    env = [
        {"name": "A" * 26, "value": '"\x1a\x22'},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ]
    container = {"name": "c", "env": env}
    pod = {"spec": {"containers": [container, {"name": "d", "env": env[:1]}]}}
    raw = joined([(2, message(wire.Pod, pod, "Pod"))])
    (item,) = list(protobuf.decode_page(wire.Pod, envelope("v1", "PodList", raw)).items or ())
    assert item.spec is not None
    names = [
        [e.value_from.secret_key_ref.name for e in c.env or () if e.value_from and e.value_from.secret_key_ref]
        for c in item.spec.containers or ()
    ]
    assert names == [["s"], []]
    assert any(isinstance(field.number, Sparse) for field in declarations(wire.Container))


def _pod(token: str, image: str, *, secret: str = "") -> bytes:
    """A pod whose token volume has a name, and a container that mounts it as the API server makes pods do."""
    mount = joined([(1, token.encode()), (2, 1), (3, b"/var/run/secrets/kubernetes.io/serviceaccount"), (4, b"")])
    container = joined([(1, b"main"), (2, image.encode()), (9, mount)])
    source = joined([(6, joined([(1, secret.encode())]))] if secret else [(26, b"")])
    return joined([(2, joined([(1, joined([(1, token.encode()), (2, source)])), (2, container)]))])


def _read_specs(*pods: bytes) -> list[wire.PodSpec]:
    items = protobuf.decode_page(wire.Pod, envelope("v1", "PodList", joined([(2, pod) for pod in pods]))).items or ()
    return [item.spec for item in items if item.spec]


def test_containers_that_differ_in_the_name_of_the_token_volume_are_decoded_once() -> None:
    one, two = _read_specs(_pod("kube-api-access-abcde", "a"), _pod("kube-api-access-fghjk", "a"))
    assert one.containers is not None
    assert two.containers is not None
    assert one.containers[0] is two.containers[0]


def test_a_name_like_a_token_volumes_changes_nothing_else() -> None:
    name = "kube-api-access-abcde"
    (spec,) = _read_specs(_pod(name, f"registry.example/{name}:1"))
    assert spec.containers is not None
    assert spec.containers[0].image == f"registry.example/{name}:1"


def test_a_secret_volume_named_like_a_token_volume_is_still_mounted() -> None:
    from auditor.shapes import shape_of

    for name in ("kube-api-access-abcde", "kube-api-access-fghjk"):
        (spec,) = _read_specs(_pod(name, "a", secret="keys"))
        assert shape_of(spec, wire.Metadata(), admitted=True).containers[0].secrets == ("keys",)
