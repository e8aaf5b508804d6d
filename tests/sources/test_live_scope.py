"""What is asked for, where, and what the answers 403 and 404 mean there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor import wire
from auditor.errors import UsageError
from auditor.sources.kinds import own_group
from tests.apiserver import ApiServer, Request, Response, plain
from tests.apistore import Store
from tests.sources.scanning import named, pod, scan

pytestmark = pytest.mark.usefixtures("encoding")


@pytest.fixture
def store() -> Store:
    store = Store()
    store.add("v1", "namespaces", [named(name) for name in ("default", "kube-system", "shop", "payments")])
    store.add("v1", "nodes", [named("worker-1")])
    store.add("v1", "pods", [pod("a", "shop"), pod("b", "shop"), pod("c", "payments"), pod("d", "default")])
    return store


def test_namespaces_that_are_asked_for_are_listed_alone(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        found = scan(server, tmp_path, namespaces=["shop", "payments", "shop"])
        assert server.count("/api/v1/pods") == 0
        assert server.count("/api/v1/namespaces/shop/pods") == 1
    row = found.row("pods", "payments", "shop")
    assert (row.state, row.count, row.complete) == ("read", 3, True)
    assert found.row("nodes").count == 1
    assert found.row("namespaces").count == 4
    assert {owner.namespace for owner in found.snapshot.owners} == {"shop", "payments"}
    assert not found.stderr


def test_forbidden_in_one_namespace(tmp_path: Path, store: Store) -> None:
    store.forbids = lambda identity, plural, namespace: plural == "pods" and namespace != "shop"
    with ApiServer(store) as server:
        found = scan(server, tmp_path, namespaces=["shop", "payments"])
    assert (found.row("pods", "shop").state, found.row("pods", "shop").count) == ("read", 2)
    assert found.row("pods", "payments").state == "forbidden"
    assert 'in the namespace "payments"' in found.row("pods", "payments").detail


def test_a_namespace_that_does_not_exist_is_said(tmp_path: Path, store: Store) -> None:
    """The API server answers 200 and no items, as for one that is empty."""
    with ApiServer(store) as server:
        found = scan(server, tmp_path, namespaces=["shop", "shopp"])
    row = found.row("pods", "shopp")
    assert (row.state, row.count, row.detail) == ("read", 0, "there is no such namespace")
    assert found.row("pods", "shop").detail == ""
    assert found.stderr == "warning: there is no namespace shopp\n"


def test_a_namespace_is_read_by_name_where_their_list_is_forbidden(tmp_path: Path, store: Store) -> None:
    store.forbids = lambda identity, plural, namespace: identity == "limited" and plural == "namespaces"

    def allowing_get(request: Request) -> Response:
        return store(replace(request, identity="admin") if request.path.count("/") == 4 else request)

    with ApiServer(allowing_get) as server:
        found = scan(server, tmp_path, token="limited-token", namespaces=["shop", "gone"])
    assert found.row("namespaces").state == "forbidden"
    assert found.row("namespaces", "shop").count == 1
    assert [namespace.name for namespace in found.snapshot.namespaces] == ["shop"]
    assert found.stderr == "warning: there is no namespace gone\n"
    assert found.row("pods", "shop").count == 2


@pytest.mark.parametrize("name", ["../x", "a/b", "A", "", "a b", "x" * 64, "-a", "a?b"])
def test_what_cannot_be_a_namespace_is_refused_before_anything_is_asked(tmp_path: Path, name: str) -> None:
    with ApiServer(Store()) as server:
        with pytest.raises(UsageError):
            scan(server, tmp_path, namespaces=[name])
        assert not server.requests


@pytest.mark.parametrize("namespaces", [[], ["shop"]])
def test_everything_forbidden_is_an_answer(tmp_path: Path, store: Store, namespaces: list[str]) -> None:
    store.serve("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy")
    store.forbids = lambda identity, plural, namespace: True
    with ApiServer(store) as server:
        found = scan(server, tmp_path, namespaces=namespaces)
    states = {(row.resource, row.state) for row in found.snapshot.coverage}
    assert ("rollouts", "absent") in states
    assert {row for row in states if own_group(wire.BY_NAME[row[0]].group)} == {
        (name, "absent") for name, resource in wire.BY_NAME.items() if own_group(resource.group)
    }
    assert {name for name, state in states if state == "forbidden"} == {
        name
        for name, resource in wire.BY_NAME.items()
        if not own_group(resource.group) and resource != wire.ALL_CONFIGMAPS
    }
    assert found.cluster.uid is None


def test_forbidden_stays_forbidden_where_discovery_is_forbidden_too(tmp_path: Path, store: Store) -> None:
    store.discovery = False
    store.forbids = lambda identity, plural, namespace: plural in ("rollouts", "jobs")
    with ApiServer(store) as server:
        states = scan(server, tmp_path).states()
    assert states["rollouts"] == states["jobs"] == "forbidden"
    assert states["pods"] == "read"


def test_absent_by_the_404_alone_where_discovery_is_forbidden(tmp_path: Path, store: Store) -> None:
    store.discovery = False
    with ApiServer(store) as server:
        assert scan(server, tmp_path).states()["rollouts"] == "absent"


def test_a_group_that_is_served_without_the_resource(tmp_path: Path, store: Store) -> None:
    """argoproj.io of Argo CD: the group is there, Rollouts are not."""
    store.serve("argoproj.io/v1alpha1", "applications", "Application")
    store.forbids = lambda identity, plural, namespace: plural == "rollouts"
    with ApiServer(store) as server:
        assert scan(server, tmp_path).states()["rollouts"] == "absent"
        assert not server.count("/apis/argoproj.io/v1alpha1/rollouts")


@pytest.mark.parametrize("name", ["rollouts", "prometheusrules.monitoring.coreos.com"])
def test_a_kind_in_a_version_that_is_not_known_is_not_absent(tmp_path: Path, store: Store, name: str) -> None:
    """What there is of it nobody has read."""
    resource = wire.BY_NAME[name]
    store.serve(f"{resource.group}/v1alpha1beta", "others", "Other")
    store.serve(f"{resource.group}/v9", resource.plural, resource.kind)
    store.add(f"{resource.group}/v9", resource.plural, [named("new", "shop")])
    with ApiServer(store) as server:
        row = scan(server, tmp_path).row(name)
    assert (row.state, row.complete) == ("failed", False)
    assert row.detail == "it is served only in v9, which this version of Auditor does not know"


def test_the_cluster_is_known_by_the_uid_of_kube_system(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        assert scan(server, tmp_path).cluster.uid == "uid--kube-system"
        assert not server.count("/api/v1/namespaces/kube-system")
        server.inject("/api/v1/namespaces", *[plain(500, "no")] * 20)
        assert scan(server, tmp_path).cluster.uid == "uid--kube-system"
        assert server.count("/api/v1/namespaces/kube-system") == 1
