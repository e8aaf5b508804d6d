"""A scan of a real API server: everything is read, pages are followed, missing rights become manual verdicts."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor import wire
from auditor.cli import run
from auditor.collect import dump_snapshot
from auditor.inventory import Inventory
from auditor.model import ClusterInfo, Snapshot
from auditor.rbac import cluster_role
from auditor.sources.encodings import Encoding
from auditor.sources.live import LiveOptions, collect
from auditor.sources.progress import Progress
from tests.live.conftest import Server, until

NAMESPACE = "auditor-live-test"
PODS = 12
RBAC = "/apis/rbac.authorization.k8s.io/v1"
BINDING = {
    "metadata": {"name": "auditor"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "auditor"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited"}],
}
ENCODINGS: tuple[Encoding, ...] = ("json", "protobuf")


def pod(number: int) -> dict[str, Any]:
    containers = [{"name": "web", "image": f"registry.example:5000/web:1.{number}"}]
    spec = {"containers": containers, "imagePullSecrets": [{"name": "gone"}, {"name": "opaque"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"web-{number}"}, "spec": spec}


@pytest.fixture(scope="module")
def populated(server: Server) -> Iterator[Server]:
    server.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    path = f"/api/v1/namespaces/{NAMESPACE}"
    server.create(f"{path}/pods", *(pod(number) for number in range(PODS)))
    config = base64.b64encode(
        json.dumps({"auths": {"registry.example:5000": {"auth": "ZmFrZTpmYWtl"}}}).encode()
    ).decode()
    server.create(
        f"{path}/secrets",
        {
            "metadata": {"name": "unused"},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": config},
        },
        {"metadata": {"name": "opaque"}, "type": "Opaque"},
    )
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "x", "image": "nginx"}]}}
    selector = {"matchLabels": {"app": "x"}}
    server.create(
        f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments",
        {"metadata": {"name": "front"}, "spec": {"selector": selector, "template": template}},
    )
    yield server
    server.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}")


def read(server: Server, page_size: int, encoding: Encoding = "auto") -> Snapshot:
    inventory = Inventory()
    options = LiveOptions(str(server.kubeconfig), page_size=page_size, encoding=encoding)
    cluster = collect(options, inventory, Progress(io.StringIO(), shown=False))
    return inventory.snapshot(ClusterInfo(cluster.name, version=cluster.version))


def test_every_resource_is_read(populated: Server) -> None:
    states = {row.resource: row.state for row in read(populated, 500).coverage}
    for resource in wire.RESOURCES:
        builtin = "." not in resource.group or resource.group.endswith(".k8s.io")
        assert states[resource.name] in (("read",) if builtin else ("read", "absent")), resource.name


def test_pages_are_followed(populated: Server) -> None:
    assert read(populated, 5).owners == read(populated, 500).owners


@pytest.mark.parametrize("page_size", [500, 5])
def test_both_encodings_give_the_same(populated: Server, page_size: int) -> None:
    json_alone, protobuf_alone = (dump_snapshot(read(populated, page_size, form)) for form in ENCODINGS)
    assert json_alone == protobuf_alone


def scan(capsys: pytest.CaptureFixture[str], kubeconfig: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["scan", "-o", "json", "--kubeconfig", str(kubeconfig), *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_what_is_wrong_is_found(populated: Server, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = scan(capsys, populated.kubeconfig, "-n", NAMESPACE)
    assert code == 1
    found = {(f["check"], f["subject"]["name"]) for f in report["findings"] if f["status"] == "fail"}
    assert {("floating-tag", "front"), ("missing-pull-secret", "web-0"), ("wrong-type-pull-secret", "web-0")} <= found


def test_an_account_without_rights_gets_manual_verdicts(populated: Server, capsys: pytest.CaptureFixture[str]) -> None:
    if populated.limited is None:
        pytest.skip("no account without rights on this cluster")
    code, report = scan(capsys, populated.limited)
    assert code == 3
    assert {row["state"] for row in report["coverage"] if row["resource"] == "pods"} == {"forbidden"}
    assert all(row["pass"] == 0 for row in report["checks"])


@pytest.fixture
def printed_role(populated: Server) -> Iterator[Server]:
    """The ClusterRole that `auditor rbac` prints, bound to nobody yet."""
    if populated.limited is None:
        pytest.skip("no account without rights on this cluster")
    populated.create(f"{RBAC}/clusterroles", yaml.safe_load(cluster_role(r.name for r in wire.RESOURCES)))
    yield populated
    populated.call("DELETE", f"{RBAC}/clusterroles/auditor")


def test_the_printed_rights_are_enough(printed_role: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed_role.limited
    printed_role.create(f"{RBAC}/clusterrolebindings", BINDING)
    try:
        until(lambda: printed_role.may("limited", "list", "pods"), "the binding")
        _, report = scan(capsys, printed_role.limited, "--fail-on", "never")
    finally:
        printed_role.call("DELETE", f"{RBAC}/clusterrolebindings/auditor")
    assert not [row for row in report["coverage"] if row["state"] == "forbidden"]


def test_rights_in_one_namespace_alone(printed_role: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """What lies in it is judged, and what lies outside of it is told as not read."""
    assert printed_role.limited
    printed_role.create(f"{RBAC}/namespaces/{NAMESPACE}/rolebindings", BINDING)
    until(lambda: printed_role.may("limited", "list", "pods", namespace=NAMESPACE), "the binding")
    code, report = scan(capsys, printed_role.limited, "-n", NAMESPACE, "--fail-on", "never")
    assert code == 3
    states = {(row["resource"], tuple(row["namespaces"])): row["state"] for row in report["coverage"]}
    assert states["pods", (NAMESPACE,)] == states["secrets", (NAMESPACE,)] == "read"
    assert states["nodes", ()] == states["namespaces", ()] == "forbidden"
    found = {(f["check"], f["subject"]["name"]) for f in report["findings"] if f["status"] == "fail"}
    assert {("floating-tag", "front"), ("missing-pull-secret", "web-0"), ("wrong-type-pull-secret", "web-0")} <= found
    unjudged = {f["check"] for f in report["findings"] if f["cause"] == "unreadable"}
    assert {"unenforced-namespace", "node-unapproved-image"} <= unjudged
