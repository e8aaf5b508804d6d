"""The matrix of enforcement for the HTML page."""

from __future__ import annotations

from msgspec import Struct

from auditor.report import GoalRow, Report
from auditor.reporters.matrix import GOALS, VERDICTS, Line, against, lines, unreadable, unseen, who


class Cell(Struct, frozen=True):
    """A verdict (a key of VERDICTS) and its words, which policy that is or is nearest, and what is against it."""

    verdict: str
    words: str
    by: str
    details: tuple[str, ...]


class Row(Struct, frozen=True):
    """Namespaces that fare alike, with one cell per goal; `title` says how many, or which one."""

    title: str
    namespaces: tuple[str, ...]
    cells: tuple[Cell, ...]


class Matrix(Struct, frozen=True):
    """Goals as columns. `unseen`: what could not be read for it. False where there is nothing to show."""

    goals: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    unseen: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows)


def matrix(report: Report) -> Matrix:
    """The table of the report's `enforcement`, empty where it has none."""
    found = lines(report)
    if not found:
        return Matrix()
    return Matrix(GOALS, tuple(_row(line) for line in found), tuple(unseen(unreadable(report))))


def _row(line: Line) -> Row:
    return Row(line.title, line.namespaces, tuple(_cell(cell) for cell in line.cells))


def _cell(cell: GoalRow) -> Cell:
    return Cell(cell.verdict, VERDICTS[cell.verdict], who(cell), tuple(_details(cell)))


def _details(cell: GoalRow) -> list[str]:
    unread = ["not all was read that could enforce it"] if cell.unread else []
    return [*unread, *against(cell)]
