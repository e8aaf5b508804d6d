"""The matrix of enforcement as text: verdicts by namespace, below them the policies and what is against each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.report import GoalRow, Report
from auditor.reporters.cells import wrap_text
from auditor.reporters.grid import table
from auditor.reporters.matrix import GOALS, NOTHING_ELSE, VERDICTS, Line, against, lines, unreadable, who
from auditor.reporters.unsettled import listed

_INDENT = "  "
_MOST = 4


def enforcement(report: Report, width: int) -> Iterator[str]:
    """Two tables, nothing where the report has no matrix or knows of no namespace. Numbers lead from a verdict to the
    policy that it is about."""
    found = lines(report)
    if not found:
        return
    notes = _numbered(found)
    yield from wrap_text("ENFORCEMENT: what stops a forbidden image, as far as the API shows it", width, _INDENT)
    yield ""
    rows: list[list[str | Sequence[str]]] = [
        [_names(line), *(_verdict(cell, notes) for cell in line.cells)] for line in found
    ]
    yield from table(["namespaces", *GOALS], rows, width)
    if notes:
        yield ""
        unread = unreadable(report)
        told = [[f"{number}", who(cell) or "-", _few(list(against(cell, unread)))] for cell, number in notes.items()]
        yield from table(["", "enforced by, or nearest to it", "what is against it"], told, width, right=(0,))


def _numbered(found: Sequence[Line]) -> dict[GoalRow, int]:
    """A number for each cell that there is more to say of, in the order of the rows."""
    cells = dict.fromkeys(cell for line in found for cell in line.cells if cell.by is not None or cell.unread)
    return {cell: number for number, cell in enumerate(cells, 1)}


def _names(line: Line) -> str:
    return line.title if len(line.namespaces) == 1 else f"{line.title}: {listed(line.namespaces)}"


def _verdict(cell: GoalRow, notes: dict[GoalRow, int]) -> str:
    number = notes.get(cell)
    return f"{VERDICTS[cell.verdict]} ({number})" if number else VERDICTS[cell.verdict]


def _few(said: list[str]) -> list[str]:
    """The JSON report has all of it."""
    more = len(said) - _MOST
    if more > 1:
        return [*said[:_MOST], f"and {more:,} more things"]
    return said or [NOTHING_ELSE]
