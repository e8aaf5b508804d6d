"""Whether two reports compare: what was different about how they were made, and what only one of them has read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from auditor.report import CoverageRow, Report

Gap = tuple[str, str]
"""A resource, and the namespace where it was not read, empty for everywhere."""

_GAPS = ("forbidden", "failed", "excluded")
_SHOWN = 12


def doubts(old: Report, new: Report) -> Iterator[str]:
    """Sentences for whoever compares the two."""
    a, b = old.cluster, new.cluster
    if (a.uid != b.uid) if a.uid and b.uid else (a.name != b.name):
        yield f"The reports are of different clusters: {a.name or a.uid} and {b.name or b.uid}."
    if a.collected_at and b.collected_at and a.collected_at > b.collected_at:
        yield f"The old report ({a.collected_at}) was collected after the new one ({b.collected_at})."
    versions = old.auditor.version, new.auditor.version
    if versions[0] != versions[1]:
        yield f"The reports are of auditor {' and '.join(versions)}: checks may judge differently."
    if old.policy.sha256 != new.policy.sha256:
        yield "The reports were made with different policies."
    before, after = ({row.id for row in report.checks} for report in (old, new))
    if before - after:
        yield f"Not checked in the new report: {', '.join(sorted(before - after))}."
    if after - before:
        yield f"Not checked in the old report, so that what is new may be old: {', '.join(sorted(after - before))}."
    earlier, later = _gaps(old.coverage, new.coverage), _gaps(new.coverage, old.coverage)
    if lost := _beyond(later, earlier):
        told = _places(lost)
        yield f"Read for the old report and not for the new one, so that what is gone may only be unseen: {told}."
    if found := _beyond(earlier, later):
        told = _places(found)
        yield f"Read for the new report and not for the old one, so that what is new may only be newly seen: {told}."


def together(before: Sequence[CoverageRow], after: Sequence[CoverageRow]) -> Iterator[CoverageRow]:
    """The coverage of two audits as of one: what neither has read, and else what the later one tells."""
    earlier, later = _gaps(before, after), _gaps(after, before)
    both = (earlier | later) - _beyond(earlier, later) - _beyond(later, earlier)
    told = {row.resource for row in after if row.state not in _GAPS}
    for row in (*after, *(row for row in before if row.state in _GAPS or row.resource not in told)):
        own = [name for name in row.namespaces or ("",) if (row.resource, name) in both]
        if row.state not in _GAPS:
            yield row
        elif own:
            both -= {(row.resource, name) for name in own}
            yield replace(row, namespaces=tuple(filter(None, own)))


def _gaps(coverage: Iterable[CoverageRow], other: Iterable[CoverageRow]) -> set[Gap]:
    """What was not read, of all that either speaks of."""
    rows = list(coverage)
    gaps = {(row.resource, namespace) for row in rows if row.state in _GAPS for namespace in row.namespaces or ("",)}
    mentioned = {row.resource for row in rows} | {"*"}
    return gaps | {(row.resource, "") for row in other if row.resource not in mentioned}


def _beyond(gaps: set[Gap], others: set[Gap]) -> set[Gap]:
    """Gaps that are not among the others, nor in one of those."""
    return {gap for gap in gaps if others.isdisjoint([gap, (gap[0], "")])}


def _places(gaps: set[Gap]) -> str:
    """`secrets in a, b; nodes`."""
    found: dict[str, list[str]] = {}
    for resource, namespace in sorted(gaps):
        found.setdefault("everything" if resource == "*" else resource, []).append(namespace)
    return "; ".join(_place(resource, namespaces) for resource, namespaces in found.items())


def _place(resource: str, namespaces: list[str]) -> str:
    named = list(filter(None, namespaces))
    more = f" and {len(named) - _SHOWN:,} more" if len(named) > _SHOWN else ""
    return f"{resource} in {', '.join(named[:_SHOWN])}{more}" if named else resource
