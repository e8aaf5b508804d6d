"""Scan results on the command line: into the report, into a snapshot, and what is said of those that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from tests.auditing import FIXTURES

RESULTS = str(FIXTURES / "scan-results")
CHECKS = [part for check in ("vulnerable-image", "unscanned-image", "stale-scan") for part in ("--check", check)]
MANIFEST = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, uid: "1"}
spec:
  containers: [{name: web, image: "registry.example/shop/web:1.4.2"}]
---
kind: ClusterFixture
complete: true
collectedAt: "2026-11-21T12:00:00Z"
"""


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    path = tmp_path / "manifest.yaml"
    path.write_text(MANIFEST)
    return str(path)


def report(*arguments: str, into: Path) -> tuple[int, dict[str, Any]]:
    path = into / "report.json"
    code = run(["scan", *arguments, "-o", f"json={path}"])
    document: dict[str, Any] = json.loads(path.read_text())
    return code, document


def test_results_switch_the_checks_on(manifest: str, tmp_path: Path) -> None:
    _, without = report("--from", manifest, into=tmp_path)
    code, document = report(
        "--from", manifest, "--scan-results", RESULTS, "--skip-check", "runs-as-root", into=tmp_path
    )
    assert not {row["id"] for row in without["checks"]} & set(CHECKS)
    (finding,) = [each for each in document["findings"] if each["check"] == "vulnerable-image"]
    assert finding["subject"] == {"kind": "Image", "name": "registry.example/shop/web:1.4.2"}
    assert finding["severity"] == "high"
    # Neither result is dated, so both count.
    assert {"GHSA-aaaa-bbbb-cccc", "CVE-2026-2001"} <= {each["id"] for each in finding["evidence"]["first"]}
    assert code == 1
    assert {"resource": "scan results", "state": "read", "namespaces": [], "count": 8, "detail": ""} in document[
        "coverage"
    ]


def test_a_snapshot_with_results_gives_the_same_findings(manifest: str, tmp_path: Path) -> None:
    saved = str(tmp_path / "snapshot.json.gz")
    assert run(["snapshot", "-o", saved, "--from", manifest, "--scan-results", RESULTS]) == 0
    code, direct = report("--from", manifest, "--scan-results", RESULTS, *CHECKS, into=tmp_path)
    again, offline = report("--from", saved, *CHECKS, into=tmp_path)
    assert (code, direct["findings"], direct["coverage"]) == (again, offline["findings"], offline["coverage"])


def test_a_damaged_file_is_told_and_leaves_what_is_not_found_open(
    manifest: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    (results / "a\u202e.json").write_text('{"SchemaVersion": 2, "Results": [')
    code, document = report("--from", manifest, "--scan-results", str(results), *CHECKS, into=tmp_path)
    assert code == 3
    assert {(each["check"], each["status"], each["cause"]) for each in document["findings"]} == {
        (check, "manual", "unreadable") for check in CHECKS[1::2]
    }
    told = capsys.readouterr().err
    assert "warning: " in told
    assert "\u202e" not in told


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--scan-results", "nothing-there"], 4),
        (["--clair-token", "file"], 2),
        (["--clair-issuer", "name"], 2),
        (["--clair", "clair"], 2),
        (["--clair", "http://127.0.0.1:9", "--clair-psk", "nothing-there"], 2),
    ],
)
def test_options_that_cannot_be_end_it_before_it_begins(arguments: list[str], code: int, manifest: str) -> None:
    assert run(["scan", "--from", manifest, *arguments]) == code
