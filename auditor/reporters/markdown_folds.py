"""What a report in Markdown folds away, the list of failures aside: advice, enforcement, questions, gaps, waivers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.report import CoverageRow, Finding, GoalRow, Report
from auditor.reporters.changes import UNMARKED, Marks
from auditor.reporters.evidence import in_words
from auditor.reporters.markdown_table import folded, table
from auditor.reporters.markdown_text import code, paragraphs, place, prose, subject
from auditor.reporters.matrix import GOALS, VERDICTS, against, lines, unreadable, unseen, who
from auditor.reporters.overview import is_choice, is_gap
from auditor.reporters.rows import Row, alike, counted, worst_first
from auditor.reporters.unsettled import listed

# What the advice and each table may take, in bytes: most fit in whole, and failures have the room that is left.
_ADVICE = 9_000
_ROOM = 4_500
_FEW = 3


def folds(report: Report, failures: Sequence[Finding], marked: Marks = UNMARKED) -> Iterator[str]:
    """Closed sections of at most 42,000 bytes together, empty ones among them."""
    several = bool(report.clusters)
    questions = alike(marked.new_first(found for found in report.findings if found.cause == "judgment"))
    broken = [found for found in report.findings if found.cause == "error"]
    unread = [found for found in report.findings if found.cause == "unreadable"]
    waived = [found for found in report.findings if found.waiver]
    gaps = [row for row in report.coverage if is_gap(row) or (row.state == "read" and row.detail)]
    yield folded("What to do", _advice(report, failures))
    yield folded("What stops a forbidden image", _enforcement(report))
    yield folded(
        f"To judge by hand ({sum(len(row.findings) for row in questions):,})",
        table(
            ("namespace", "check", "subjects", "what to find out"),
            [
                [place(row.first, several), code(row.first.check), _subjects(row, marked), _question(row.first)]
                for row in questions
            ],
            _ROOM,
        ),
    )
    yield folded(
        f"Not judged ({len(unread):,}): unread is never passed",
        table(
            ("namespace", "check", "why"),
            [[place(found, several), code(found.check), prose(found.message)] for found in unread],
            _ROOM,
        ),
    )
    columns = ("resource", "state", "where", "remark")
    if several:
        rows = [[code(row.cluster), *_gap(row)] for row in gaps]
        yield folded("Not read, or with remarks", table(("cluster", *columns), rows, _ROOM))
    else:
        yield folded("Not read, or with remarks", table(columns, list(map(_gap, gaps)), _ROOM))
    yield folded(
        f"Broken checks ({len(broken):,}): a fault of the check, not of the cluster",
        table(
            ("namespace", "check", "subject", "what happened"),
            [[place(found, several), code(found.check), subject(found), prose(found.message)] for found in broken],
            _ROOM,
        ),
    )
    yield folded(
        f"Waivers ({len(waived):,})",
        table(
            ("until", "namespace", "check", "subject", "reason", "owner"),
            [cells for found in waived for cells in _waiver(found, several, marked)],
            _ROOM,
        ),
    )
    warnings = [[prose(warning)] for warning in report.warnings]
    yield folded(f"Warnings ({len(warnings):,})", table(("about the policy",), warnings, _ROOM))


def _advice(report: Report, failures: Sequence[Finding]) -> list[str]:
    """What to do, once per check that failed, the worst first."""
    by_check: dict[str, list[Finding]] = {}
    for found in failures:
        by_check.setdefault(found.check, []).append(found)
    titles = {row.id: row.title for row in report.checks}
    lines: list[str] = []
    left = 0
    for check, own in sorted(by_check.items(), key=lambda item: (worst_first(item[1]), item[0])):
        heading = f"**{code(check)}** ({counted(own)}): {prose(titles.get(check, ''))}"
        part = [*([""] if lines else []), heading, "", *paragraphs(own[0].remediation)]
        if left or len("\n".join([*lines, *part]).encode()) > _ADVICE:
            left += 1
        else:
            lines += part
    rest = [f"And {left:,} more: `auditor checks ID` tells what to do about each."] if left else []
    return [*lines, *([""] if lines and rest else []), *rest]


def _enforcement(report: Report) -> list[str]:
    """The matrix, namespaces that fare alike in one row, and what could not be read for it."""
    rows = [
        [
            listed([code(name) for name in line.namespaces]),
            *map(_cell, line.cells),
        ]
        for line in lines(report)
    ]
    told = table(("namespaces", *GOALS), rows, _ROOM)
    unread = unseen(unreadable(report)) if told else ()
    return [*told, *(text for line in unread for text in ("", f"Perhaps more than is told here: {prose(line)}."))]


def _cell(cell: GoalRow) -> str:
    """The verdict, the policy, and the first thing against it."""
    said = [who(cell), *list(against(cell))[:1]]
    return "<br>".join([VERDICTS[cell.verdict], *(prose(text) for text in said if text)])


def _subject(finding: Finding, marked: Marks) -> str:
    return f"{'**new** ' if marked.is_new(finding) else ''}{subject(finding)}"


def _subjects(row: Row, marked: Marks) -> str:
    more = len(row.findings) - _FEW
    return "<br>".join(
        [*(_subject(found, marked) for found in row.findings[:_FEW]), *([f"and {more:,} more"] if more > 0 else [])]
    )


def _question(finding: Finding) -> str:
    """What is asked, and the evidence to answer it by."""
    return "<br>".join([prose(finding.message), *map(prose, in_words(finding))])


def _gap(row: CoverageRow) -> list[str]:
    everything = row.resource == "*"
    rest = "elsewhere" if is_choice(row) else "everywhere"
    where = prose(listed(row.namespaces)) if row.namespaces else rest
    what = "everything" if everything else prose(row.resource)
    return [what, prose(row.state), where, prose(row.detail) or "-"]


def _waiver(finding: Finding, several: bool, marked: Marks) -> Iterator[list[str]]:
    if waiver := finding.waiver:
        until = f"{code(waiver.expires)}, **expired**" if waiver.expired else code(waiver.expires)
        about = [place(finding, several), code(finding.check), _subject(finding, marked)]
        yield [until, *about, prose(waiver.reason), prose(waiver.owner or "") or "-"]
