"""Rules that a namespace's other ConfigMaps define: their content is known, the order in which all are loaded is not.

One index serves all ConfigMaps of the namespace. Each question is about the others than one of them, and costs the same
however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.monitoring.facts import FalcoItem
from auditor.monitoring.filters import FilterError, parse_filter
from auditor.monitoring.trees import Node


class Beside:
    """Of files by the names of their ConfigMaps. A content of None: it is not known as a whole."""

    def __init__(self, files: Mapping[str, Iterable[FalcoItem]] | None = None) -> None:
        self._macros: dict[str, dict[str, str | None]] = {}
        self._lists: dict[str, dict[str, tuple[str, ...] | None]] = {}
        self._rules: dict[str, dict[str, None]] = {}
        self._trees: dict[tuple[str, str], Node | None] = {}
        for owner, items in (files or {}).items():
            for item in items:
                self._add(owner, item)

    def _add(self, owner: str, item: FalcoItem) -> None:
        if item.kind == "macro":
            macros = self._macros.setdefault(item.name, {})
            macros[owner] = _continued(macros.get(owner), item.condition, item.changes.get("condition"), " ")
        elif item.kind == "list":
            lists = self._lists.setdefault(item.name, {})
            earlier = lists.get(owner)
            if item.changes.get("items") == "append":
                lists[owner] = None if earlier is None else earlier + item.items
            else:
                lists[owner] = item.items
        elif item.kind == "rule":
            self._rules.setdefault(item.name, {})[owner] = None

    def has(self, kind: str, name: str, owner: str) -> bool:
        """Whether another than the owner names a macro, list or rule."""
        found: Mapping[str, object]
        if kind == "macro":
            found = self._macros.get(name, {})
        elif kind == "list":
            found = self._lists.get(name, {})
        else:
            found = self._rules.get(name, {})
        return len(found) > (owner in found)

    def macro(self, name: str, owner: str) -> str | None:
        """A macro's condition; None where none of the others has it, or more than one."""
        found = self._macros.get(name, {})
        other = _only(found, owner)
        return None if other is None else found[other]

    def tree(self, name: str, owner: str) -> Node | None:
        """The same, read; None where it is no condition, too."""
        condition, other = self.macro(name, owner), _only(self._macros.get(name, {}), owner)
        if condition is None or other is None:
            return None
        if (name, other) not in self._trees:
            try:
                self._trees[name, other] = parse_filter(condition.strip())
            except FilterError:
                self._trees[name, other] = None
        return self._trees[name, other]

    def items(self, name: str, owner: str) -> tuple[str, ...] | None:
        """A list's items; None where none of the others has it, or more than one."""
        found = self._lists.get(name, {})
        other = _only(found, owner)
        return None if other is None else found[other]


def _only(found: Mapping[str, object], owner: str) -> str | None:
    """The one that has it beside the owner."""
    if len(found) - (owner in found) != 1:
        return None
    return next(other for other in found if other != owner)


def _continued(earlier: str | None, more: str, how: str | None, between: str) -> str | None:
    if how != "append":
        return more
    return None if earlier is None else f"{earlier}{between}{more}"
