"""Parts of clusters joined into one report: what is counted adds up, what is told says of which cluster it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from auditor.cluster_parts import Part
from auditor.report import CheckRow, ClusterPart, ClusterRow, Counts, PolicyRow, Report, Severity, Summary, Tool
from auditor.version import __version__

T = TypeVar("T")

MERGED = "merged"
"""`source` of a report of several clusters."""

# A waiver that is idle in one cluster may be at work in another that was judged by the same policy (waivers.py).
_IDLE = "matches nothing in this audit"


def joined(found: Sequence[Part]) -> Report:
    """The report of the parts, in their order; no two have one name."""
    clusters = tuple(part.cluster for part in found)
    audited = [cluster for cluster in clusters if cluster.error is None]
    policies = [cluster.policy for cluster in audited or clusters]
    hashes = {policy.sha256 for policy in policies}
    return Report(
        auditor=Tool(__version__),
        cluster=ClusterRow(
            version=_one({cluster.version for cluster in audited}) or "",
            collected_at=min(filter(None, (cluster.collected_at for cluster in audited)), default=None),
            source=MERGED,
        ),
        policy=PolicyRow(_one({policy.path for policy in policies}) if len(hashes) == 1 else None, _one(hashes)),
        coverage=tuple(row for part in found for row in part.coverage),
        summary=_summary([cluster.summary for cluster in clusters]),
        checks=tuple(_checks(clusters)),
        findings=tuple(finding for part in found for finding in part.findings),
        warnings=(*_differences(clusters), *_warnings(clusters)),
        clusters=clusters,
    )


def _one(values: Collection[T]) -> T | None:
    """The value that all have in common, None where they differ."""
    return next(iter(values)) if len(values) == 1 else None


def _summary(found: Iterable[Summary]) -> Summary:
    total, spaces, severities = Counts(), dict[str, Counts](), dict.fromkeys(map(str, Severity), 0)
    for one in found:
        total += Counts(one.passed, one.fail, one.manual, one.waived)
        for severity, count in one.by_severity.items():
            severities[severity] = severities.get(severity, 0) + count
        for namespace, counts in one.by_namespace.items():
            spaces[namespace] = spaces.get(namespace, Counts()) + counts
    return Summary(total.passed, total.fail, total.manual, total.waived, severities, dict(sorted(spaces.items())))


def _checks(clusters: Iterable[ClusterPart]) -> Iterator[CheckRow]:
    """Sums of the clusters' rows; of a check's severities, which policies may set, the highest."""
    rows: dict[str, list[CheckRow]] = {}
    for cluster in clusters:
        for row in cluster.checks:
            rows.setdefault(row.id, []).append(row)
    for _, own in sorted(rows.items()):
        total = sum((Counts(row.passed, row.fail, row.manual, row.waived) for row in own), Counts())
        severity = min((row.severity for row in own), key=lambda severity: severity.rank)
        yield CheckRow(own[0].id, own[0].title, severity, *msgspec.structs.astuple(total))


def _warnings(clusters: Sequence[ClusterPart]) -> Iterator[str]:
    """What the clusters' reports warn of, each text once with the clusters that it is about."""
    told: dict[str, list[str]] = {}
    for cluster in clusters:
        if cluster.error is not None:
            yield f"{cluster.name}: not audited: {cluster.error}"
        for warning in cluster.warnings:
            told.setdefault(warning, []).append(cluster.name)
    audited = [cluster for cluster in clusters if cluster.error is None]
    policies = {cluster.name: cluster.policy.sha256 for cluster in audited}
    for warning, names in told.items():
        alike = {name for name, policy in policies.items() if policy in {policies[own] for own in names}}
        if warning.endswith(_IDLE) and alike - set(names):
            continue
        yield f"{'all clusters' if len(names) == len(audited) > 1 else ', '.join(names)}: {warning}"


def _differences(clusters: Sequence[ClusterPart]) -> Iterator[str]:
    """Why the clusters may not compare."""
    clusters = [cluster for cluster in clusters if cluster.error is None]
    versions = {cluster.auditor.version for cluster in clusters}
    if len(versions) > 1:
        yield f"The clusters were audited by auditor {' and '.join(sorted(versions))}: checks may judge differently."
    if len({cluster.policy.sha256 for cluster in clusters}) > 1:
        yield "The clusters were judged by different policies."
    checks = [{row.id for row in cluster.checks} for cluster in clusters]
    everything: set[str] = set().union(*checks)
    if some := sorted(check for check in everything if not all(check in own for own in checks)):
        yield f"Not checked in every cluster: {', '.join(some)}."
