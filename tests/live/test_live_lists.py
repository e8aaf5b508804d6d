"""Lists of a real API server: tokens that a compaction took away, and encodings that it has not for every kind."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor import wire
from auditor.inventory import Inventory
from auditor.model import ClusterInfo, Coverage
from auditor.sources.configuration import identify
from auditor.sources.encodings import Encoding
from auditor.sources.listing import MIXED, Walk, decode, pages
from auditor.sources.live import LiveOptions, collect
from auditor.sources.reader import Reader
from auditor.sources.transport import JSON, PROTOBUF, Connection
from tests.live.conftest import Server, own_server
from tests.live.crowds import PODS, Hooked, populate
from tests.live.definitions import definition, serve

ROLLOUTS = wire.BY_NAME["rollouts"]
COUNT = 30


@pytest.fixture(scope="module")
def uncached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that reads every list from etcd: with a cache, it remembers more of the past than etcd does."""
    with own_server(tmp_path_factory.mktemp("uncached"), "--watch-cache=false") as server:
        populate(server, COUNT)
        serve(server, [definition(ROLLOUTS)])
        for number in range(7):
            body = {"apiVersion": ROLLOUTS.api_version, "kind": "Rollout", "metadata": {"name": f"r-{number}"}}
            server.create(ROLLOUTS.path("default"), body)
        yield server


def compact(server: Server) -> None:
    """What etcd knew of the past is gone, as it is every five minutes."""
    version = server.call("GET", "/api/v1/namespaces?limit=1")["metadata"]["resourceVersion"]
    body = json.dumps({"revision": version, "physical": True}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{server.etcd}/v3/kv/compaction", body), timeout=20):
        pass


def read(kubeconfig: Path, hook: Callable[[], object], encoding: Encoding = "auto") -> Coverage:
    """What became of the pods."""
    inventory = Inventory()
    options = LiveOptions(str(kubeconfig), page_size=5, encoding=encoding, resources=("namespaces", "pods"))
    collect(options, inventory, Hooked(hook))
    snapshot = inventory.snapshot(ClusterInfo("live"))
    (row,) = (row for row in snapshot.coverage if row.resource == "pods")
    images = [shape for owner in snapshot.owners for shape in owner.shapes]
    assert len(images) == row.count
    return row


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_a_compaction_in_the_middle(uncached: Server, encoding: Encoding) -> None:
    """The API server answers 410 with another token: all pods come, of two moments, and that is told."""

    def interfere() -> None:
        for name in ("pod-0001", "pod-0028"):
            path = f"{PODS}/{name}"
            uncached.call("PATCH", path, {"metadata": {"labels": {"at": str(time.monotonic_ns())}}})
        compact(uncached)

    row = read(uncached.kubeconfig, interfere, encoding)
    assert (row.state, row.count, row.detail) == ("read", COUNT, MIXED)


def test_custom_resources_come_in_json_whatever_is_asked_for(uncached: Server) -> None:
    connection = Connection(identify(str(uncached.kubeconfig), None), timeout=20, connections=2)
    try:
        for accept in (f"{PROTOBUF},{JSON}", PROTOBUF):  # the second is answered with 406
            walk = Walk(Reader(connection), ROLLOUTS.path(), limit=3, accept=accept, instead=JSON)
            found = list(pages(walk))
            assert ([page.protobuf for page in found], len(found)) == ([False] * 3, 3)
            assert sum(len(decode(ROLLOUTS.type, page, walk)[0]) for page in found) == 7
        assert connection.get(ROLLOUTS.path(), PROTOBUF).status == 406
    finally:
        connection.close()
