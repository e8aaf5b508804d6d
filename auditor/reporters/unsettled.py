"""What is no failure and no pass: not judged for want of data, broken checks, waived failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from auditor.report import AppliedWaiver, Finding, Report
from auditor.reporters.cells import wrap_text
from auditor.reporters.changes import UNMARKED, Marks
from auditor.reporters.grid import table
from auditor.reporters.rows import spot

_SHOWN = 12
_FEW = 3


class _Gap:
    """One reason why something was not judged: where, by which checks and of how many subjects, as far as known."""

    def __init__(self) -> None:
        self.where: set[str] = set()
        self.checks: set[str] = set()
        self.subjects = 0
        self.uncounted = False


def not_judged(report: Report, width: int) -> Iterator[str]:
    """One line per reason and resource, instead of one per check and scope."""
    gaps: dict[tuple[str, str], _Gap] = {}
    found = [finding for finding in report.findings if finding.cause == "unreadable"]
    for finding in found:
        for resource, reason in _reasons(finding).items():
            gap = gaps.setdefault((resource, reason), _Gap())
            gap.where.add(_scope(finding, bool(report.clusters)))
            gap.checks.add(finding.check)
            count = finding.evidence.get("count")
            if isinstance(count, int) and not isinstance(count, bool):
                gap.subjects += count
            else:
                gap.uncounted = True
    if not gaps:
        return
    yield from wrap_text(f"NOT JUDGED ({len(found):,}): unread is never passed", width)
    yield ""
    rows: list[list[str | Sequence[str]]] = [
        [resource, reason, listed(sorted(gap.where)), f"{len(gap.checks):,}", _subjects(gap)]
        for (resource, reason), gap in sorted(gaps.items())
    ]
    yield from table(["unread", "why", "where", "checks", "subjects"], rows, width, right=(3, 4))


def broken(report: Report, width: int) -> Iterator[str]:
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        if finding.cause == "error":
            found.setdefault((finding.check, finding.message), []).append(finding)
    if not found:
        return
    count = sum(map(len, found.values()))
    yield from wrap_text(f"BROKEN CHECKS ({count:,}): a fault of the check, not of the cluster", width, "  ")
    yield ""
    rows = [[check, message, _few(own, bool(report.clusters))] for (check, message), own in sorted(found.items())]
    yield from table(["check", "what happened", "subjects"], rows, width)


def waived(report: Report, width: int, marked: Marks = UNMARKED) -> Iterator[str]:
    """Who accepted what until when. A waiver that ran out is listed first: its failures count again."""
    found: dict[tuple[bool, str, str, str, str], list[Finding]] = {}
    for finding in report.findings:
        if finding.waiver:
            found.setdefault((not finding.waiver.expired, *_terms(finding.waiver), finding.check), []).append(finding)
    if not found:
        return
    count = sum(finding.status == "waived" for finding in report.findings)
    expired = sum(len(own) for key, own in found.items() if not key[0])
    again = f"; {expired:,} more fail again, the waiver having expired" if expired else ""
    yield from wrap_text(f"WAIVED ({count:,}){again}", width, "  ")
    yield ""
    rows: list[list[str | Sequence[str]]] = [
        [
            until if live else [until, "EXPIRED"],
            f"{len(own):,}",
            check,
            _few(own, bool(report.clusters), marked),
            f"{reason} ({owner})" if owner else reason,
        ]
        for (live, until, reason, owner, check), own in sorted(found.items())
    ]
    yield from table(["until", "count", "check", "subjects", "reason (owner)"], rows, width, right=(1,))


def listed(names: Sequence[str]) -> str:
    """Names, the first ones and how many more where there are many: the JSON report has them all."""
    more = len(names) - _SHOWN
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_SHOWN])} and {more:,} more"


def _reasons(finding: Finding) -> Mapping[str, str]:
    """Resource to reason, as the engine puts them into evidence; else the message speaks for itself."""
    found = finding.evidence.get("resources")
    if isinstance(found, dict) and found:
        return {str(resource): str(reason) for resource, reason in found.items()}
    return {"": finding.message}


def _subjects(gap: _Gap) -> str:
    if gap.uncounted:
        return f"{gap.subjects:,}+" if gap.subjects else "unknown"
    return f"{gap.subjects:,}"


def _terms(waiver: AppliedWaiver) -> tuple[str, str, str]:
    return waiver.expires, waiver.reason, waiver.owner or ""


def _scope(finding: Finding, several: bool) -> str:
    if several and finding.namespace is None:
        return finding.cluster
    return spot(finding, several) if finding.namespace else "everywhere"


def _few(findings: Sequence[Finding], several: bool, marked: Marks = UNMARKED) -> list[str]:
    more = len(findings) - _FEW
    shown = [
        f"{'[new] ' if marked.is_new(finding) else ''}{spot(finding, several)}: {finding.subject}"
        for finding in marked.new_first(findings)[:_FEW]
    ]
    return [*shown, *([f"and {more:,} more"] if more > 0 else [])]
