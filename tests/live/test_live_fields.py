"""Every field that is declared, written to a real API server: JSON and protobuf give the same snapshot of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from auditor import wire
from auditor.collect import dump_snapshot
from auditor.inventory import Inventory
from auditor.model import ClusterInfo
from auditor.sources.encodings import Encoding
from auditor.sources.live import LiveOptions, collect
from auditor.sources.progress import Progress
from auditor.wire.generator import declarations
from tests.live.conftest import Server, own_server

NAMESPACE = "auditor-live-fields"
PODS = 7
NEVER_ANSWERED = {("Secret", "string_data"), ("SecretMetadata", "generation")}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with own_server(tmp_path_factory.mktemp("fields"), "--disable-admission-plugins=") as server:
        for entry in yaml.safe_load((Path(__file__).parent / "every_field.yaml").read_text()):
            write(server, wire.BY_NAME[entry["resource"]], entry["body"], entry.get("ephemeral"))
        yield server


def write(
    server: Server, resource: wire.Resource, body: dict[str, Any], ephemeral: list[dict[str, Any]] | None
) -> None:
    """An object, then what is written through its subresources."""
    path = resource.path(NAMESPACE if resource.namespaced else "")
    name = body["metadata"]["name"]
    server.call("POST", f"{path}?fieldValidation=Strict", {key: body[key] for key in body.keys() - {"status"}})
    if ephemeral:
        server.call("PATCH", f"{path}/{name}/ephemeralcontainers", {"spec": {"ephemeralContainers": ephemeral}})
    if "status" in body:
        server.call("PATCH", f"{path}/{name}/status?fieldValidation=Strict", {"status": body["status"]})


@pytest.fixture(scope="module")
def tokens(written: Server) -> Server:
    """With pods of one template, each of which the API server has given a token volume of a name of its own."""
    path = "/api/v1/namespaces/default"
    written.create(f"{path}/serviceaccounts", {"metadata": {"name": "default"}})
    mounts = [{"name": "work", "mountPath": "/kube-api-access-abcde"}]
    for number in range(PODS):
        containers = [{"name": name, "image": f"registry.example/{name}:1", "volumeMounts": mounts} for name in "ab"]
        volumes = [{"name": "work", "emptyDir": {}}]
        body = {"metadata": {"name": f"pod-{number}"}, "spec": {"containers": containers, "volumes": volumes}}
        written.create(f"{path}/pods", body)
    return written


def given(struct: type[wire.Wire], value: dict[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    """The declared fields that a JSON object fills, with what lies in it, as (Struct, field)."""
    names = {info.name: info.encode_name for info in msgspec.structs.fields(struct)}
    for field in declarations(struct):
        held = value.get(names[field.name])
        if held in (None, "", [], {}) or not field.number.path(kind):
            continue
        yield struct.__name__, field.name
        if isinstance(field.type, type) and issubclass(field.type, wire.Wire):
            for part in held if field.many else [held]:
                yield from given(field.type, part, kind)


def declared(struct: type[wire.Wire], kind: str) -> Iterator[tuple[str, str]]:
    for field in declarations(struct):
        if field.number.path(kind):
            yield struct.__name__, field.name
            if isinstance(field.type, type) and issubclass(field.type, wire.Wire):
                yield from declared(field.type, kind)


def test_every_declared_field_is_filled(written: Server) -> None:
    wanted: set[tuple[str, str]] = set()
    found: set[tuple[str, str]] = set()
    for resource in wire.PROTOBUF:
        items = written.call("GET", resource.path())["items"]
        wanted |= set(declared(resource.type, resource.kind))
        found |= {pair for item in items for pair in given(resource.type, item, resource.kind)}
    assert wanted - found == NEVER_ANSWERED


def snapshot(server: Server, encoding: Encoding, page_size: int) -> bytes:
    inventory = Inventory()
    options = LiveOptions(str(server.kubeconfig), page_size=page_size, encoding=encoding)
    collect(options, inventory, Progress(io.StringIO(), shown=False))
    return dump_snapshot(inventory.snapshot(ClusterInfo("live")))


def test_pods_that_differ_in_the_name_of_their_token_volume(tokens: Server) -> None:
    names = {
        volume["name"]
        for pod in tokens.call("GET", "/api/v1/namespaces/default/pods")["items"]
        for volume in pod["spec"]["volumes"]
        if volume["name"] != "work"
    }
    assert len(names) == PODS
    assert {len(name) for name in names} == {len("kube-api-access-abcde")}
    assert snapshot(tokens, "json", 500) == snapshot(tokens, "protobuf", 500)


@pytest.mark.parametrize("page_size", [500, 1])
def test_both_encodings_give_the_same(written: Server, page_size: int) -> None:
    assert snapshot(written, "json", page_size) == snapshot(written, "protobuf", page_size)
