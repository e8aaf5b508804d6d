"""The clusters that metrics tell apart: the one of a report, or those of a merged one."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from auditor.report import CheckRow, ClusterRow, Report


class OfCluster(Protocol):
    """A row of a report that names its cluster where there are several."""

    @property
    def cluster(self) -> str: ...


class Audited(Struct, frozen=True):
    """One cluster. `complete`: everything was judged."""

    name: str
    row: ClusterRow
    version: str
    checks: tuple[CheckRow, ...]
    complete: bool


class Clusters:
    """Of one report. A single cluster is called what the report calls it, whatever its rows say."""

    def __init__(self, report: Report) -> None:
        self._only = None if report.clusters else report.cluster.name
        self.audited = _several(report) if report.clusters else (_single(report),)

    @property
    def run(self) -> str:
        """The label of what is about the run and not about one of several clusters."""
        return self._only or ""

    def of(self, row: OfCluster) -> str:
        return row.cluster if self._only is None else self._only


def _single(report: Report) -> Audited:
    return Audited(
        report.cluster.name, report.cluster, report.auditor.version, report.checks, complete=not report.incomplete
    )


def _several(report: Report) -> tuple[Audited, ...]:
    doubtful = {finding.cluster for finding in report.findings if finding.cause in ("unreadable", "error")}
    return tuple(
        Audited(
            one.name,
            ClusterRow(one.name, one.uid, one.version, one.collected_at, one.source),
            one.auditor.version,
            one.checks,
            complete=one.error is None and one.name not in doubtful,
        )
        for one in report.clusters
    )
