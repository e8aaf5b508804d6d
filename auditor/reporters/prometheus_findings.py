"""Findings as metrics: counted by check and namespace, by severity, by what became of them, and until when waived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time
from itertools import product

from prometheus_client.core import Metric

from auditor.diff import Diff
from auditor.report import Finding, Report, Severity
from auditor.reporters.prometheus_clusters import Clusters
from auditor.reporters.prometheus_families import Sample, family

_STATUSES = ("fail", "manual", "waived")
_CAUSES = ("judgment", "unreadable", "error")
_DAY = 86400

Kind = tuple[str, ...]


def findings(report: Report) -> Iterator[Metric]:
    """Counts of a report's findings."""
    clusters = Clusters(report)
    found = report.findings
    yield family(
        "auditor_findings",
        "Findings; passes are none, see auditor_subjects. An empty namespace is the cluster itself.",
        ("cluster", "check", "namespace", "severity", "status"),
        _counts(clusters, (), found, lambda one: (one.check, one.namespace or "", one.severity, one.status)),
    )
    yield family(
        "auditor_failures",
        "Findings that failed, waived ones aside.",
        ("cluster", "severity"),
        _counts(
            clusters,
            [(severity,) for severity in Severity],
            (one for one in found if one.status == "fail"),
            lambda one: (one.severity,),
        ),
    )
    yield family(
        "auditor_not_judged",
        "Findings without a verdict, by cause.",
        ("cluster", "cause"),
        _counts(
            clusters,
            [(cause,) for cause in _CAUSES],
            (one for one in found if one.cause),
            lambda one: (one.cause or "",),
        ),
    )
    yield family(
        "auditor_check_errors",
        "Subjects that each check that ran broke on.",
        ("cluster", "check"),
        [
            *(((one.name, row.id), 0) for one in clusters.audited for row in one.checks),
            *_counts(clusters, (), (one for one in found if one.cause == "error"), lambda one: (one.check,)),
        ],
    )
    yield family(
        "auditor_waiver_expiry_timestamp_seconds",
        "When the first of the waivers ends that accept failures of this check in this namespace.",
        ("cluster", "check", "namespace"),
        (
            ((clusters.of(one), one.check, one.namespace or ""), end)
            for one in found
            if one.status == "waived" and one.waiver and (end := _end(one.waiver.expires)) is not None
        ),
        join=min,
    )


def changes(comparison: Diff) -> Iterator[Metric]:
    """What became of the baseline's findings, zeros included. `status` is the one of the report that holds them."""
    clusters = Clusters(comparison.after)
    kinds = [(str(severity), str(status)) for severity, status in product(Severity, _STATUSES)]
    for name, about, found in (
        ("auditor_new_findings", "Findings that the baseline does not hold.", comparison.new),
        ("auditor_gone_findings", "Findings that only the baseline holds.", comparison.gone),
        (
            "auditor_unseen_findings",
            "Findings of the baseline that this audit could not look for.",
            comparison.unseen,
        ),
    ):
        samples = _counts(clusters, kinds, found, lambda one: (one.severity, one.status))
        yield family(name, about, ("cluster", "severity", "status"), samples)


def _counts(
    clusters: Clusters, kinds: Collection[Kind], found: Iterable[Finding], kind: Callable[[Finding], Kind]
) -> Iterator[Sample]:
    """How many findings of each kind each cluster has; of the given `kinds` also that there are none."""
    for one, empty in product(clusters.audited, kinds):
        yield (one.name, *empty), 0
    yield from Counter((clusters.of(one), *kind(one)) for one in found).items()


def _end(expires: str) -> float | None:
    """Unix time of the midnight (UTC) that ends a waiver's last day; None where that is no date."""
    try:
        last = date.fromisoformat(expires)
    except ValueError:
        return None
    return datetime.combine(last, time(), UTC).timestamp() + _DAY
