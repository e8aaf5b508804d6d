"""The clusters of a report side by side, as text; nothing in a report of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from auditor.report import ClusterPart, Finding, Report
from auditor.reporters.grid import table
from auditor.reporters.rows import counted

COLUMNS = ("cluster", "Kubernetes", "failures", "to judge", "not judged", "passed")
NOT_AUDITED = "NOT AUDITED"


class Line(Struct, frozen=True):
    """A cluster with its counts of findings; `passed` counts subjects. `error`: why it was not audited, else None."""

    cluster: ClusterPart
    failures: str
    judge: int
    unjudged: int

    @property
    def error(self) -> str | None:
        return self.cluster.error

    @property
    def cells(self) -> list[str]:
        """In the order of `COLUMNS`."""
        one = self.cluster
        if one.error is not None:
            return [one.name, "-", NOT_AUDITED, "-", "-", "-"]
        counts = (f"{count:,}" if count else "-" for count in (self.judge, self.unjudged, one.summary.passed))
        return [one.name, one.version or "-", self.failures or "none", *counts]


def lines(report: Report) -> list[Line]:
    """Those that were not audited first."""
    found: Mapping[str, list[Finding]] = {cluster.name: [] for cluster in report.clusters}
    for finding in report.findings if report.clusters else ():
        found[finding.cluster].append(finding)
    made = [_line(cluster, found[cluster.name]) for cluster in report.clusters]
    return sorted(made, key=lambda line: line.error is None)


def clusters(report: Report, width: int) -> Iterator[str]:
    if report.clusters:
        yield from table(COLUMNS, [line.cells for line in lines(report)], width, right=(3, 4, 5))


def _line(cluster: ClusterPart, findings: Sequence[Finding]) -> Line:
    return Line(
        cluster,
        counted(finding for finding in findings if finding.status == "fail"),
        sum(finding.cause == "judgment" for finding in findings),
        sum(finding.cause in ("unreadable", "error") for finding in findings),
    )
