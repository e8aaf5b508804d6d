"""What the checks say of results that are old, cut, or not all there."""

from __future__ import annotations

import msgspec
import pytest

from auditor.model import SCAN_RESULTS, ClusterInfo, Container, Coverage, Owner, Shape, Snapshot
from auditor.report import Report
from auditor.scans.contents import packed
from auditor.scans.giving import with_scans
from auditor.scans.results import Scan, Suppressed, Vulnerability
from tests.auditing import audit

CHECKS = ("vulnerable-image", "unscanned-image", "stale-scan")
SCAN = Scan("Grype", at="2026-11-20T00:00:00Z", tags=("registry.example/web:1",))
CRITICAL = Vulnerability("CVE-1", "p", "1", severity="critical")
READ = tuple(Coverage(kind, "read") for kind in ("pods", "deployments", "replicasets"))


def audited(scan: Scan, *found: Vulnerability, faults: tuple[str, ...] = ()) -> Report:
    shape = Shape("pods", (Container("web", "container", "registry.example/web:1"),), pods=1)
    snapshot = Snapshot(
        cluster=ClusterInfo(collected_at="2026-11-21T00:00:00Z"),
        owners=(Owner("shop", "Deployment", "web", shapes=(shape,)),),
        coverage=READ,
    )
    return audit(with_scans(snapshot, [(scan, packed(found))], faults), only=CHECKS)


def told(report: Report) -> dict[str, tuple[str, str | None]]:
    return {found.check: (found.status, found.cause) for found in report.findings}


@pytest.mark.parametrize("found", [(), (CRITICAL,)], ids=["clean", "vulnerable"])
def test_a_result_that_cannot_be_used_leaves_the_audit_incomplete(found: tuple[Vulnerability, ...]) -> None:
    report = audited(SCAN, *found, faults=("x.json: damaged",))
    assert told(report)["unscanned-image"] == ("manual", "unreadable")
    assert len([each for each in report.findings if each.cause == "unreadable"]) == 1 + (not found)
    assert not any(row.passed for row in report.checks if row.id == "vulnerable-image")
    assert SCAN_RESULTS[1] in {row.resource for row in report.coverage}


@pytest.mark.parametrize(("severity", "manual"), [("critical", True), ("unknown", True), ("low", False)])
def test_what_a_scanner_was_told_to_leave_out(severity: str, manual: bool) -> None:
    suppressed = msgspec.convert([{"status": "ignored", "severity": severity, "count": 2}], tuple[Suppressed, ...])
    report = audited(msgspec.structs.replace(SCAN, suppressed=suppressed))
    assert [each.evidence["suppressed"] for each in report.findings] == ([2] if manual else [])
    assert told(audited(msgspec.structs.replace(SCAN, suppressed=suppressed), CRITICAL)) == {
        "vulnerable-image": ("fail", None)
    }


def test_a_scan_is_as_old_as_the_scanner_s_database() -> None:
    assert told(audited(msgspec.structs.replace(SCAN, database="2026-11-19T00:00:00Z"))) == {}
    for at in (SCAN.at, None):
        report = audited(msgspec.structs.replace(SCAN, at=at, database="2020-01-01T00:00:00Z"))
        assert told(report) == {"stale-scan": ("fail", None)}
    assert told(audited(msgspec.structs.replace(SCAN, at="2099-01-01T00:00:00Z"))) == {
        "stale-scan": ("manual", "judgment")
    }
