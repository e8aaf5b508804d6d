"""Reports of several clusters merged into one: in whatever order and grouping, the result is the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from auditor.cluster_parts import Part, called, shares, single, unread
from auditor.cluster_sums import joined
from auditor.errors import UsageError
from auditor.report import ClusterPart, PolicyRow, Report

_UID = 8
_UNREAD = re.compile(r" \(not audited(?: [0-9]+)?\)\Z")


def merge(reports: Sequence[Report], origins: Sequence[str] = ()) -> Report:
    """One report of all clusters that the reports are of, each of which may be of several itself.

    A cluster is told by its uid, else by its name. Twice the same audit of it counts once; two different audits of it
    are a UsageError, as are two clusters that nothing tells apart. Clusters of one name become `NAME (UID)`. What could
    not be audited gives way to an audit of its uid, never to a mere name, which is another cluster's as easily: beside
    one of its name it becomes `NAME (not audited)`. The report of a single cluster stays what it is. `origins` are what
    messages call the reports.
    """
    named = origins if len(origins) == len(reports) else [f"report {number}" for number, _ in enumerate(reports, 1)]
    found = _distinct(
        [(part, origin) for report, origin in zip(reports, named, strict=True) for part in _parts(report)]
    )
    if not found:
        raise UsageError(
            "there is no report to merge", "Name JSON reports, as `auditor scan -o json=PATH` writes them."
        )
    if len(found) == 1 and found[0].cluster.error is None:
        return single(found[0])
    return joined(sorted(_labelled(found), key=lambda part: part.cluster.name))


def not_audited(name: str, reason: str, policy: PolicyRow, advice: str = "") -> Report:
    """What stands for a cluster that could not be audited, to be merged with the reports of others."""
    return joined([unread(name, reason, policy, advice)])


def _parts(report: Report) -> list[Part]:
    """The clusters of a report under the names of their own reports, one unless it was merged."""
    return [called(part, _own_name(part.cluster)) for part in shares(report)]


def _own_name(cluster: ClusterPart) -> str:
    """The name without what an earlier merge added to tell it from another."""
    if _failed_unknown(cluster):
        return _UNREAD.sub("", cluster.name)
    return cluster.name.removesuffix(_suffix(cluster))


def _suffix(cluster: ClusterPart) -> str:
    return f" ({cluster.uid[:_UID]})" if cluster.uid else ""


def _distinct(given: Sequence[tuple[Part, str]]) -> list[Part]:
    """Each cluster once. Failures of one name without a uid may be of several: those that differ are kept."""
    audited: dict[tuple[str, str], tuple[Part, str]] = {}
    failed: dict[tuple[str, str], Part] = {}
    for part, origin in given:
        cluster = part.cluster
        if cluster.error is not None:
            key = ("uid", cluster.uid) if cluster.uid else ("failure", repr(cluster))
            failed[key] = min(part, failed.get(key, part), key=repr)
            continue
        key = ("uid", cluster.uid) if cluster.uid else ("name", cluster.name)
        known, where = audited.setdefault(key, (part, origin))
        if known != part:
            raise UsageError(
                f"cluster {cluster.name or cluster.uid!r} was audited twice: {_when(known, where)}, and "
                f"{_when(part, origin)}",
                "Give one report of each cluster. Several namespaces go into one: `auditor scan -n A -n B`.",
            )
    return [part for part, _ in audited.values()] + [part for key, part in failed.items() if key not in audited]


def _when(part: Part, origin: str) -> str:
    return f"in {origin}, collected at {part.cluster.collected_at or 'a time not known'}"


def _labelled(found: Sequence[Part]) -> list[Part]:
    """Parts of one name with what tells them apart in it."""
    groups: dict[str, list[Part]] = {}
    for part in found:
        groups.setdefault(part.cluster.name, []).append(part)
    made = [part for group in groups.values() for part in (_apart(group) if len(group) > 1 else group)]
    labels = Counter(part.cluster.name for part in made)
    doubtful = {label for label, count in labels.items() if count > 1}
    for name, group in groups.items():
        audited = [part for part in group if part.cluster.error is None]
        if len(audited) > 1 and not all(part.cluster.uid for part in audited):
            doubtful.add(name)
    if doubtful:
        raise UsageError(
            f"several clusters are called {min(doubtful)!r}, and no uid tells them apart: they may be the same",
            "Let audits read namespaces, which tells the uid, or name the clusters differently: in the kubeconfig, "
            "or by `name` in cluster.yaml.",
        )
    return made


def _apart(group: Sequence[Part]) -> Iterator[Part]:
    """With the uid behind the name; failures that have none are numbered, if there are several."""
    yield from (
        called(part, part.cluster.name + _suffix(part.cluster)) for part in group if not _failed_unknown(part.cluster)
    )
    unknown = sorted((part for part in group if _failed_unknown(part.cluster)), key=repr)
    for number, part in enumerate(unknown, 1):
        yield called(part, f"{part.cluster.name} (not audited{f' {number}' if number > 1 else ''})")


def _failed_unknown(cluster: ClusterPart) -> bool:
    """Whether nothing but a name, of a cluster or of a file, is known of what could not be audited."""
    return cluster.error is not None and not cluster.uid
