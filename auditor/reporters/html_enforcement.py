"""Whether an image policy is enforced, by namespace and goal, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from auditor.report import Report

WORDS = {"enforced": "enforced", "unknown": "unknown", "not-enforced": "not enforced"}


class Cell(Struct, frozen=True):
    """A verdict (a key of WORDS, "" where nothing was said), by which policy, and what says most against it."""

    verdict: str = ""
    by: str = ""
    detail: str = ""

    @property
    def words(self) -> str:
        return WORDS.get(self.verdict, self.verdict)


class Matrix(Struct, frozen=True):
    """Goals as columns; for each namespace one cell per goal. Empty where there is nothing to show."""

    goals: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[Cell, ...]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows)


def matrix(report: Report) -> Matrix:
    """The table of the report's `enforcement`, where it has one: answers with namespace, goal, verdict, and perhaps
    `by` and `detail`."""
    return tabulated(getattr(report, "enforcement", None) or ())


def tabulated(answers: Iterable[Any]) -> Matrix:
    """Goals in the order in which they are first named, namespaces with the least enforced goals first."""
    found: dict[str, dict[str, Cell]] = {}
    goals: dict[str, None] = {}
    for answer in answers:
        goals[str(answer.goal)] = None
        cell = Cell(str(answer.verdict), str(getattr(answer, "by", "")), str(getattr(answer, "detail", "")))
        found.setdefault(answer.namespace, {})[str(answer.goal)] = cell
    order = list(WORDS)

    def weakness(namespace: str) -> tuple[int, str]:
        verdicts = [cell.verdict for cell in found[namespace].values()]
        return -sum(order.index(verdict) for verdict in verdicts if verdict in order), namespace

    rows = ((name, tuple(found[name].get(goal, Cell()) for goal in goals)) for name in sorted(found, key=weakness))
    return Matrix(tuple(goals), tuple(rows))
