"""Reports that are older than those beside them: of last night, where tonight's audit has left none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from auditor.cluster_parts import Part, shares, unread
from auditor.cluster_sums import joined
from auditor.report import Report


def newest(reports: Iterable[Report]) -> datetime | None:
    """When the latest audit of all was; None where no report says when it was, as of files."""
    times = (_time(part) for report in reports for part in shares(report))
    return max(filter(None, times), default=None)


def without_stale(reports: Sequence[Report], hours: float) -> list[Report]:
    """The reports, in which a cluster whose audit is more than `hours` older than the newest was not audited. What does
    not say when it was collected stays."""
    latest = newest(reports)
    return [_judged(report, latest, hours) for report in reports] if latest else list(reports)


def _judged(report: Report, latest: datetime, hours: float) -> Report:
    parts = shares(report)
    kept = [_late(part, latest, hours) or part for part in parts]
    return report if kept == parts else joined(kept)


def _late(part: Part, latest: datetime, hours: float) -> Part | None:
    """What stands for the cluster in its place; None for one that is recent enough."""
    at, cluster = _time(part), part.cluster
    age = (latest - at).total_seconds() / 3600 if at else 0.0
    if age <= hours:
        return None
    return unread(
        cluster.name,
        f"its report is of {cluster.collected_at}, {age:,.1f} hours older than the newest one",
        cluster.policy,
        "Audit it again, or allow for more with --max-age HOURS.",
        cluster.uid,
    )


def _time(part: Part) -> datetime | None:
    if part.cluster.error is not None:
        return None
    try:
        at = datetime.fromisoformat(part.cluster.collected_at or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
