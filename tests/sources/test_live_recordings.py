"""Scans of recorded answers of a real API server, over a socket and through the kubernetes client."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from auditor import wire
from auditor.errors import SourceError
from auditor.sources.configuration import identify
from auditor.sources.listing import Walk, decode, pages
from auditor.sources.reader import Reader
from auditor.sources.transport import PARTIAL_LIST, Connection
from tests.apiserver import ApiServer, Reply, Request, Response
from tests.replay import Replay, exchanges
from tests.sources.scanning import scan, write_kubeconfig

REGISTRATION = "admissionregistration.k8s.io"
COUNTS = {
    "namespaces": 7,
    "nodes": 3,
    "pods": 33,
    "serviceaccounts": 47,
    "secrets": 7,
    "replicationcontrollers": 1,
    "deployments": 13,
    "replicasets": 14,
    "statefulsets": 2,
    "daemonsets": 2,
    "jobs": 2,
    "cronjobs": 2,
    "rollouts": 1,
    "services": 7,
    "endpointslices.discovery.k8s.io": 6,
    f"validatingwebhookconfigurations.{REGISTRATION}": 1,
    f"mutatingwebhookconfigurations.{REGISTRATION}": 1,
    f"validatingadmissionpolicies.{REGISTRATION}": 1,
    f"validatingadmissionpolicybindings.{REGISTRATION}": 2,
    f"mutatingadmissionpolicies.{REGISTRATION}": 0,
    f"mutatingadmissionpolicybindings.{REGISTRATION}": 0,
    "params": 0,
    wire.RULE_CONFIGMAPS.name: 0,
}


@pytest.mark.parametrize("recordings", [("lists", "discovery"), ("lists", "gzipped", "discovery")])
def test_admin_reads_every_resource(tmp_path: Path, recordings: tuple[str, ...]) -> None:
    with ApiServer(Replay(*recordings)) as server:
        found = scan(server, tmp_path)
    rows = {row.resource: (row.state, row.count, row.complete) for row in found.snapshot.coverage}
    assert {name: row for name, row in rows.items() if row[0] != "absent"} == {
        resource: ("read", count, True) for resource, count in COUNTS.items()
    }
    assert rows.keys() == wire.BY_NAME.keys() - {wire.ALL_CONFIGMAPS.name}
    assert found.cluster.name == "test"
    assert found.cluster.version == "v1.36.2"
    assert found.cluster.uid == "4011c684-a06e-40d3-9d61-f6b7b77743a6"
    assert found.cluster.collected_at.endswith("Z")
    assert len(found.cluster.collected_at) == len("2026-11-21T20:36:25Z")
    assert not found.waits


def test_pods_are_offered_compressed(tmp_path: Path) -> None:
    with ApiServer(Replay("lists", "gzipped", "discovery")) as server:
        scan(server, tmp_path)
    assert {request.header("accept-encoding") for request in server.requests} == {"gzip"}
    assert all(request.header("user-agent").startswith("auditor/") for request in server.requests)


@pytest.mark.parametrize(
    ("size", "resource", "pages"), [(5, "pods", 7), (2, "deployments", 7), (2, "secrets", 4), (3, "namespaces", 3)]
)
def test_recorded_pages_are_followed(tmp_path: Path, size: int, resource: str, pages: int) -> None:
    kind = wire.BY_NAME[resource]
    with ApiServer(Replay("lists", "paged", "discovery")) as server:
        found = scan(server, tmp_path, page_size=size)
        assert server.count(kind.path()) == pages
    assert {row.resource: row.count for row in found.snapshot.coverage if row.state == "read"} == COUNTS


def test_limited_account_is_told_what_it_may_not_read(tmp_path: Path) -> None:
    replay = Replay("limited")

    def backend(request: Request) -> Response:
        """A ConfigMap that was not recorded: forbidden, as the one that was."""
        if request.path.startswith("/api/v1/namespaces/connaisseur/configmaps/"):
            return replay(replace(request, path="/api/v1/namespaces/legacy/configmaps/image-policy"))
        return replay(request)

    with ApiServer(backend) as server:
        found = scan(server, tmp_path, token="limited-token")
    assert found.row("configmaps", "connaisseur").state == "forbidden"
    assert found.row("params").detail == "the policies and bindings that name them were not all read"
    states = {**found.states(), "configmaps": "forbidden"}
    may = {"namespaces", "pods", "serviceaccounts", "deployments", "replicasets", wire.RULE_CONFIGMAPS.name}
    assert {resource for resource, state in states.items() if state == "read"} == may
    assert {resource for resource, state in states.items() if state == "forbidden"} == {*COUNTS, "configmaps"} - may
    assert {state for name, state in states.items() if name not in {*COUNTS, "configmaps"}} == {"absent"}
    assert 'cannot list resource "nodes"' in found.row("nodes").detail
    assert {owner.kind for owner in found.snapshot.owners if not owner.known} >= {"StatefulSet", "Rollout"}


def test_limited_account_in_its_namespace(tmp_path: Path) -> None:
    with ApiServer(Replay("limited", "paged")) as server:
        found = scan(server, tmp_path, token="limited-token", namespaces=["payments"], page_size=4)
        assert server.count("/api/v1/namespaces/payments/pods") == 3
        assert not server.count("/api/v1/pods")
    for resource, count in {"pods": 9, "cronjobs": 2, "jobs": 1, "statefulsets": 1, "daemonsets": 0}.items():
        row = found.row(resource, "payments")
        assert (row.state, row.count, row.complete) == ("read", count, True), resource
    assert found.row("secrets", "payments").state == "forbidden"
    assert found.row("nodes").state == "forbidden"


@pytest.mark.parametrize("token", ["nobody-token"])
def test_unknown_token_ends_the_scan_with_advice(tmp_path: Path, token: str) -> None:
    with ApiServer(Replay("errors")) as server, pytest.raises(SourceError, match="401") as caught:
        scan(server, tmp_path, token=token)
    assert "Log in again" in caught.value.advice
    assert token not in str(caught.value)


def test_limited_account_and_a_group_that_is_not_served(tmp_path: Path) -> None:
    """403, as for everything that is forbidden: discovery alone tells that there is nothing to be read."""
    replay = Replay("limited")

    def without_rollouts(request: Request) -> Response:
        answer = replay(request)
        if request.path == "/apis":
            return replace(answer, body=answer.body.replace(b"argoproj.io", b"other.example"))
        return answer

    with ApiServer(without_rollouts) as server:
        found = scan(server, tmp_path, token="limited-token")
    assert found.row("rollouts").state == "absent"
    assert found.row("jobs").state == "forbidden"


def test_expired_token_goes_on_with_the_one_that_the_error_carries(tmp_path: Path) -> None:
    """The real 410, for pods: the token of the first page had expired, the one in the error works."""
    recorded = {e["request"]["path"]: e["response"] for e in exchanges("paged", "errors")}
    expired = next(path for path, r in recorded.items() if r["status"] == 410 and "pods?limit=5&continue" in path)
    token = expired.partition("continue=")[2]
    first = re.sub(r'"continue":"[^"]*"', f'"continue":"{token}"', recorded["/api/v1/pods?limit=5"]["body"], count=1)
    with ApiServer(Replay("discovery", "lists", "errors")) as server:
        server.inject("/api/v1/pods", Reply(Response(200, first.encode())))
        found = scan(server, tmp_path, page_size=5)
    row = found.row("pods")
    assert (row.state, row.count, row.complete) == ("read", 33, True)
    assert "mixes two moments" in row.detail


def test_anonymous_may_read_nothing(tmp_path: Path) -> None:
    """All forbidden is an answer: coverage says so, the scan does not fail."""

    def backend(request: Request) -> Response:
        if request.path in ("/version", "/apis"):
            return replay(request)
        return replay(replace(request, path="/api/v1/pods", query={"limit": "500"}))

    replay = Replay("errors")
    with ApiServer(backend) as server:
        found = scan(server, tmp_path, token="")
    assert set(found.states().values()) == {"forbidden"}
    assert found.cluster.version == "v1.36.2"
    assert found.cluster.uid is None


def test_metadata_of_recorded_replica_sets(tmp_path: Path) -> None:
    with ApiServer(Replay("metadata")) as server:
        identity = identify(str(write_kubeconfig(tmp_path / "kubeconfig", server.url)), None)
        connection = Connection(identity, timeout=5, connections=2)
        walk = Walk(Reader(connection), "/apis/apps/v1/replicasets", accept=PARTIAL_LIST)
        found = [item for page in pages(walk) for item in decode(wire.Partial, page, walk)[0]]
        connection.close()
    owners = [item.metadata.owner_references for item in found if item.metadata]
    assert len(owners) == COUNTS["replicasets"]
    assert all(owner and owner[0].controller and owner[0].uid for owner in owners)
