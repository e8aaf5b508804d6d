"""Reports for metrics: two nights of the example shop, with something of everything, and three clusters in one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from auditor.diff import diff
from auditor.merge import merge, not_audited
from auditor.report import ClusterRow, CoverageRow, PolicyRow, Report
from auditor.reporters import Options, render
from tests.reporters.samples import finding, report, shop, use


def last_night() -> str:
    """The shop's report of an hour ago, beside the one of the night before, which lacked and had other findings."""
    after = _collected(shop(), timedelta(hours=1))
    return render("prometheus", after, Options(exit_code=1, comparison=diff(_before(after), after), duration=12.5))


def three_clusters() -> Report:
    """East has two failures and broke a check, west none of that, and north could not be reached."""
    failures = [finding("unpinned-image", "x", use("Deployment", name, "c"), "m") for name in ("a", "b")]
    broken = finding("runs-as-root", "x", use("Deployment", "a", "c"), "m", status="manual", cause="error")
    east = report(
        [*failures, broken],
        coverage=[CoverageRow("secrets", "forbidden")],
        cluster=ClusterRow("east", "uid-e", "v1.36.2", "2026-11-21T12:00:00Z"),
    )
    west = report(
        coverage=[CoverageRow("secrets", "read", (), 7)],
        checks=["unpinned-image"],
        cluster=ClusterRow("west", "uid-w", "v1.35.4", "2026-11-21T12:01:40Z"),
    )
    return merge([east, west, not_audited("north", "no answer in time", PolicyRow())])


def _before(after: Report) -> Report:
    """A night when no critical failure stood yet, and one stood under another id that has gone since."""
    kept = [one for one in after.findings if one.severity != "critical"]
    fixed = msgspec.structs.replace(next(one for one in kept if one.status == "fail"), id="0" * 16)
    return _collected(msgspec.structs.replace(after, findings=(*kept, fixed)), timedelta(hours=25))


def _collected(read: Report, ago: timedelta) -> Report:
    when = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    return msgspec.structs.replace(read, cluster=msgspec.structs.replace(read.cluster, collected_at=when))
