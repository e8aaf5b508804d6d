"""The values of a comparison, with the lists among them written out as Falco does it: in the text of the condition.

rule_loader_compiler.cpp: compile_list_infos first puts into a list the items of those named in it that are defined
before it, one level deep; parse_condition then replaces names in the condition, list by list in the order of their
first definition. So a name that a list brings in is opened where its own list comes later, and otherwise stays a word.
"""

from __future__ import annotations

from msgspec import Struct

from auditor.monitoring.definitions import BEFORE_ALL, Defined, Definitions
from auditor.monitoring.holding import Budget
from auditor.monitoring.stock_names import LISTS
from auditor.monitoring.trees import Comparison


class Written(Struct, frozen=True):
    """The values; not `complete` where a list was not read as a whole. `unopened` are names of lists that stay words.
    `misread`: why the condition is none with the lists written out."""

    values: tuple[str, ...]
    complete: bool = True
    unopened: tuple[str, ...] = ()
    misread: str = ""


class Lists:
    """Of one set of files."""

    def __init__(self, definitions: Definitions, budget: Budget) -> None:
        self._definitions = definitions
        self._budget = budget
        self._known: dict[Comparison, Written] = {}

    def written(self, test: Comparison) -> Written:
        """The values of a comparison; may raise TooMuch."""
        if test not in self._known:
            self._known[test] = self._written(test)
        return self._known[test]

    def _written(self, test: Comparison) -> Written:
        plain = [value for value in test.values if value not in test.quoted]
        found = self.opened(plain)
        if test.quoted:
            values = tuple(dict.fromkeys((*found.values, *test.quoted)))
            found = Written(values, found.complete, found.unopened)
        names = [value for value in plain if value in self._definitions.lists]
        if test.single and names and found.complete and len(found.values) != 1:
            listed = test.operator.partition(" ")[0] in ("in", "intersects", "pmatch") or " " in test.operator
            told = f"write ({names[0]})" if listed else "use `in` and parentheses"
            wrong = f"{test.operator} {names[0]}: Falco puts the list's {len(found.values)} items there; {told}"
            return Written(found.values, found.complete, found.unopened, wrong)
        return found

    def opened(self, names: list[str]) -> Written:
        """Words, with the lists among them written out; may raise TooMuch."""
        lists = self._definitions.lists
        found: dict[str, None] = {}
        unopened: dict[str, None] = {}
        complete, done = True, set[str]()
        waiting = [(name, BEFORE_ALL - 1) for name in reversed(names)]
        while waiting:
            name, after = waiting.pop()
            self._budget.spend()
            own = lists.get(name)
            if own is not None and own.first > after:
                if name not in done:
                    done.add(name)
                    complete &= self._definitions.sure_list(name)
                    waiting += [(item, own.first) for item in self._one_level(own)[::-1]]
            elif own is not None:
                found[name] = unopened[name] = None
            elif self._definitions.has_list(name):
                complete = False
                if name not in done and name not in LISTS:
                    done.add(name)
                    waiting += [(item, after) for item in (self._definitions.items_beside(name) or ())[::-1]]
            else:
                found[_bare(name)] = None
        return Written(tuple(found), complete, tuple(unopened))

    def _one_level(self, found: Defined) -> list[str]:
        items: list[str] = []
        for item in found.items:
            inner = self._definitions.lists.get(item)
            if inner is not None and inner.first < found.last:
                self._budget.spend(len(inner.items))
                items += inner.items
            else:
                items.append(item)
        return items


def _bare(item: str) -> str:
    """An item without the quotes that are for the condition."""
    return item[1:-1] if len(item) > 1 and item[0] == item[-1] and item[0] in "'\"" else item
