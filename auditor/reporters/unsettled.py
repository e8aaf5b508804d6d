"""What is no failure and no pass: not judged for want of data, broken checks, waived failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from auditor.report import AppliedWaiver, Finding, Report, Severity
from auditor.reporters.cells import columns, wrap_name, wrap_text
from auditor.reporters.grid import GAP, Cell, grid, natural, rule, share
from auditor.reporters.rows import place

_SHOWN = 12
_FEW = 3


class _Gap(Struct):
    """One reason why something was not judged: where, by how many checks and of how many subjects, as far as known."""

    where: dict[str, None] = {}
    checks: set[str] = set()  # noqa: RUF012
    subjects: int = 0
    uncounted: bool = False


def not_judged(report: Report, width: int) -> Iterator[str]:
    """One line per reason and resource, instead of one per check and scope."""
    gaps: dict[tuple[str, str], _Gap] = {}
    found = [finding for finding in report.findings if finding.cause == "unreadable"]
    for finding in found:
        for resource, reason in _reasons(finding).items():
            gap = gaps.setdefault((resource, reason), _Gap())
            gap.where[place(finding.namespace) if finding.namespace else "everywhere"] = None
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
    rows: list[list[str]] = [
        [resource, reason, _listed(sorted(gap.where)), f"{len(gap.checks):,}", _subjects(gap)]
        for (resource, reason), gap in sorted(gaps.items())
    ]
    yield from _table(["unread", "why", "where", "checks", "subjects"], rows, width, right=(3, 4))


def broken(report: Report, width: int) -> Iterator[str]:
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        if finding.cause == "error":
            found.setdefault((finding.check, finding.message), []).append(finding)
    if not found:
        return
    yield from wrap_text(
        f"BROKEN CHECKS ({sum(map(len, found.values())):,}): a fault of the check, not of the cluster; please report it",
        width,
        "  ",
    )
    yield ""
    rows = [[check, message, _few(own)] for (check, message), own in sorted(found.items())]
    yield from _table(["check", "what happened", "subjects"], rows, width)


def waived(report: Report, width: int) -> Iterator[str]:
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
    rows = [
        [until if live else f"{until} EXPIRED", f"{len(own):,}", check, _few(own), reason + (f" ({owner})" if owner else "")]
        for (live, until, reason, owner, check), own in sorted(found.items())
    ]
    yield from _table(["until", "count", "check", "subjects", "reason (owner)"], rows, width, right=(1,))
