"""The checks of ImagePolicyWebhook's files over whole hosts: fixtures in directories, several servers, mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.host import read_host
from auditor.model import ControlPlanePod, Coverage, Mount, Snapshot
from auditor.report import Finding
from auditor.wire import WORKLOADS
from tests.auditing import FIXTURES, audit, policy_at, read
from tests.host.making import BASE, ON, admission, apiserver, files, kubeconfig, lay_out

CASES = sorted(path for path in FIXTURES.glob("checks/image-policy-*/*") if (path / "host").is_dir())


def _verdict(findings: tuple[Finding, ...]) -> str:
    statuses = {finding.status for finding in findings}
    return "fail" if "fail" in statuses else "manual" if statuses else "pass"


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_fixture(path: Path) -> None:
    complete = "complete: true" in (path / "cluster.yaml").read_text()
    snapshot = read_host(path / "host", read(path), complete=complete)
    report = audit(snapshot, policy_at(path.with_name(f"policy-{path.name}.yaml")), [path.parent.name])
    told = [(f.status, f.cause, f.message) for f in report.findings]
    assert all(finding.cause in (None, "judgment") for finding in report.findings), told
    assert _verdict(report.findings) == path.name.partition("-")[0], told
    assert {str(f.subject) for f in report.findings} <= {"APIServer/kube-apiserver"}


def _cluster(*servers: ControlPlanePod) -> Snapshot:
    """Of which everything was read, and there is nothing but the API servers."""
    lists = ("pods", *WORKLOADS, "services", "endpointslices.discovery.k8s.io")
    return Snapshot(coverage=tuple(Coverage(name, "read") for name in lists), control_plane=servers)


def _told(snapshot: Snapshot, check: str) -> tuple[Finding, ...]:
    return audit(snapshot, only=[check]).findings


def test_a_server_that_fails_does_not_hide_one_that_nobody_could_read(tmp_path: Path) -> None:
    lay_out(tmp_path, files(admission_yaml=admission(defaultAllow="true", allowTTL="900")))
    flags = [ON[0], "--admission-control-config-file=/opt/policy/x.yaml"]
    unread = apiserver(flags, name="kube-apiserver-cp2", mounts=(Mount("/opt/policy", "/opt/policy"),))
    host = read_host(tmp_path, _cluster(apiserver(), unread))
    (found,) = _told(host, "image-policy-fail-open")
    assert found.status == "fail"
    assert found.evidence["apiservers"] == ["kube-apiserver-cp1"]
    assert "kube-apiserver-cp2" in found.evidence["files"]
    (found,) = _told(host, "image-policy-long-cache")
    assert found.evidence["allowTTL"] == {"kube-apiserver-cp1": 900}


def test_each_weakness_of_the_connection_is_a_finding(tmp_path: Path) -> None:
    config = kubeconfig(cluster={"insecure-skip-tls-verify": "true"}, user={})
    host = read_host(lay_out(tmp_path, files(kubeconfig_yaml=config)), _cluster(apiserver()))
    found = _told(host, "image-policy-backend-insecure")
    assert len({finding.id for finding in found}) == len(found) == 2


def test_without_files_each_question_names_the_one_to_look_at() -> None:
    for check in sorted({path.parent.name for path in CASES}):
        (found,) = _told(_cluster(apiserver()), check)
        assert (found.status, found.cause) == ("manual", "judgment")
        assert f"{BASE}/admission.yaml" in found.message
        assert "--admission-control-config-file" in found.message


def test_a_server_without_the_plugin_asks_nobody() -> None:
    off = _cluster(apiserver(["--enable-admission-plugins=NodeRestriction", ON[1]]))
    for check in sorted({path.parent.name for path in CASES}):
        assert _told(off, check) == ()


def test_the_backend_of_many_a_tutorial(tmp_path: Path) -> None:
    """A Service's name from the host's network, and an image that the backend's own rule refuses."""
    story = FIXTURES / "checks" / "image-policy-deadlock" / "fail-own-floating-tag"
    snapshot = read_host(story / "host", read(story), complete=True)
    failed = {
        finding.check
        for finding in audit(snapshot).findings
        if finding.status == "fail" and finding.check.startswith("image-policy-")
    }
    assert failed == {"image-policy-backend-unresolvable", "image-policy-deadlock"}
