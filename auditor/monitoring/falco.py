"""What Falco makes of rules: those that it refuses, skips, or that can never or always fire, and why.

How files are put together and compiled: falco, userspace/engine/rule_loader_collector.cpp and rule_loader_compiler.cpp.
"""

from __future__ import annotations

import difflib
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
from auditor.monitoring.filters import Comparison, FilterError, Macro, Node, parse_filter
from auditor.monitoring.holding import Budget, Holding, TooMuch, comparisons, nodes
from auditor.monitoring.repositories import is_exact, is_image, short, unequalled
from auditor.monitoring.stock import MACROS
from auditor.monitoring.stock_names import LISTS, RULES

Kind = Literal["refused", "skipped", "never", "unequal", "always", "every-event", "doubt"]

_PRIORITIES = frozenset("emergency alert critical error warning notice info informational debug".split())
_OUTPUT = re.compile(r"%\*?(?:[a-z0-9]+\()*([A-Za-z]\w*(?:\.[A-Za-z]\w*)+)", re.ASCII)
_CONTAINER_INFO = "container.info"
_LISTLIKE = re.compile(r"[A-Za-z]\w*_\w*", re.ASCII)
_MOST_PARTS = 2_000_000  # parts of conditions and values of lists that are looked at in all, some seconds' work
_VERSION = re.compile(r"(?:^|/)k8saudit:v?0\.(\d+)")


class Fault(Struct, frozen=True):
    """What is wrong with a rule. `refused`: Falco does not start with it; `skipped`: it loads without the rule;
    `never`: its condition cannot hold; `unequal`: it compares with what never is; `always`: a part of it that is to
    limit it always holds; `every-event`: no event types narrow it; `doubt`: for a person."""

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
        self._earlier: frozenset[str] = frozenset()
        self._broken: dict[str, str] = {}
        self._unmet: dict[str, str] = {}
        others = tuple(elsewhere)
        for item in others:
            self._add(item)
        self._elsewhere = frozenset(self._macros)
        self._earlier = frozenset(self._rules)
        for gone in (self._rules, self._unmet, self._broken, self._partial):
            gone.clear()
        own = tuple(items)
        self._last = {item.name: index for index, item in enumerate(own) if item.kind == "macro"}
        for index, item in enumerate(own):
            if item.kind == "macro":
                self._order.setdefault(item.name, index)
            self._add(item)
        self._trees: dict[str, Node | str] = {}
        self._budget = Budget(_MOST_PARTS)
        self._holding = Holding(self.tree, self.values, self._budget)

    def _add(self, item: FalcoItem) -> None:
        if item.fault:
            self._broken[item.name] = item.fault
        appends = item.changes
        if item.missing and item.kind != "rule" and not item.fault:
            self._broken[item.name] = f"it lacks {', '.join(item.missing)}"
        if appends and self._is_new(item):
            self._unmet[item.name] = item.kind
        if item.kind == "list":
            before = self._lists.get(item.name, ()) if appends.get("items") == "append" else ()
            self._lists[item.name] = before + item.items
        elif item.kind == "macro":
            known = self._macros.get(item.name, _unseen(item.name) if appends.get("condition") == "append" else "")
            appended = f"{known} {item.condition}" if appends.get("condition") == "append" else item.condition
            self._macros[item.name] = appended
        else:
            self._rules[item.name] = self._merged(item)

    def _is_new(self, item: FalcoItem) -> bool:
        """Whether nothing of its name was read before, and nothing of Falco's own has it."""
        if item.kind == "list":
            return item.name not in self._lists and item.name not in LISTS
        if item.kind == "macro":
            return item.name not in self._macros and item.name not in MACROS
        return item.name not in self._rules and item.name not in self._earlier and item.name not in RULES

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
            enabled=item.enabled if "enabled" in item.changes else known.enabled,
            fault=item.fault or known.fault,
        )

    def faults(self) -> Iterator[tuple[str, Fault]]:
        """Of each rule, macro and list by its name."""
        for name, reason in self._broken.items():
            if name not in self._rules:
                yield name, Fault("refused", reason)
        for name, kind in self._unmet.items():
            told = f"it changes a {kind} that is neither in what was read nor in the stock rules"
            if self.engine.all_files:
                yield name, Fault("refused", told)
            else:
                yield name, Fault("doubt", f"{told}: unless an earlier file has it, Falco refuses the rules")
        for name in self._order:
            for fault in self._of_macro(name):
                yield name, fault
        for name, fault in self._unused():
            yield name, fault
        for rule in self._rules.values():
            try:
                found = list(self._of_rule(rule))
            except (TooMuch, RecursionError):
                told = "its macros and lists are too many, or too deep in one another, to be looked through"
                found = [Fault("doubt", told)]
            for fault in found:
                if rule.enabled or fault.kind == "refused":
                    yield rule.name, fault

    def _unused(self) -> Iterator[tuple[str, Fault]]:
        """Of macros that no rule read here uses, such as stock ones that are replaced."""
        used: set[str] = set()
        try:
            for rule in self._rules.values():
                tree = self._condition(rule)
                if tree is not None:
                    used.update(_reached(tree, self.tree, self._budget))
            for name in self._order:
                tree = self.tree(name)
                if tree is None or name in used:
                    continue
                for fault in self._of_unused(tree, stock=name in MACROS):
                    yield name, fault
        except (TooMuch, RecursionError):
            return  # the rules say so

    def _of_unused(self, tree: Node, *, stock: bool) -> Iterator[Fault]:
        for test in dict.fromkeys(comparisons(tree, self.tree, self._budget)):
            name = test.field.name
            of_calls, of_audit = (self._field(name, source, "condition") for source in ("syscall", "k8s_audit"))
            if of_calls and of_audit and "refused" in (of_calls.kind, of_audit.kind):
                yield of_calls if stock else Fault("doubt", f"{of_calls.reason}: a rule that uses it is refused")
        yield from self._compared(tree, "syscall")

    @staticmethod
    def _condition(rule: FalcoItem) -> Node | None:
        try:
            return parse_filter(rule.condition.strip())
        except FilterError:
            return None

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
            self._budget.spend()
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
        holding = self._holding
        yield from self._compared(tree, source)
        if rule.name not in RULES:
            yield from self._organisations(tree)
        if impossible := holding.impossible(tree):
            yield Fault("never", impossible)
        elif limitless := holding.always(tree):
            yield Fault("always", f"one of its alternatives holds in any case: {limitless}")
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
        for name in dict.fromkeys(_reached(tree, self.tree, self._budget)):
            if name in self._macros or name in MACROS or name == _STOCK_RULE:
                continue
            if name in SOURCES:
                yield Fault("refused", f"it uses {name} as a macro, which is the name of a source: that is said by "
                            f"`source: {name}`")  # fmt: skip
            elif self.engine.all_files:
                yield Fault("refused", f"it uses the macro {name}, which is defined nowhere{self._near(name)}")
            else:
                yield Fault("doubt", f"it uses the macro {name}, which is neither in what was read nor in the stock "
                            f"rules{self._near(name)}: unless a file has it, Falco refuses the rules")  # fmt: skip

    def _near(self, name: str) -> str:
        near = difflib.get_close_matches(name, sorted({*self._macros, *MACROS}), 1, 0.8)
        return f" ({near[0]} is)" if near else ""

    def _fields(self, rule: FalcoItem, tree: Node, source: str) -> Iterator[Fault]:
        if not source:
            return
        places: dict[str, str] = {}
        for test in comparisons(tree, self.tree, self._budget):
            for field in (test.field, *test.others):
                places.setdefault(field.name, "condition")
        for name in rule.exceptions:
            places.setdefault(name, "list of exceptions")
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
        for test in dict.fromkeys(comparisons(tree, self.tree, self._budget)):
            meant = nearest(test.field.name, source) or test.field.name
            if test.field.changed or not is_image(meant):
                continue
            values = self.values(test.values)
            if wrong := unequalled(meant, test.operator, values):
                yield Fault("unequal", _unequal(test, wrong))
            if source and is_exact(test.operator):
                yield from self._like_lists(value for value in values if value not in wrong)

    def _organisations(self, tree: Node) -> Iterator[Fault]:
        for test in dict.fromkeys(comparisons(tree, self.tree, self._budget)):
            if found := short(test.field.name, test.operator, self.values(test.values)):
                yield Fault("doubt", f"{test.field.name} {test.operator} compares whole repositories: "
                            f"{', '.join(found[:5])} is none where the runtime writes docker.io/library before an "
                            "image's name, and an organisation needs `startswith`")  # fmt: skip

    def _like_lists(self, values: Iterable[str]) -> Iterator[Fault]:
        for value in values:
            if _LISTLIKE.fullmatch(value) and value not in LISTS:
                near = difflib.get_close_matches(value, sorted(self._lists), 1, 0.8)
                meant = f" ({near[0]} is)" if near else ""
                yield Fault("doubt", f"it compares an image with {value}, which is no list that was read{meant}: then "
                            "it stands for itself, as the name of an image")  # fmt: skip


def _unequal(test: Comparison, wrong: tuple[str, ...]) -> str:
    shown = ", ".join(value or '""' for value in wrong[:5])
    shown += f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    what = "repository" if test.field.name.endswith("repository") else "image"
    if is_exact(test.operator) or test.operator == "glob":
        whole = "repositories" if what == "repository" else "names of images"
        return (
            f"{test.field.name} {test.operator} compares whole {whole}, and no {what} is called {shown}: "
            "a registry or a path is compared with `startswith`"
        )
    port = test.field.name.startswith("ka.") and what == "repository"
    without = "no scheme" if what == "image" else "no scheme, tag or digest"
    also = ", and k8saudit ends it at the first colon, also at that of a port" if port else ""
    return f"{test.field.name} {test.operator} {shown} never holds: the field has {without}{also}"


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


def _reached(tree: Node, macro: Callable[[str], Node | None], budget: Budget) -> Iterator[str]:
    """The macros that a condition uses, also through others. Raises TooMuch."""
    waiting, seen = [tree], set[str]()
    while waiting:
        for name in _macros_in(waiting.pop()):
            budget.spend()
            if name not in seen:
                seen.add(name)
                yield name
                inner = macro(name)
                if inner is not None:
                    waiting.append(inner)
