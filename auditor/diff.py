"""Two reports compared: what is new, what is gone, what is still there, and what the later one did not see."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec
from msgspec import Struct

from auditor.comparability import doubts
from auditor.pairs import pairs
from auditor.report import UNREAD, ClusterRow, Finding, Report, Severity, Subject, identity

Key = tuple[str, str]

# Subjects that stand for all that could not be judged there.
_WHOLES = ("Cluster", "Namespace")


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

    @property
    def several(self) -> bool:
        """Whether one of the reports is of several clusters, so that a namespace alone names no place."""
        return bool(self.before.clusters or self.after.clusters)

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
        warnings=tuple(doubts(old, new)),
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
            if not _is_gap(finding)
        }
        for report in reports
    )


def _is_gap(finding: Finding) -> bool:
    """Whether it says nothing of the cluster: it was not read, a check broke, or the user asked for less than that."""
    if finding.cause in ("unreadable", "error"):
        return True
    if finding.cause != "judgment" or finding.subject.kind not in _WHOLES:
        return False
    return finding.id == identity(finding.check, finding.namespace, finding.subject, UNREAD)


def _is_new(before: Finding | None, after: Finding) -> bool:
    return before is None or (after.status == "fail" and before.status != "fail")


class _Blind:
    """What a report could not judge."""

    def __init__(self, report: Report) -> None:
        self._checks = {row.id for row in report.checks}
        self._whole: set[tuple[str, str | None]] = set()
        self._broken: set[tuple[str, str | None, Subject]] = set()
        self._kinds: dict[tuple[str, str | None], set[_Kind]] = {}
        for gap in filter(_is_gap, report.findings):
            if gap.subject.kind in _WHOLES:
                self._whole.add((gap.check, gap.namespace))
            self._broken.add((gap.check, gap.namespace, gap.subject))
            for place in {gap.namespace, None}:
                self._kinds.setdefault((gap.check, place), set()).add(_kind(gap))
        self._left_out = {name for row in report.coverage if row.resource == "*" for name in row.namespaces}
        everywhere = {row.resource for row in report.coverage if not row.namespaces}
        limited = [row for row in report.coverage if row.state == "read" and row.resource not in everywhere]
        self._only = {name for row in limited for name in row.namespaces}

    def to(self, finding: Finding) -> bool:
        check, namespace = finding.check, finding.namespace
        return (
            check not in self._checks
            or (namespace is not None and self._outside(namespace))
            or not self._whole.isdisjoint([(check, None), (check, namespace)])
            or (check, namespace, finding.subject) in self._broken
            or self._told_by_others(finding)
        )

    def _told_by_others(self, finding: Finding) -> bool:
        """Whether the check may have told it of this subject while it looked at another one, on which it broke now. A
        report does not say on what checks run, so every subject of another kind may be that one."""
        mine = _kind(finding)
        if finding.namespace is None:
            return bool(self._kinds.get((finding.check, None), set()) - {mine})
        beside = self._kinds.get((finding.check, finding.namespace), set())
        above = {kind for kind in self._kinds.get((finding.check, None), set()) if not kind.namespaced}
        return bool((beside | above) - {mine})

    def _outside(self, namespace: str) -> bool:
        """Left out by name or glob, or in none of the namespaces where something was listed by namespace."""
        left_out = any(fnmatchcase(namespace, glob) for glob in self._left_out)
        return left_out or bool(self._only and namespace not in self._only)


class _Kind(NamedTuple):
    """What tells subjects of one kind of check from those of another: images of containers are all of one."""

    namespaced: bool
    name: str


def _kind(finding: Finding) -> _Kind:
    subject = finding.subject
    return _Kind(finding.namespace is not None, "" if subject.container is not None else subject.kind)
