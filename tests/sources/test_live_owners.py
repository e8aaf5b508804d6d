"""Owners that no list holds, and pull secrets that no list holds: looked up as metadata, and no further."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.inventory import Inventory
from auditor.model import OtherSecret
from auditor.sources import secretnames
from auditor.sources.configuration import identify
from auditor.sources.reader import Reader
from auditor.sources.transport import Connection
from tests.apiserver import ApiServer, Reply, plain
from tests.apistore import Store
from tests.sources.scanning import named, owned, pod, scan, write_kubeconfig

pytestmark = pytest.mark.usefixtures("encoding")

TEKTON = "tekton.dev/v1"


@pytest.fixture
def store() -> Store:
    """Pods of TaskRuns, of which one belongs to a PipelineRun."""
    store = Store()
    store.serve(TEKTON, "taskruns", "TaskRun")
    store.serve(TEKTON, "pipelineruns", "PipelineRun")
    run = named("build", "ci", spec={"secret": "hunter2-secret"})
    store.add(TEKTON, "taskruns", [owned(run, TEKTON, "PipelineRun", "release", "uid-ci-release"), named("lint", "ci")])
    store.add(TEKTON, "pipelineruns", [named("release", "ci")])
    pods = [
        owned(pod(f"p{i}", "ci"), TEKTON, "TaskRun", name, f"uid-ci-{name}") for i, name in enumerate(("build", "lint"))
    ]
    store.add("v1", "pods", pods)
    return store


def test_owners_are_followed_to_the_root(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        asked = [request for request in server.requests if "tekton.dev/v1/" in request.path]
    assert {(o.kind, o.name, o.known) for o in found.snapshot.owners} == {
        ("PipelineRun", "release", True),
        ("TaskRun", "lint", True),
    }
    assert [request.path for request in asked] == [f"/apis/{TEKTON}/taskruns", f"/apis/{TEKTON}/pipelineruns"]
    assert all(
        request.header("accept").startswith("application/json;as=PartialObjectMetadataList") for request in asked
    )


def test_owners_are_listed_where_the_scan_looks(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        found = scan(server, tmp_path, namespaces=["ci"])
        assert server.count(f"/apis/{TEKTON}/namespaces/ci/taskruns") == 1
        assert not server.count(f"/apis/{TEKTON}/taskruns")
    assert ("PipelineRun", "release") in {(owner.kind, owner.name) for owner in found.snapshot.owners}


def test_a_server_without_metadata_lists_gives_whole_objects(tmp_path: Path, store: Store) -> None:
    def backend(request):  # type: ignore[no-untyped-def]
        return store(type(request)(request.path, request.query, request.target, {}, request.identity))

    with ApiServer(backend) as server:
        found = scan(server, tmp_path)
    assert ("PipelineRun", "release", True) in {(o.kind, o.name, o.known) for o in found.snapshot.owners}


def test_an_owner_of_a_version_that_is_gone_is_found_in_the_one_that_is_served(tmp_path: Path, store: Store) -> None:
    store.add("v1", "pods", [owned(pod("old", "ci"), "tekton.dev/v1beta1", "TaskRun", "lint", "uid-ci-lint")])
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert all(owner.known for owner in found.snapshot.owners)


def test_owners_that_may_not_be_read_are_named(tmp_path: Path, store: Store) -> None:
    store.forbids = lambda identity, plural, namespace: plural == "taskruns"
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    row = found.row("taskruns.tekton.dev")
    assert row.state == "forbidden"
    assert "named by reference" in row.detail
    assert {(o.kind, o.name, o.known) for o in found.snapshot.owners} == {
        ("TaskRun", "build", False),
        ("TaskRun", "lint", False),
    }


@pytest.mark.parametrize(
    "api_version",
    ["gone.example/v1", "../../api/v1", "v1/../../x", "", "a b/v1", "apps/v1/deployments?x=1", "\u202e/v1"],
)
def test_owners_of_kinds_that_are_not_served(tmp_path: Path, api_version: str) -> None:
    store = Store()
    store.add("v1", "pods", [owned(pod("p", "ci"), api_version, "Thing", "x", "uid-x")])
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        paths = {request.path for request in server.requests}
    assert [row.state for row in found.snapshot.coverage if row.resource.startswith("thing")] == ["absent"]
    assert {(o.kind, o.name, o.known) for o in found.snapshot.owners} == {("Thing", "x", False)}
    assert not any("Thing" in path or ".." in path for path in paths)


def test_an_owner_that_was_deleted_is_looked_for_once(tmp_path: Path, store: Store) -> None:
    store.add("v1", "pods", [owned(pod("orphan", "ci"), TEKTON, "TaskRun", "gone", "uid-gone")])
    with ApiServer(store) as server:
        scan(server, tmp_path)
        assert server.count(f"/apis/{TEKTON}/taskruns") == 1


def test_owners_in_a_circle_end(tmp_path: Path) -> None:
    store = Store()
    store.serve("x.example/v1", "as", "A")
    store.serve("x.example/v1", "bs", "B")
    store.add("x.example/v1", "as", [owned(named("a", "ci"), "x.example/v1", "B", "b", "uid-ci-b")])
    store.add("x.example/v1", "bs", [owned(named("b", "ci"), "x.example/v1", "A", "a", "uid-ci-a")])
    store.add("v1", "pods", [owned(pod("p", "ci"), "x.example/v1", "A", "a", "uid-ci-a")])
    with ApiServer(store) as server:
        assert len(scan(server, tmp_path).snapshot.owners) == 1
        assert server.count("/apis/x.example/v1/as") == 1


def with_secrets() -> Store:
    store = Store()
    names = [{"name": name} for name in ("login", "opaque", "gone", "../x", "UPPER")]
    store.add("v1", "pods", [pod("p", "shop", imagePullSecrets=names)])
    secrets = {"login": "kubernetes.io/dockerconfigjson", "opaque": "Opaque", "other": "Opaque"}
    data = {".dockerconfigjson": "eyJhdXRocyI6e319", "password": "aHVudGVyMi1zZWNyZXQ="}
    store.add("v1", "secrets", [named(name, "shop", type=kind, data=data) for name, kind in secrets.items()])
    return store


def test_pull_secrets_in_neither_list_are_of_another_type_or_missing(tmp_path: Path) -> None:
    with ApiServer(with_secrets()) as server:
        found = scan(server, tmp_path)
        asked = [request for request in server.requests if "/shop/secrets/" in request.path]
    assert found.snapshot.other_secrets == (
        OtherSecret("shop", "../x", missing=True),
        OtherSecret("shop", "UPPER", missing=True),
        OtherSecret("shop", "gone", missing=True),
        OtherSecret("shop", "opaque"),
    )
    assert sorted(request.path.rpartition("/")[2] for request in asked) == ["gone", "opaque"]
    assert {request.header("accept") for request in asked} == {
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    }


@pytest.mark.parametrize("namespaces", [[], ["shop"]])
def test_pull_secrets_are_not_looked_up_where_their_lists_were_not_read(tmp_path: Path, namespaces: list[str]) -> None:
    store = with_secrets()
    store.forbids = lambda identity, plural, namespace: plural == "secrets"
    with ApiServer(store) as server:
        found = scan(server, tmp_path, namespaces=namespaces)
        assert not any("/shop/secrets/" in request.path for request in server.requests)
    assert found.snapshot.other_secrets == ()


def test_a_secret_that_cannot_be_looked_up_is_a_gap(tmp_path: Path) -> None:
    with ApiServer(with_secrets()) as server:
        server.inject("/api/v1/namespaces/shop/secrets/gone", *[plain(500, "no")] * 20)
        server.inject("/api/v1/namespaces/shop/secrets/opaque", *[plain(403, "no")] * 20)
        found = scan(server, tmp_path)
    assert {secret.name for secret in found.snapshot.other_secrets} == {"../x", "UPPER"}
    assert found.row("secrets", "shop").state == "failed"
    assert "could not be looked up" in found.row("secrets", "shop").detail
    assert found.row("secrets").state == "read"


def test_look_ups_are_bounded(tmp_path: Path) -> None:
    from auditor import wire

    inventory = Inventory()
    listing = inventory.begin(wire.BY_NAME["pods"])
    body = json.dumps(pod("p", "shop", imagePullSecrets=[{"name": f"s{index}"} for index in range(9)])).encode()
    listing.add([wire.decode_object(wire.Pod, body)])
    inventory.end(listing)
    with ApiServer(Store()) as server:
        connection = Connection(
            identify(str(write_kubeconfig(tmp_path / "k", server.url)), None), timeout=5, connections=4
        )
        secretnames.look_up(Reader(connection), inventory, lambda namespace: True, threads=2, limit=4)
        connection.close()
        assert len(server.requests) == 4
    from auditor.model import ClusterInfo

    snapshot = inventory.snapshot(ClusterInfo())
    assert len(snapshot.other_secrets) == 4
    row = next(row for row in snapshot.coverage if row.resource == "secrets")
    assert (row.state, row.namespaces) == ("failed", ("shop",))
    assert row.detail.startswith("5 named pull secrets were not looked up")


def test_owners_are_named_where_discovery_is_silent(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        server.inject(f"/apis/{TEKTON}", *[plain(503, "service unavailable")] * 10)
        found = scan(server, tmp_path)
    row = found.row("taskrun.tekton.dev")
    assert row.state == "failed"
    assert "discovery does not say" in row.detail
    assert not any(owner.known for owner in found.snapshot.owners)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (plain(503, "service unavailable"), "failed"),
        (plain(404, "404 page not found"), "absent"),
        (plain(410, ""), "failed"),
    ],
)
def test_owner_lists_that_break_are_noted(tmp_path: Path, store: Store, fault: Reply, state: str) -> None:
    with ApiServer(store) as server:
        server.inject(f"/apis/{TEKTON}/taskruns", *[fault] * 50)
        found = scan(server, tmp_path)
        assert server.count(f"/apis/{TEKTON}/taskruns") <= 5
    assert found.row("taskruns.tekton.dev").state == state
    assert found.row("pods").state == "read"
