"""Predictions and probes against a real API server: what `auditor enforce` prints, and ImagePolicyWebhook."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli import run
from auditor.enforce import NAME, manifests
from auditor.policy_file import load_policy
from tests.live.conftest import Server, own_server
from tests.live.image_backend import Backend, configured, mirror_pod

POLICY = b"version: 1\nregistries: {allowed: [registry.example]}\n"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
POLICIES = f"{ADMISSION}/validatingadmissionpolicies"
BINDINGS = f"{ADMISSION}/validatingadmissionpolicybindings"
PROD, DEV = "auditor-probe-prod", "auditor-probe-dev"
FORBIDDEN, ALLOWED = ("container", True), ("container", False)
INIT, VOLUME, UPDATE, EPHEMERAL = (
    (place, True) for place in ("init container", "image volume", "update", "ephemeral container")
)
Told = dict[tuple[str, bool], tuple[str | None, str]]  # place and whether forbidden: predicted, outcome


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the test's own, for its policies are for all namespaces."""
    with own_server(tmp_path_factory.mktemp("enforcing")) as server:
        populate(server)
        server.create(f"/api/v1/namespaces/{PROD}/pods", target())
        yield server


def populate(server: Server) -> None:
    for name, tier in ((PROD, "prod"), (DEV, "dev")):
        server.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": {"tier": tier}}})


def target() -> dict[str, Any]:
    containers = [{"name": "main", "image": "registry.example/main:1"}]
    return {
        "metadata": {"name": "target", "labels": {"auditor.dev/probe": "target"}},
        "spec": {"containers": containers},
    }


@pytest.fixture
def printed(cluster: Server) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The policy and the binding, neither of which is there yet; both are gone afterwards."""
    admission, binding = yaml.safe_load_all(manifests(load_policy(POLICY, "p"), "validating-admission-policy"))
    yield admission, binding
    for path in (BINDINGS, POLICIES):
        if any(item["metadata"]["name"] == NAME for item in cluster.call("GET", path)["items"]):
            cluster.call("DELETE", f"{path}/{NAME}")
    until(lambda: admits(cluster, PROD))


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Policies come into force, and out of it, a moment after they were written."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the API server did not take it in"
        time.sleep(0.2)


def admits(server: Server, namespace: str) -> bool:
    containers = [{"name": "a", "image": "elsewhere.invalid/a:1"}]
    pod = {"metadata": {"name": "tried"}, "spec": {"containers": containers}}
    try:
        server.call("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)
    except AssertionError:
        return False
    return True


def probe(
    capsys: pytest.CaptureFixture[str], server: Server, folder: Path, *more: str
) -> tuple[int, dict[str, Told], dict[str, Any]]:
    """Exit code, answers by namespace, and the whole."""
    policy = folder / "policy.yaml"
    policy.write_bytes(POLICY)
    arguments = ["--kubeconfig", str(server.kubeconfig), "--policy", str(policy), "--yes", "-o", "json", *more]
    code = run(["probe", *arguments])
    found = json.loads(capsys.readouterr().out)
    told: dict[str, Told] = {}
    for one in found["probes"]:
        told.setdefault(one["namespace"], {})[one["place"], one["forbidden"]] = (one["predicted"], one["outcome"])
    return code, told, found


def agreed(told: Told, *places: tuple[str, bool], outcome: str) -> None:
    """Predicted and answered alike; an old server may have no image volumes."""
    for place in places:
        assert told[place] in ((outcome, outcome), *([(outcome, "undecided")] if place == VOLUME else [])), place


EVERYWHERE = (FORBIDDEN, INIT, VOLUME)


def test_without_a_policy_all_is_admitted(capsys: pytest.CaptureFixture[str], cluster: Server, tmp_path: Path) -> None:
    code, told, _ = probe(capsys, cluster, tmp_path)
    assert code == 0
    for namespace in (PROD, DEV, "default", "kube-system"):
        agreed(told[namespace], *EVERYWHERE, ALLOWED, outcome="admitted")
    agreed(told[PROD], UPDATE, EPHEMERAL, outcome="admitted")
    pods = cluster.call("GET", "/api/v1/pods")["items"]
    assert [pod["metadata"]["name"] for pod in pods] == ["target"]
    assert "ephemeralContainers" not in pods[0]["spec"]


def test_the_printed_policy_is_enforced_in_every_place(
    capsys: pytest.CaptureFixture[str], cluster: Server, tmp_path: Path, printed: Any
) -> None:
    cluster.create(POLICIES, printed[0])
    cluster.create(BINDINGS, printed[1])
    until(lambda: not admits(cluster, PROD))
    code, told, found = probe(capsys, cluster, tmp_path)
    assert code == 0
    for namespace in (PROD, DEV, "default", "kube-system"):
        agreed(told[namespace], *EVERYWHERE, outcome="denied")
        agreed(told[namespace], ALLOWED, outcome="admitted")
    agreed(told[PROD], UPDATE, EPHEMERAL, outcome="denied")
    assert {one["by"] for one in found["probes"] if one["outcome"] == "denied"} == {f"ValidatingAdmissionPolicy {NAME}"}


def test_a_policy_that_lost_its_binding_admits(
    capsys: pytest.CaptureFixture[str], cluster: Server, tmp_path: Path, printed: Any
) -> None:
    cluster.create(POLICIES, printed[0])
    cluster.create(BINDINGS, printed[1])
    until(lambda: not admits(cluster, PROD))
    cluster.call("DELETE", f"{BINDINGS}/{NAME}")
    until(lambda: admits(cluster, PROD))
    code, told, _ = probe(capsys, cluster, tmp_path)
    assert code == 0
    agreed(told[PROD], *EVERYWHERE, UPDATE, EPHEMERAL, outcome="admitted")


def test_a_binding_that_only_audits_admits(
    capsys: pytest.CaptureFixture[str], cluster: Server, tmp_path: Path, printed: Any
) -> None:
    cluster.create(POLICIES, printed[0])
    cluster.create(BINDINGS, printed[1])
    until(lambda: not admits(cluster, PROD))
    cluster.call("PATCH", f"{BINDINGS}/{NAME}", {"spec": {"validationActions": ["Audit"]}})
    until(lambda: admits(cluster, PROD))
    code, told, _ = probe(capsys, cluster, tmp_path)
    assert code == 0
    agreed(told[PROD], *EVERYWHERE, UPDATE, EPHEMERAL, outcome="admitted")


def test_a_namespace_selector_tells_namespaces_apart(
    capsys: pytest.CaptureFixture[str], cluster: Server, tmp_path: Path, printed: Any
) -> None:
    binding = printed[1]
    binding["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": {"tier": "prod"}}}
    cluster.create(POLICIES, printed[0])
    cluster.create(BINDINGS, binding)
    until(lambda: not admits(cluster, PROD))
    code, told, _ = probe(capsys, cluster, tmp_path)
    assert code == 0
    agreed(told[PROD], *EVERYWHERE, outcome="denied")
    agreed(told[DEV], *EVERYWHERE, outcome="admitted")


def test_the_printed_rights_are_enough(capsys: pytest.CaptureFixture[str], cluster: Server, tmp_path: Path) -> None:
    assert cluster.limited is not None
    limited = Server(cluster.url, cluster.token, cluster.limited)
    code = run(["probe", "--kubeconfig", str(cluster.limited), "--yes", "-n", PROD])
    assert code == 4
    assert "rights to create and to get pods are missing" in capsys.readouterr().err
    assert run(["rbac", "--probe", "--kubeconfig", str(cluster.kubeconfig)]) == 0
    role = yaml.safe_load(capsys.readouterr().out)
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    binding = {
        "metadata": {"name": role["metadata"]["name"]},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role["metadata"]["name"]},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited"}],
    }
    cluster.create(f"{rbac}/clusterroles", role)
    cluster.create(f"{rbac}/clusterrolebindings", binding)
    try:
        code, told, _ = probe(capsys, limited, tmp_path)
    finally:
        cluster.call("DELETE", f"{rbac}/clusterrolebindings/{role['metadata']['name']}")
        cluster.call("DELETE", f"{rbac}/clusterroles/{role['metadata']['name']}")
    assert code == 0
    agreed(told[PROD], *EVERYWHERE, UPDATE, EPHEMERAL, outcome="admitted")


@pytest.mark.parametrize("shown", [False, True], ids=["hidden control plane", "visible control plane"])
@pytest.mark.parametrize("default_allow", [False, True], ids=["fail closed", "fail open"])
def test_image_policy_webhook(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, default_allow: bool, shown: bool
) -> None:
    with Backend("registry.example/") as backend:
        flags = configured(tmp_path, backend.url, default_allow=default_allow)
        with own_server(tmp_path, *flags) as server:
            populate(server)
            host: tuple[str, ...] = ()
            if shown:
                pod, status = mirror_pod(tmp_path, flags, "registry.example/kube-apiserver:1")
                server.create("/api/v1/namespaces/kube-system/pods", pod)
                server.call("PATCH", "/api/v1/namespaces/kube-system/pods/kube-apiserver-nowhere/status", status)
                host = ("--host-root", "/")

            code, told, found = probe(capsys, server, tmp_path, *host)
            assert code == 0, found["findings"]
            for namespace in (PROD, DEV, "kube-system"):
                assert told[namespace][FORBIDDEN][1] == told[namespace][INIT][1] == "denied"
                assert told[namespace][ALLOWED][1] == "admitted"
                assert told[namespace][VOLUME][1] in ("admitted", "undecided")
            assert {one["by"] for one in found["probes"] if one["outcome"] == "denied"} == {"ImagePolicyWebhook"}
            assert any(image.startswith("auditor-probe.invalid/") for image in backend.reviewed)

            backend.broken = True
            code, told, found = probe(capsys, server, tmp_path, *host)
            assert code == 0, found["findings"]
            expected = "admitted" if default_allow else "denied"
            for namespace in (PROD, DEV, "kube-system"):
                for place in (FORBIDDEN, ALLOWED, INIT):
                    predicted, outcome = told[namespace][place]
                    assert outcome == expected
                    assert predicted in (None, expected) or not shown
