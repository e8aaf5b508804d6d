"""What rules, macros and lists come to when Falco has put their files together (rule_loader_collector.cpp).

Each file is compiled together with those before it. In what was read so far, a rule sees every macro, and a macro those
that are first defined before its own last definition (rule_loader_compiler.cpp: resolve_macros, by visibility). Lists
may come later than what uses them, in another file too.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from auditor.monitoring.beside import Beside
from auditor.monitoring.exceptions import added, clash
from auditor.monitoring.facts import FalcoItem
from auditor.monitoring.faults import Fault, doubt, refused
from auditor.monitoring.filters import FilterError, parse_filter
from auditor.monitoring.stock import MACROS, UNREAD
from auditor.monitoring.stock_names import LISTS, RULES
from auditor.monitoring.trees import Node

BEFORE_ALL = -1
"""The place of what Falco's own rules define."""

_MOST_NEAR = 50  # faults after which no near name is looked for


class Defined(Struct):
    """A macro or list: its first and its last place among all items, and the file that it is first in."""

    first: int
    last: int
    file: int
    condition: str = ""
    items: tuple[str, ...] = ()
    complete: bool = True


class DefinedRule(Struct):
    """A rule with all that changes it. `file`: in which its condition was last set. `partial`: it changes one that was
    not read."""

    item: FalcoItem
    file: int
    partial: bool = False


class Definitions:
    """Of the files of one ConfigMap (`owner`), in the order in which they are loaded."""

    def __init__(self, files: Sequence[Sequence[FalcoItem]], beside: Beside, owner: str, *, all_files: bool) -> None:
        self.macros: dict[str, Defined] = {}
        self.lists: dict[str, Defined] = {}
        self.rules: dict[str, DefinedRule] = {}
        self.required: list[FalcoItem] = []
        self._beside = beside
        self._owner = owner
        self._all_files = all_files
        self._faults: list[tuple[str, Fault]] = []
        self._trees: dict[str, Node | FilterError] = {}
        index = 0
        for number, items in enumerate(files):
            for item in items:
                self._add(item, number, index)
                index += 1

    def faults(self) -> Iterator[tuple[str, Fault]]:
        """Why they cannot be put together, by the name of what is at fault."""
        yield from self._faults

    def has_macro(self, name: str) -> bool:
        """Whether a macro is defined by what was read, or by Falco's own rules."""
        return name in self.macros or name in MACROS or self._beside.has("macro", name, self._owner)

    def is_beside(self, macro: str) -> bool:
        """Whether another ConfigMap defines it."""
        return self._beside.has("macro", macro, self._owner)

    def has_list(self, name: str) -> bool:
        return name in self.lists or name in LISTS or self._beside.has("list", name, self._owner)

    def sure_list(self, name: str) -> bool:
        """Whether a list of these files is known as a whole, and defined by them alone."""
        return self.lists[name].complete and not self._beside.has("list", name, self._owner)

    def items_beside(self, name: str) -> tuple[str, ...] | None:
        """Those of a list that another ConfigMap alone has; None where they are not known."""
        return self._beside.items(name, self._owner)

    def tree(self, macro: str) -> Node | None:
        """A macro's condition; None where it is none, was not read, or is defined in another ConfigMap, too: then the
        order in which they are loaded decides."""
        elsewhere = self._beside.has("macro", macro, self._owner)
        if macro in self.macros:
            if elsewhere and self.macros[macro].complete:
                return None
            found = self.parsed(macro)
            return None if isinstance(found, FilterError) else found
        return self._beside.tree(macro, self._owner) if elsewhere else None

    def parsed(self, macro: str) -> Node | FilterError:
        """The condition of a macro that these files define, or why it is none."""
        if macro not in self._trees:
            try:
                self._trees[macro] = parse_filter(self.macros[macro].condition.strip())
            except FilterError as error:
                self._trees[macro] = error
        return self._trees[macro]

    def _add(self, item: FalcoItem, file: int, index: int) -> None:
        if item.fault:
            self._faults.append((item.name, refused(item.fault)))
        elif item.missing:
            self._faults.append((item.name, refused(f"it lacks {', '.join(item.missing)}")))
        if item.changes and item.kind in ("macro", "list", "rule"):
            self._faults += self._unmet(item)
        if item.kind == "macro":
            self._add_macro(item, file, index)
        elif item.kind == "list":
            self._add_list(item, file, index)
        elif item.kind == "rule":
            if not (item.fault and item.changes):
                self._add_rule(item, file)
        elif not item.fault:
            self.required.append(item)

    def _unmet(self, item: FalcoItem) -> Iterator[tuple[str, Fault]]:
        """Where nothing that was read before is what it changes."""
        known, stock = {"macro": (self.macros, MACROS), "list": (self.lists, LISTS)}.get(item.kind, (self.rules, RULES))
        replaces = item.kind != "rule" and "append" not in item.changes.values()
        if replaces or item.name in known or item.name in stock or self._beside.has(item.kind, item.name, self._owner):
            return
        near = difflib.get_close_matches(item.name, sorted(stock), 1, 0.85) if len(self._faults) < _MOST_NEAR else []
        meant = f" ({near[0]} is)" if near else ""
        told = f"it changes a {item.kind} that is neither in what was read before nor in the stock rules{meant}"
        if self._all_files:
            yield item.name, refused(told)
        else:
            yield item.name, doubt(f"{told}: unless an earlier file has it, Falco refuses the rules")

    def _add_macro(self, item: FalcoItem, file: int, index: int) -> None:
        known = self.macros.setdefault(item.name, Defined(index, index, file))
        known.last = index
        if item.changes.get("condition") != "append":
            known.condition, known.complete = item.condition, True
            return
        if not known.condition:
            earlier = self._beside.macro(item.name, self._owner)
            known.condition, known.complete = earlier or f"{UNREAD}{item.name}", False
        known.condition += f" {item.condition}"

    def _add_list(self, item: FalcoItem, file: int, index: int) -> None:
        new = item.name not in self.lists
        first = BEFORE_ALL if item.name in LISTS else index  # Falco's own rules are loaded before
        known = self.lists.setdefault(item.name, Defined(first, index, file))
        known.last = index
        if item.changes.get("items") != "append":
            known.items, known.complete = item.items, True
            return
        if new:
            known.items = self._beside.items(item.name, self._owner) or ()
            known.complete = bool(known.items)
        known.items += item.items

    def _add_rule(self, item: FalcoItem, file: int) -> None:
        known = self.rules.get(item.name)
        if not item.changes:
            if known and not known.partial and (known.item.source or "syscall") != (item.source or "syscall"):
                told = "it is defined again with another source, which Falco takes for a mistake"
                self._faults.append((item.name, refused(told)))
            self.rules[item.name] = DefinedRule(item, file)
            return
        if known is None:
            unread = FalcoItem("rule", item.name, f"{UNREAD}rule", source="", priority="notice")
            known = self.rules[item.name] = DefinedRule(unread, file, partial=True)
        elif (
            not known.partial
            and item.changes.get("exceptions") == "append"
            and (wrong := clash(known.item.excepted, item.excepted))
        ):
            self._faults.append((item.name, refused(wrong)))
        known.item = _merged(known.item, item)
        if item.condition:
            known.file = file


def _merged(known: FalcoItem, item: FalcoItem) -> FalcoItem:
    """A rule with what an item changes of it."""
    how = item.changes
    condition, output, excepted = known.condition, known.output, known.excepted
    if item.condition and "condition" in how:
        condition = f"{condition} {item.condition}" if how["condition"] == "append" else item.condition
    if item.output and "output" in how:
        output = f"{output} {item.output}" if how["output"] == "append" else item.output
    if "exceptions" in how:
        excepted = added(excepted, item.excepted) if how["exceptions"] == "append" else item.excepted
    return msgspec.structs.replace(
        known,
        condition=condition,
        output=output,
        excepted=excepted,
        source=known.source or item.source,
        priority=item.priority if "priority" in how else known.priority,
        skip_unknown=item.skip_unknown if "skip-if-unknown-filter" in how else known.skip_unknown,
        warn_types=item.warn_types if "warn_evttypes" in how else known.warn_types,
        enabled=item.enabled if "enabled" in how else known.enabled,
    )
