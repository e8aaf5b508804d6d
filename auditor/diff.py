"""Two reports compared: what is new, what is gone, what is still there, and what the later one did not see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import msgspec
from msgspec import Struct

from auditor.pairs import pairs
from auditor.report import ClusterRow, CoverageRow, Finding, Report, Severity

Key = tuple[str, str]

_SHOWN = 12


class Diff(Struct, frozen=True):
    """Findings by what became of them, in the order of their reports.

    A finding counts while something is said against its subject: it failed, failed and was waived, or a person has to
    judge it. That something was not read or that a check broke says nothing of the cluster and is never compared.

    - `new`: in the later report only; or failing there, and in the earlier one waived or a matter of judgment. A waiver
      that ran out so makes its failures new, as they were accepted by nobody any more: a baseline cannot keep what its
      waiver no longer does.
    - `still`: in both, as the later report has them. A failure that was waived meanwhile is still there: a waiver
      changes who answers for it, not the cluster.
    - `gone`: in the earlier report only, although the later one looked.
    - `unseen`: in the earlier report only, and the later one could not tell: its check was not selected or broke, what
      it needs was not read, or the namespace was left out. Unread is never gone.

    Each counted finding of the earlier report is in exactly one of `still`, `gone` and `unseen`, or was superseded by
    one in `new`; each of the later one is in `new` or `still`. `first`: there was no earlier report, and everything is
    new.
    """

    before: Report
    after: Report
    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    still: tuple[Finding, ...]
    unseen: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()
    first: bool = False

    def new_failures(self, at_least: Severity) -> int:
        """How many new findings failed at this severity or a higher one."""
        return sum(f.status == "fail" and f.severity.rank <= at_least.rank for f in self.new)


def diff(old: Report, new: Report) -> Diff:
    """What changed from one report to a later one, cluster by cluster if there are several. `warnings` say why the two
    may not be comparable."""
    if old.clusters or new.clusters:
        return _of_several(old, new)
    earlier, later = counted(old, new)
    fresh = {key for key, finding in later.items() if _is_new(earlier.get(key), finding)}
    lost = {key: finding for key, finding in earlier.items() if key not in later}
    blind = _Blind(new)
    return Diff(
        before=old,
        after=new,
        new=tuple(later[key] for key in later if key in fresh),
        gone=tuple(finding for finding in lost.values() if not blind.to(finding)),
        still=tuple(later[key] for key in later if key not in fresh),
        unseen=tuple(finding for finding in lost.values() if blind.to(finding)),
        warnings=tuple(_warnings(old, new)),
    )


def _of_several(old: Report, new: Report) -> Diff:
    found: list[Diff] = []
    warnings: list[str] = []
    for pair in pairs(old, new):
        if pair.new is None:
            unseen = tuple(counted(pair.old)[0].values()) if pair.old else ()
            found.append(Diff(old, new, new=(), gone=(), still=(), unseen=unseen))
            warnings.append(f"{pair.name}: not audited for the new report, so that nothing of it is gone.")
        elif pair.old is None:
            found.append(Diff(old, new, new=tuple(counted(pair.new)[0].values()), gone=(), still=(), unseen=()))
            warnings.append(f"{pair.name}: not audited for the old report: everything counts as new.")
        else:
            found.append(diff(pair.old, pair.new))
            warnings += [f"{pair.name}: {warning}" for warning in found[-1].warnings]
    return Diff(
        before=old,
        after=new,
        new=tuple(finding for one in found for finding in one.new),
        gone=tuple(finding for one in found for finding in one.gone),
        still=tuple(finding for one in found for finding in one.still),
        unseen=tuple(finding for one in found for finding in one.unseen),
        warnings=tuple(warnings),
    )


def first_run(report: Report) -> Diff:
    """A report where there is nothing yet to compare it with."""
    nothing = msgspec.structs.replace(report, findings=(), cluster=ClusterRow(report.cluster.name, source=""))
    found = tuple(counted(report)[0].values())
    return Diff(nothing, report, new=found, gone=(), still=(), unseen=(), first=True)


def counted(*reports: Report) -> tuple[dict[Key, Finding], ...]:
    """Of each report the findings that say something against a subject, by what makes them the same in all of them.

    The id leaves the cluster out. It tells them apart only where one report has several, so that a renamed context is
    no new cluster.
    """
    several = any(len({finding.cluster for finding in report.findings}) > 1 for report in reports)
    return tuple(
        {
            (finding.cluster if several else "", finding.id): finding
            for finding in report.findings
            if finding.cause not in ("unreadable", "error")
        }
        for report in reports
    )


def _is_new(before: Finding | None, after: Finding) -> bool:
    return before is None or (after.status == "fail" and before.status != "fail")


class _Blind:
    """What a report could not judge."""

    def __init__(self, report: Report) -> None:
        self._checks = {row.id for row in report.checks}
        self._unread = {(f.check, f.namespace) for f in report.findings if f.cause == "unreadable"}
        self._broken = {(f.check, f.namespace, f.subject) for f in report.findings if f.cause == "error"}
        self._left_out = {name for row in report.coverage if row.resource == "*" for name in row.namespaces}
        everywhere = {row.resource for row in report.coverage if not row.namespaces}
        limited = [row for row in report.coverage if row.state == "read" and row.resource not in everywhere]
        self._only = {name for row in limited for name in row.namespaces}

    def to(self, finding: Finding) -> bool:
        return (
            finding.check not in self._checks
            or (finding.namespace is not None and self._outside(finding.namespace))
            or not self._unread.isdisjoint([(finding.check, None), (finding.check, finding.namespace)])
            or (finding.check, finding.namespace, finding.subject) in self._broken
        )

    def _outside(self, namespace: str) -> bool:
        """Left out by name or glob, or in none of the namespaces where something was listed by namespace."""
        left_out = any(fnmatchcase(namespace, glob) for glob in self._left_out)
        return left_out or bool(self._only and namespace not in self._only)


def _warnings(old: Report, new: Report) -> Iterator[str]:
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
    if later - earlier:
        places = _places(later - earlier)
        yield f"Read for the old report and not for the new one, so that what is gone may only be unseen: {places}."
    if earlier - later:
        places = _places(earlier - later)
        yield f"Read for the new report and not for the old one, so that what is new may only be newly seen: {places}."


def _gaps(coverage: Iterable[CoverageRow], other: Iterable[CoverageRow]) -> set[tuple[str, str]]:
    """(resource, namespace) of what was not read, "" for everywhere; with what only the other report speaks of."""
    rows = list(coverage)
    gaps = {
        (row.resource, namespace)
        for row in rows
        if row.state in ("forbidden", "failed", "excluded")
        for namespace in row.namespaces or ("",)
    }
    mentioned = {row.resource for row in rows} | {"*"}
    return gaps | {(row.resource, "") for row in other if row.state == "read" and row.resource not in mentioned}


def _places(gaps: set[tuple[str, str]]) -> str:
    """`secrets in a, b; nodes`."""
    found: dict[str, list[str]] = {}
    for resource, namespace in sorted(gaps):
        found.setdefault("everything" if resource == "*" else resource, []).append(namespace)
    return "; ".join(_place(resource, namespaces) for resource, namespaces in found.items())


def _place(resource: str, namespaces: list[str]) -> str:
    named = list(filter(None, namespaces))
    more = f" and {len(named) - _SHOWN:,} more" if len(named) > _SHOWN else ""
    return f"{resource} in {', '.join(named[:_SHOWN])}{more}" if named else resource
