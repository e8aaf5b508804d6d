"""The matrix of enforcement in words: namespaces that fare alike together, those with the least enforced first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from auditor.quantity import quantity
from auditor.report import EnforcementRow, GoalRow, Report, UnreadableRow
from auditor.reporters.resources import named

GOALS = ("registries", "digests", "signatures")
VERDICTS: Mapping[str, str] = {"enforced": "enforced", "unknown": "unknown", "not-enforced": "not enforced"}
NOTHING_ELSE = "nothing is seen to be against it"
_WEIGHT = {"enforced": 0, "unknown": 1, "not-enforced": 2}


class Line(Struct, frozen=True):
    """Namespaces whose cells are the same, as CLUSTER/NAMESPACE where there are several clusters; `cells` are in the
    order of `GOALS`."""

    namespaces: tuple[str, ...]
    cells: tuple[GoalRow, ...]

    @property
    def title(self) -> str:
        """The namespace, or how many of them."""
        return self.namespaces[0] if len(self.namespaces) == 1 else quantity(len(self.namespaces), "namespace")


def lines(report: Report) -> list[Line]:
    """The rows of the matrix, none where the report has none."""
    alike: dict[tuple[GoalRow, ...], list[str]] = {}
    for cluster, found in _matrices(report):
        for row in found.namespaces:
            name = f"{cluster}/{row.namespace}" if report.clusters else row.namespace
            alike.setdefault((row.registries, row.digests, row.signatures), []).append(name)
    made = [Line(tuple(sorted(names)), cells) for cells, names in alike.items()]
    return sorted(made, key=lambda line: (-sum(_WEIGHT[cell.verdict] for cell in line.cells), line.namespaces))


def unreadable(report: Report) -> tuple[UnreadableRow, ...]:
    """What could not be read for the matrix, in any of the clusters."""
    return tuple(dict.fromkeys(row for _, found in _matrices(report) for row in found.unreadable))


def _matrices(report: Report) -> list[tuple[str, EnforcementRow]]:
    found = [(cluster.name, cluster.enforcement) for cluster in report.clusters] or [("", report.enforcement)]
    return [(cluster, matrix) for cluster, matrix in found if matrix is not None]


def policy(cell: GoalRow) -> str:
    """The policy of a cell, and what it belongs to where its kind does not say that; empty where there is none."""
    if cell.by is None:
        return ""
    mechanism = cell.mechanism or ""
    return cell.by if cell.by.partition("/")[0] == mechanism else f"{mechanism} {cell.by}".lstrip(" ")


def who(cell: GoalRow) -> str:
    """The policy that enforces the goal, or which one is nearest."""
    name = policy(cell)
    return name if cell.verdict == "enforced" or not name else f"nearest: {name}"


def against(cell: GoalRow, unreadable: tuple[UnreadableRow, ...] = ()) -> Iterator[str]:
    """What keeps the policy of a cell from enforcing, or what it leaves open; first what was not read, if it is that
    which leaves the verdict open."""
    if cell.unread:
        yield from unseen(unreadable)
    if cell.link is not None:
        yield f"{cell.link}: {cell.detail}" if cell.detail else cell.link
    yield from cell.beside


def unseen(unreadable: tuple[UnreadableRow, ...]) -> Iterator[str]:
    """What may enforce unseen, in few words."""
    broken = sorted({row.mechanism for row in unreadable if row.state == "error"})
    unread = named(row.resource for row in unreadable if row.state != "error")
    if broken:
        yield f"could not be judged: {', '.join(broken)}"
    if unread:
        yield f"not read: {', '.join(unread)}"
