"""What a real API server made of its files: every recorded set-up of ImagePolicyWebhook, read from a host's files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.coverage import Gaps
from auditor.enforcement.chain import Goal, answer
from auditor.enforcement.image_policy_webhook import image_policies
from auditor.enforcement.world import World
from auditor.host import read_host
from auditor.model import ClusterInfo, Coverage, Namespace, Snapshot
from auditor.policy import Policy
from auditor.report import Report
from tests.auditing import FIXTURES, audit
from tests.host.making import AUTHORITY, BASE, CLIENT, SERVER, apiserver, certificate, lay_out, private_key

_STARTS = ["image-policy-config-invalid", "image-policy-webhook-unconfigured", "unknown-admission-plugin"]
# The recordings name these files without holding them; one key signed both authorities.
_CERTIFICATES = {
    "backend-ca.crt": AUTHORITY,
    "other-ca.crt": certificate(authority=True, key=2, signer=2),
    "serving.crt": certificate(*SERVER, key=1),
    "client.crt": certificate(*CLIENT, key=1),
    "client.key": private_key(1),
    "serving.key": private_key(1),
}


def _cases() -> Iterator[Any]:
    with gzip.open(FIXTURES / "recordings" / "enforcement.json.gz") as stream:
        records = [record for record in json.load(stream) if record["mechanism"] == "ImagePolicyWebhook"]
    for case in dict.fromkeys(record["case"] for record in records):
        yield pytest.param([record for record in records if record["case"] == case], id=case)


CASES = list(_cases())


def _snapshot(root: Path, config: dict[str, Any]) -> Snapshot:
    content = {f"{BASE}/{name}": pem for name, pem in _CERTIFICATES.items()}
    content |= {path: text.encode() for path, text in config["files"].items() if text is not None}
    pod = apiserver(config["flags"], working_dir=config.get("workingDirectory", ""))
    rows = tuple(Coverage(name, "read") for name in ("pods", "services", "endpointslices.discovery.k8s.io"))
    snapshot = Snapshot(
        ClusterInfo(version="v1.36.2"), rows, (Namespace("prod"), Namespace("dev")), control_plane=(pod,)
    )
    return read_host(lay_out(root, content), snapshot)


def _failed(report: Report) -> list[str]:
    return [finding.check for finding in report.findings if finding.status == "fail"]


@pytest.mark.parametrize("records", CASES)
def test_whether_it_starts(records: list[Any], tmp_path: Path) -> None:
    """A server that did not start is one that the checks say will not, and no other."""
    report = audit(_snapshot(tmp_path, records[0]["config"]), only=_STARTS)
    assert not [finding for finding in report.findings if finding.status != "fail"]
    assert bool(_failed(report)) == (records[0]["verdict"] == "apiserver-does-not-start")


@pytest.mark.parametrize("records", CASES)
def test_what_becomes_of_a_forbidden_image(records: list[Any], tmp_path: Path) -> None:
    """Never enforced where it was let in, never not where it was denied. What backends answer is not to be read."""
    snapshot = _snapshot(tmp_path, records[0]["config"])
    world = World(snapshot, Policy(), Gaps(snapshot))
    policies = list(image_policies(world))
    for record in records:
        if record["verdict"] == "apiserver-does-not-start":
            assert answer(policies, "prod", Goal.REGISTRIES).verdict != "enforced"
        elif record["request"]["what"] == "create bad pod":
            said = answer(policies, record["namespace"], Goal.REGISTRIES).verdict
            assert said != ("enforced" if record["verdict"] == "allowed" else "not-enforced")


def test_the_questions_left_open_are_those_about_the_backends_answer(tmp_path: Path) -> None:
    open_cases = []
    for number, case in enumerate(CASES):
        records = case.values[0]
        snapshot = _snapshot(tmp_path / str(number), records[0]["config"])
        policies = list(image_policies(World(snapshot, Policy(), Gaps(snapshot))))
        found = answer(policies, "prod", Goal.REGISTRIES)
        if found.verdict == "unknown":
            open_cases.append(records[0])
            assert found.weakest is not None
            assert found.weakest.name == "backend"
    assert all(record["verdict"] in ("allowed", "denied") for record in open_cases)


def test_the_settings_that_were_in_effect(tmp_path: Path) -> None:
    """Where the backend was down, the recorded verdict tells what defaultAllow was."""
    told = 0
    for number, case in enumerate(CASES):
        record = case.values[0][0]
        config = record["config"]
        kubeconfig = config["files"].get(f"{BASE}/kubeconfig.yaml") or ""
        if record["verdict"] == "apiserver-does-not-start" or ":18444" not in kubeconfig:
            continue
        host = _snapshot(tmp_path / str(number), config).host
        assert host is not None
        settings = host.servers[0].settings
        assert settings is not None
        assert settings.default_allow is (record["verdict"] == "allowed"), case.id
        told += 1
    assert told >= 5
