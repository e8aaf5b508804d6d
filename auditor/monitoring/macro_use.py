"""Macros that conditions use: those that are defined nowhere, or too late, and words that are none."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from functools import cached_property

from auditor.monitoring.definitions import Definitions
from auditor.monitoring.engine import Engine
from auditor.monitoring.faults import Fault, doubt, refused
from auditor.monitoring.fields import SOURCES
from auditor.monitoring.holding import Budget
from auditor.monitoring.stock import MACROS, UNREAD
from auditor.monitoring.trees import Macro, Node, nodes

_MOST_NEAR = 50  # names for which a near one is looked for


def macros_in(tree: Node) -> tuple[str, ...]:
    """The macros that a condition names, each once."""
    return tuple(dict.fromkeys(node.name for node in nodes(tree) if isinstance(node, Macro)))


def reached(tree: Node, macro: Callable[[str], Node | None], budget: Budget) -> Iterator[str]:
    """The macros that a condition uses, also through others. Raises TooMuch."""
    waiting, seen = [tree], set[str]()
    while waiting:
        for name in macros_in(waiting.pop()):
            budget.spend()
            if name not in seen:
                seen.add(name)
                yield name
                inner = macro(name)
                if inner is not None:
                    waiting.append(inner)


class MacroUse:
    """Of one set of files."""

    def __init__(self, definitions: Definitions, engine: Engine) -> None:
        self._definitions = definitions
        self._engine = engine
        self._near_left = _MOST_NEAR

    def by_macro(self, name: str, tree: Node) -> Iterator[Fault]:
        """What is wrong with the macros that a macro uses."""
        own = self._definitions.macros[name]
        for used in macros_in(tree):
            found = self._definitions.macros.get(used)
            if used == name:
                yield refused("it refers to itself")
            elif found is None:
                yield from self._undefined(used)
            elif found.first > own.last and self._is_new(used):
                yield self._too_late(used, other_file=own.file != found.file)

    def by_rule(self, tree: Node, file: int) -> Iterator[Fault]:
        """What is wrong with those that a rule uses whose condition was last set in a file."""
        for used in macros_in(tree):
            found = self._definitions.macros.get(used)
            if found is None:
                yield from self._undefined(used)
            elif found.file > file and self._is_new(used):
                yield self._too_late(used, other_file=True)

    def _is_new(self, macro: str) -> bool:
        return macro not in MACROS and not self._definitions.is_beside(macro)

    def _too_late(self, used: str, *, other_file: bool) -> Fault:
        if other_file and not self._engine.ordered:
            return doubt(
                f"it uses the macro {used} of a file that is loaded after it, where files are loaded in the order of "
                "their names: then Falco refuses the rules"
            )
        after = ", in a file that is loaded later" if other_file else ""
        return refused(f"it uses the macro {used}, which is only defined after it{after}")

    def _undefined(self, macro: str) -> Iterator[Fault]:
        if macro.startswith(UNREAD) or self._definitions.has_macro(macro):
            return
        if self._definitions.has_list(macro):
            yield refused(f"it uses the list {macro} as a macro: a field has to be compared with it, `in ({macro})`")
        elif macro in SOURCES:
            yield refused(
                f"it uses {macro} as a macro, which is the name of a source: that is said by `source: {macro}`"
            )
        elif self._engine.all_files:
            yield refused(f"it uses the macro {macro}, which is defined nowhere{self._near(macro)}")
        else:
            yield doubt(
                f"it uses the macro {macro}, which is neither in what was read nor in the stock rules"
                f"{self._near(macro)}: unless a file has it, Falco refuses the rules"
            )

    def _near(self, name: str) -> str:
        self._near_left -= 1
        near = difflib.get_close_matches(name, self._known, 1, 0.8) if self._near_left >= 0 else []
        return f" ({near[0]} is)" if near else ""

    @cached_property
    def _known(self) -> list[str]:
        return sorted({*self._definitions.macros, *MACROS})
