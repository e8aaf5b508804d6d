"""What Falco makes of rules: those that it refuses, skips, or that can never or always fire, and why.

How files are put together and compiled: falco, userspace/engine/rule_loader_collector.cpp and rule_loader_compiler.cpp.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.monitoring.facts import FalcoItem
from auditor.monitoring.fields import (
    PLUGIN_CLASSES,
    SINCE_0_18,
    SOURCES,
    is_known,
    nearest,
    other_source,
)
from auditor.monitoring.filters import FilterError, Macro, Node, parse_filter
from auditor.monitoring.holding import Holding, comparisons, nodes
from auditor.monitoring.repositories import unequalled
from auditor.monitoring.stock import MACROS

Kind = Literal["refused", "skipped", "never", "unequal", "every-event", "doubt"]

_PRIORITIES = frozenset("emergency alert critical error warning notice info informational debug".split())
_OUTPUT = re.compile(r"%\*?(?:[a-z0-9]+\()*([A-Za-z]\w*(?:\.[A-Za-z]\w*)+)", re.ASCII)
_CONTAINER_INFO = "container.info"
_VERSION = re.compile(r"(?:^|/)k8saudit:v?0\.(\d+)")


class Fault(Struct, frozen=True):
    """What is wrong with a rule. `refused`: Falco does not start with it; `skipped`: it loads without the rule;
    `never`: its condition cannot hold; `unequal`: it compares with what never is; `every-event`: no event types narrow
    it; `doubt`: for a person."""

    kind: Kind
    reason: str


class Engine(Struct, frozen=True):
    """What is known of the Falco that loads the rules. `plugins` None: not said. `all_files`: no rules files can exist
    beside those that were read and the stock ones."""

    plugins: tuple[str, ...] | None = None
    artifacts: tuple[str, ...] = ()
    all_files: bool = False

    @property
    def old_audit(self) -> bool:
        """Whether its k8saudit plugin is known to be older than 0.18."""
        found = [int(match[1]) for name in self.artifacts if (match := _VERSION.search(name))]
        return bool(found) and max(found) < 18


class RuleSet:
    """Rules, macros and lists of one or more files, in the order in which they are loaded; `elsewhere` are items of
    further files, of which it is not known whether they come before or after."""

    def __init__(self, items: Iterable[FalcoItem], elsewhere: Iterable[FalcoItem] = (), engine: Engine | None = None):
        self.engine = engine or Engine()
        self._macros: dict[str, str] = {}
        self._lists: dict[str, tuple[str, ...]] = {}
        self._rules: dict[str, FalcoItem] = {}
        self._order: dict[str, int] = {}
        self._partial: set[str] = set()
        self._broken: dict[str, str] = {}
        others = tuple(elsewhere)
        for item in others:
            self._add(item)
        self._elsewhere = frozenset(self._macros)
        self._rules.clear()
        own = tuple(items)
        self._last = {item.name: index for index, item in enumerate(own) if item.kind == "macro"}
        for index, item in enumerate(own):
            if item.kind == "macro":
                self._order.setdefault(item.name, index)
            self._add(item)
        self._trees: dict[str, Node | str] = {}

    def _add(self, item: FalcoItem) -> None:
        if item.fault:
            self._broken[item.name] = item.fault
        appends = item.changes
        if item.kind == "list":
            before = self._lists.get(item.name, ()) if appends.get("items") == "append" else ()
            self._lists[item.name] = before + item.items
        elif item.kind == "macro":
            known = self._macros.get(item.name, _unseen(item.name) if appends.get("condition") == "append" else "")
            appended = f"{known} {item.condition}" if appends.get("condition") == "append" else item.condition
            self._macros[item.name] = appended
        else:
            self._rules[item.name] = self._merged(item)

    def _merged(self, item: FalcoItem) -> FalcoItem:
        """A rule with what it changes of an earlier one; of one that was not read, what it adds."""
        if not item.changes:
            return item
        known = self._rules.get(item.name)
        if known is None:
            self._partial.add(item.name)
            known = FalcoItem("rule", item.name, _STOCK_RULE, source="", priority="notice")
        condition, output = known.condition, known.output
        if item.condition:
            appended = item.changes.get("condition") == "append"
            condition = f"{condition} {item.condition}" if appended else item.condition
        if item.output:
            output = f"{output} {item.output}" if item.changes.get("output") == "append" else item.output
        return msgspec.structs.replace(
            known,
            condition=condition,
            output=output,
            source=item.source or known.source,
            exceptions=known.exceptions + item.exceptions,
            skip_unknown=item.skip_unknown or known.skip_unknown,
            fault=item.fault or known.fault,
        )

    def faults(self) -> Iterator[tuple[str, Fault]]:
        """Of each rule, macro and list by its name."""
        for name, reason in self._broken.items():
            if name not in self._rules:
                yield name, Fault("refused", reason)
        for name in self._order:
            for fault in self._of_macro(name):
                yield name, fault
        for rule in self._rules.values():
            for fault in self._of_rule(rule):
                yield rule.name, fault

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._rules, *self._order)))

    def values(self, names: Iterable[str]) -> tuple[str, ...]:
        """Values with the lists among them written out."""
        found: dict[str, None] = {}
        waiting = list(names)[::-1]
        opened: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in self._lists and name not in opened:
                opened.add(name)
                waiting += self._lists[name][::-1]
            elif name not in self._lists:
                found[name] = None
        return tuple(found)

    def tree(self, macro: str) -> Node | None:
        """A macro's condition; None where it was not read or is none."""
        found = self._parsed(macro)
        return None if found is None or isinstance(found, str) else found

    def _parsed(self, macro: str) -> Node | str | None:
        if macro not in self._macros:
            return None
        if macro not in self._trees:
            try:
                self._trees[macro] = parse_filter(self._macros[macro].strip())
            except FilterError as error:
                self._trees[macro] = str(error)
        return self._trees[macro]

    def _of_macro(self, name: str) -> Iterator[Fault]:
        found = self._parsed(name)
        if isinstance(found, str):
            yield Fault("refused", f"its condition is none: {found}")
            return
        if found is None:
            return
        for used in _macros_in(found):
            if used == name and name not in self._elsewhere:
                yield Fault("refused", "it refers to itself")
            elif used in self._order and used not in self._elsewhere and self._order[used] > self._last[name]:
                yield Fault("refused", f"it uses the macro {used}, which is only defined after it")

    def _of_rule(self, rule: FalcoItem) -> Iterator[Fault]:
        if rule.fault:
            yield Fault("refused", rule.fault)
            return
        partial = rule.name in self._partial
        if rule.missing and not partial:
            yield Fault("refused", f"it lacks {', '.join(rule.missing)}")
            return
        if rule.priority and rule.priority.lower() not in _PRIORITIES:
            yield Fault("refused", "its priority is none that there is")
        source = rule.source or ("" if partial else "syscall")
        skipped = self._unloaded(source)
        if skipped:
            yield skipped
            return
        try:
            tree = parse_filter(rule.condition.strip())
        except FilterError as error:
            yield Fault("refused", f"its condition is none: {error}")
            return
        undefined = tuple(self._undefined(tree))
        yield from undefined
        yield from self._fields(rule, tree, source)
        holding = Holding(self.tree, self.values)
        yield from self._compared(tree, source)
        if impossible := holding.impossible(tree):
            yield Fault("never", impossible)
        narrows = source != "syscall" or not rule.warn_types or bool(undefined) or holding.narrowed(tree)
        if not narrows:
            yield Fault("every-event", "no evt.type narrows it: every system call of the node is compared")

    def _unloaded(self, source: str) -> Fault | None:
        if source in ("", "syscall"):
            return None
        plugins = self.engine.plugins
        if source not in SOURCES:
            if plugins is not None and all(_registered(name) for name in plugins):
                return Fault("skipped", f"its source {source} is of no plugin that falco.yaml loads")
            return Fault("doubt", f"its source {source} is of no plugin in Falco's registry: without one of your own "
                         "that has it, Falco skips the rule")  # fmt: skip
        if source == "k8s_audit" and plugins is not None and not any(name.startswith("k8saudit") for name in plugins):
            return Fault("skipped", "its source k8s_audit needs the k8saudit plugin, which falco.yaml does not load")
        return None

    def _undefined(self, tree: Node) -> Iterator[Fault]:
        for name in dict.fromkeys(_reached(tree, self.tree)):
            if name in self._macros or name in MACROS or name == _STOCK_RULE:
                continue
            if name in SOURCES:
                yield Fault("refused", f"it uses {name} as a macro, which is the name of a source: that is said by "
                            f"`source: {name}`")  # fmt: skip
            elif self.engine.all_files:
                yield Fault("refused", f"it uses the macro {name}, which is defined nowhere")
            else:
                yield Fault("doubt", f"it uses the macro {name}, which is neither in what was read nor in the stock "
                            "rules: unless another file defines it, Falco refuses the rules")  # fmt: skip

    def _fields(self, rule: FalcoItem, tree: Node, source: str) -> Iterator[Fault]:
        if not source:
            return
        places: dict[str, str] = {}
        for test in comparisons(tree, self.tree):
            for field in (test.field, *test.others):
                places.setdefault(field.name, "condition")
        for name in rule.exceptions:
            places.setdefault(name, "exceptions")
        for name in _OUTPUT.findall(rule.output):
            places.setdefault(name, "output")
        foreign: dict[str, list[str]] = {}
        for name, place in places.items():
            elsewhere = "" if is_known(name, source) else other_source(name, source)
            if elsewhere:
                foreign.setdefault(elsewhere, []).append(name)
            elif fault := self._field(name, source, place):
                yield _skipping(fault) if rule.skip_unknown else fault
        for elsewhere, names in foreign.items():
            told = f"events of the source {source} have no {', '.join(names)}: it needs `source: {elsewhere}`"
            yield _skipping(Fault("refused", told)) if rule.skip_unknown else Fault("refused", told)

    def _field(self, name: str, source: str, place: str) -> Fault | None:
        if source == "k8s_audit" and name.startswith(SINCE_0_18) and self.engine.old_audit:
            return Fault("refused", f"its {place} names {name}, which k8saudit has since 0.18.0 only")
        known = is_known(name, source)
        if known:
            return None
        word = name.partition(".")[0]
        if known is None:
            if source not in ("syscall", "k8s_audit") or word in PLUGIN_CLASSES:
                return None
            plugins = self.engine.plugins
            if plugins is not None and not all(_registered(plugin) for plugin in plugins):
                return Fault("doubt", f"its {place} names {name}, which a plugin of your own may bring")
        meant = nearest(name, source)
        return Fault("refused", f"its {place} names {name}, a field that does not exist{meant and f'; {meant} does'}")

    def _compared(self, tree: Node, source: str) -> Iterator[Fault]:
        for test in dict.fromkeys(comparisons(tree, self.tree)):
            values = self.values(test.values)
            meant = nearest(test.field.name, source) or test.field.name
            wrong = unequalled(meant, test.operator, values) if not test.field.changed else ()
            if not wrong:
                continue
            shown = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
            yield Fault(
                "unequal",
                f"{test.field.name} {test.operator} compares whole repositories, and no repository is called {shown}: "
                "a registry or a path is compared with `startswith`",
            )


_STOCK_RULE = "a_rule_that_was_not_read"


def _skipping(fault: Fault) -> Fault:
    """With skip-if-unknown-filter, what would be refused is left out, with a warning in the log."""
    return Fault("skipped", fault.reason) if fault.kind == "refused" else fault


def _unseen(name: str) -> str:
    """What a macro's earlier part stands for that was not read."""
    return name if name in MACROS else _STOCK_RULE


def _registered(plugin: str) -> bool:
    return plugin in _REGISTRY or plugin.startswith("k8saudit")


_REGISTRY = frozenset("json container k8smeta cloudtrail okta github gcpaudit krsi anomalydetection kafka".split())


def _macros_in(tree: Node) -> Iterator[str]:
    for node in nodes(tree):
        if isinstance(node, Macro):
            yield node.name


def _reached(tree: Node, macro: Callable[[str], Node | None]) -> Iterator[str]:
    """The macros that a condition uses, also through others."""
    waiting, seen = [tree], set[str]()
    while waiting:
        for name in _macros_in(waiting.pop()):
            if name not in seen:
                seen.add(name)
                yield name
                inner = macro(name)
                if inner is not None:
                    waiting.append(inner)
