"""A report taken apart into the clusters that it is of, and a cluster's part as a report of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from auditor.errors import SourceError
from auditor.report import ClusterPart, ClusterRow, CoverageRow, Finding, PolicyRow, Report, Severity, Summary, Tool
from auditor.version import __version__

Row = TypeVar("Row", CoverageRow, Finding)


class Part(Struct, frozen=True):
    """One cluster's share of a report."""

    cluster: ClusterPart
    coverage: tuple[CoverageRow, ...]
    findings: tuple[Finding, ...]


def shares(report: Report) -> list[Part]:
    """The clusters of a report under the names that they have in it, one unless it was merged."""
    if not report.clusters:
        row = report.cluster
        cluster = ClusterPart(
            row.name,
            row.uid,
            row.version,
            row.collected_at,
            row.source,
            None,
            report.auditor,
            report.policy,
            report.summary,
            report.checks,
            report.enforcement,
            report.warnings,
        )
        return [Part(cluster, report.coverage, report.findings)]
    findings, coverage = _by_cluster(report.findings), _by_cluster(report.coverage)
    if stray := ({*findings, *coverage} - {cluster.name for cluster in report.clusters}):
        what = f"it speaks of a cluster {min(stray)!r} that is not among its clusters"
        raise SourceError(f"this report is damaged: {what}", "Merge the reports again that it was made of.")
    return [
        Part(cluster, tuple(coverage.get(cluster.name, ())), tuple(findings.get(cluster.name, ())))
        for cluster in report.clusters
    ]


def single(part: Part) -> Report:
    """The report of one cluster on its own."""
    cluster = part.cluster
    return Report(
        auditor=cluster.auditor,
        cluster=ClusterRow(cluster.name, cluster.uid, cluster.version, cluster.collected_at, cluster.source),
        policy=cluster.policy,
        coverage=tuple(replace(row, cluster="") for row in part.coverage),
        summary=cluster.summary,
        checks=cluster.checks,
        findings=part.findings,
        enforcement=cluster.enforcement,
        warnings=cluster.warnings,
    )


def unread(name: str, reason: str, policy: PolicyRow, advice: str, uid: str | None = None) -> Part:
    """What stands for a cluster that could not be audited; its uid is known where an earlier audit told it."""
    cluster = ClusterPart(
        name=name,
        uid=uid,
        version="",
        collected_at=None,
        source="live",
        error=f"{reason}. {advice}".removesuffix(" "),
        auditor=Tool(__version__),
        policy=policy,
        summary=Summary(by_severity=dict.fromkeys(map(str, Severity), 0)),
        checks=(),
        enforcement=None,
        warnings=(),
    )
    return Part(cluster, (CoverageRow("*", "failed", detail=reason, cluster=name),), ())


def called(part: Part, name: str) -> Part:
    """The part with another name, wherever it stands."""
    return Part(replace(part.cluster, name=name), _renamed(part.coverage, name), _renamed(part.findings, name))


def _renamed(rows: tuple[Row, ...], name: str) -> tuple[Row, ...]:
    """Hardly a report needs it: the findings of many clusters are not to be there twice."""
    if all(row.cluster == name for row in rows):
        return rows
    return tuple(replace(row, cluster=name) for row in rows)


def _by_cluster(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.cluster, []).append(row)
    return found
