"""The printed objects pass the audit that they set up."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli import run
from auditor.packs import load_packs
from tests.install.printing import CASES, POLICY, text_of

GROUPS = ("workloads", "pull_secrets", "service_accounts")
PULL = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "pull", "namespace": "image-audit"},
    "type": "kubernetes.io/dockerconfigjson",
    "stringData": {".dockerconfigjson": '{"auths": {"registry.example.com": {"username": "a", "password": "fake"}}}'},
}


def failures(stream: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the checks of workloads, pull secrets and service accounts find in what comes on standard input."""
    (folder / "policy.yaml").write_text(POLICY)
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stream.encode())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out))
    options = ["--policy", str(folder / "policy.yaml"), "--assume-complete", "-o", "json", "--fail-on", "never"]
    assert run(["scan", "--from", "-", *options]) == 0
    report: dict[str, Any] = json.loads(out.getvalue())
    meant = {check.id for check in load_packs(()) if check.group in GROUPS}
    assert {row["id"] for row in report["checks"] if row["pass"]} >= {"unpinned-image", "unapproved-registry"}
    return [
        (finding["check"], finding["message"])
        for finding in report["findings"]
        if finding["status"] != "waived" and finding["check"] in meant
    ]


@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
def test_nothing_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]) -> None:
    stream = text_of(arguments, tmp_path)
    if "--pull-secret" in arguments:
        stream += f"---\n{yaml.safe_dump(PULL)}"
    assert failures(stream, tmp_path, monkeypatch) == []


def test_a_fault_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = text_of(("--control-plane",), tmp_path).replace("hostUsers: false", "hostUsers: true")
    assert [check for check, _ in failures(stream, tmp_path, monkeypatch)] == ["runs-as-root"]
