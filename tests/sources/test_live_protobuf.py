"""Lists in protobuf: what a real API server answered against the same in JSON, and answers that nobody expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.collect import dump_snapshot
from auditor.sources.encodings import Encoding
from tests.apiserver import ApiServer, Damage, Reply, Request, Response
from tests.apistore import Store
from tests.protobuf import CONTENT_TYPE, encoded, envelope, joined, message
from tests.replay import Replay
from tests.sources.scanning import Scan, pod, scan

PODS = "/api/v1/pods"
RECORDED = ("lists", "paged", "discovery", "protobuf")
ENCODINGS: tuple[Encoding, ...] = ("json", "auto", "protobuf")


def dumped(found: Scan) -> bytes:
    """The snapshot's bytes, without the time of the scan."""
    cluster = msgspec.structs.replace(found.snapshot.cluster, collected_at=None)
    return dump_snapshot(msgspec.structs.replace(found.snapshot, cluster=cluster))


def accepted(server: ApiServer, path: str = PODS) -> list[str]:
    return [request.header("accept") for request in server.requests if request.path == path]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """Three pods behind a server that speaks protobuf."""
    monkeypatch.setattr(ApiServer, "encode", staticmethod(encoded))
    store = Store()
    store.add("v1", "pods", [pod("a"), pod("b", "shop"), pod("c", "shop", nodeName="n1")])
    return store


@pytest.mark.parametrize("size", [500, 5])
def test_the_recorded_cluster_is_the_same_in_every_encoding(tmp_path: Path, size: int) -> None:
    snapshots = {}
    for encoding in ENCODINGS:
        with ApiServer(Replay(*RECORDED)) as server:
            found = scan(server, tmp_path, encoding=encoding, page_size=size)
            asked = {"json": "application/json", "protobuf": CONTENT_TYPE}
            both = f"{CONTENT_TYPE},application/json"
            assert set(accepted(server)) == {asked.get(encoding, both)}
            assert set(accepted(server, "/apis/argoproj.io/v1alpha1/rollouts")) == {"application/json"}
        snapshots[encoding] = dumped(found)
    assert snapshots["auto"] == snapshots["json"]
    assert snapshots["protobuf"] == snapshots["json"]


@pytest.mark.parametrize("encoding", ["auto", "json"])
def test_a_server_that_has_json_alone(tmp_path: Path, encoding: Encoding) -> None:
    with ApiServer(Replay("lists", "discovery")) as server:
        assert scan(server, tmp_path, encoding=encoding).row("pods").count == 33


def test_after_406_json_is_asked_for(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        server.inject(PODS, Reply(Response(406, b"")))
        found = scan(server, tmp_path, page_size=2)
        assert accepted(server) == [f"{CONTENT_TYPE},application/json", "application/json", "application/json"]
    assert (found.row("pods").state, found.row("pods").count) == ("read", 3)


def test_in_protobuf_alone_a_406_is_the_end(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        server.inject(PODS, Reply(Response(406, b"")))
        found = scan(server, tmp_path, encoding="protobuf")
    assert (found.row("pods").state, found.row("pods").detail) == ("failed", "it answered 406")


def test_every_cut_is_noticed(tmp_path: Path, store: Store) -> None:
    whole = encoded(
        Request(PODS, {}, PODS, {"accept": CONTENT_TYPE}, "admin"), store(Request(PODS, {}, PODS, {}, "admin"))
    )
    lengths = [*range(60), *range(60, len(whole.body) - 4, 37)]
    with ApiServer(store) as server:
        for length in lengths:
            cut = Response(200, whole.body[:length], {}, CONTENT_TYPE)
            server.requests.clear()
            server.inject(PODS, Reply(cut))
            found = scan(server, tmp_path, resources=["pods", "namespaces"])
            assert (found.row("pods").state, found.row("pods").count) == ("read", 3), length
            assert server.count(PODS) == 2


def test_a_cut_that_stays_is_told(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        cut = Damage(lambda response: Response(200, response.body[:-40], {}, response.content_type))
        server.inject(PODS, *[cut] * 5)
        found = scan(server, tmp_path)
    assert (found.row("pods").state, found.row("pods").detail) == ("failed", "the answer ended early (5 tries)")


def test_text_that_is_not_utf_8_is_asked_for_in_json(tmp_path: Path, store: Store) -> None:
    """Go's protobuf does not look; JSON replaces such bytes."""
    with ApiServer(store) as server:
        server.inject(
            PODS,
            Damage(
                lambda r: Response(
                    200, r.body.replace(b"registry.example", b"registry\xff\xfexample"), {}, r.content_type
                )
            ),
        )
        found = scan(server, tmp_path)
        assert accepted(server) == [f"{CONTENT_TYPE},application/json", "application/json"]
    assert (found.row("pods").state, found.row("pods").count) == ("read", 3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"k8s\x00", "ended early"),
        (envelope("v1", "Status", b""), "Status, which is not a list"),
        (b'{"kind":"PodList","items":[]}', "ended early"),
        (b"k8s\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "ended early"),
        (b"k8s\x00\x0b", "ended early"),
    ],
)
def test_what_is_no_list(tmp_path: Path, store: Store, body: bytes, reason: str) -> None:
    with ApiServer(store) as server:
        server.inject(PODS, *[Reply(Response(200, body, {}, CONTENT_TYPE))] * 5)
        found = scan(server, tmp_path, resources=["pods", "namespaces"])
    assert found.row("pods").state == "failed"
    assert reason in found.row("pods").detail


def test_a_list_of_another_kind_is_not_taken_for_it(tmp_path: Path, store: Store) -> None:
    services = Response(200, envelope("v1", "ServiceList", b""), {}, CONTENT_TYPE)
    with ApiServer(store) as server:
        server.inject(PODS, *[Reply(services)] * 3)
        found = scan(server, tmp_path, resources=["pods", "namespaces"])
    assert (found.row("pods").state, found.row("pods").detail) == ("failed", "damaged protobuf (3 tries)")


def test_an_error_in_protobuf_is_told_in_the_servers_words(tmp_path: Path, store: Store) -> None:
    store.forbids = lambda identity, plural, namespace: plural == "pods"
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        assert found.row("pods").state == "forbidden"
        assert 'cannot list resource "pods" in API group "" at the cluster scope' in found.row("pods").detail


def test_what_is_not_declared_is_not_kept(tmp_path: Path) -> None:
    """Of a pod's environment and annotations nothing is left in the objects, only what is asked of them."""
    from auditor import wire
    from auditor.wire.protobuf import decode_page

    env = [{"name": "TOKEN", "value": "fake-value"}]
    item: dict[str, Any] = pod(
        "a", containers=[{"name": "main", "image": "i", "env": env, "args": ["--password=fake-value"]}]
    )
    item["metadata"]["annotations"] = {"note": "fake-value"}
    body = envelope("v1", "PodList", joined([(2, message(wire.Pod, item))]))
    (read,) = list(decode_page(wire.Pod, body).items or ())
    assert read.spec is not None
    assert read.spec.containers is not None
    assert read.spec.containers[0].env == []
    assert read.metadata is not None
    undecoded = (read.metadata.annotations, read.spec.containers[0].args)
    assert all(isinstance(part, bytes) for field in undecoded for part in field)
