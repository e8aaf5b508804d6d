"""What Falco makes of rules: those that it refuses, skips, or that can never or always fire, and why.

How files are compiled: falco, userspace/engine/rule_loader_compiler.cpp, of July 2026. How they are put together, and
which macros and lists see one another: definitions.py and lists.py here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from auditor.monitoring.beside import Beside
from auditor.monitoring.compared import Compared
from auditor.monitoring.compiling import fields
from auditor.monitoring.definitions import Definitions
from auditor.monitoring.engine import Engine, is_newer
from auditor.monitoring.exceptions import fields_of, with_exceptions
from auditor.monitoring.facts import FalcoItem
from auditor.monitoring.faults import Fault, doubt, refused
from auditor.monitoring.fields import SOURCES
from auditor.monitoring.filters import FilterError, TooDeep, parse_filter
from auditor.monitoring.holding import Budget, Holding, TooMuch, comparisons
from auditor.monitoring.lists import Lists, Written
from auditor.monitoring.macro_use import MacroUse, reached
from auditor.monitoring.stock import MACROS
from auditor.monitoring.stock_names import RULES
from auditor.monitoring.trees import Comparison, Node

_PRIORITIES = re.compile("emergency|alert|critical|error|warning|notice|info(?:rmational)?|debug", re.IGNORECASE)
_MOST_PARTS = 2_000_000  # parts of conditions and values of lists that are looked at in all, some seconds' work
_APART = re.compile(r"[\s(),=]")
_FOREIGN = re.compile(r"&&|\|\||(?<=\s)(?:AND|OR|NOT|IN)(?=[\s(])|^NOT(?=\s)|(?<=\s)(?:not\s+in|like|matches)(?=[\s(])")
_WRITTEN = {"&&": "and", "||": "or", "not in": "not FIELD in (...)", "like": "glob", "matches": "regex"}
_MOST_FILES = 20  # files of one ConfigMap that are looked at without those after them
_DEEP = "it is nested deeper than is looked into here"
_MUCH = "its macros and lists are too many, or too deep in one another, to be looked through"


class RuleSet:
    """Rules, macros and lists of the files of one ConfigMap (`owner`), in the order in which they are loaded, beside
    those of others."""

    def __init__(
        self,
        files: Sequence[Sequence[FalcoItem]],
        engine: Engine | None = None,
        beside: Beside | None = None,
        owner: str = "",
    ) -> None:
        self.engine = engine or Engine()
        self._files = files
        self._beside = beside or Beside()
        self._owner = owner
        self._definitions = Definitions(files, self._beside, owner, all_files=self.engine.all_files)
        self._budget = Budget(_MOST_PARTS)
        self._lists = Lists(self._definitions, self._budget)
        self._compared = Compared(self._lists, self._definitions.lists)
        self._tree = self._definitions.tree
        self._holding = Holding(self._tree, self._known_values, self._budget)
        self._macro_use = MacroUse(self._definitions, self.engine)

    def opened(self, name: str) -> Written:
        """What a list comes to, with the lists in it written out; nothing of one that holds too many others."""
        try:
            return self._lists.opened([name])
        except TooMuch:
            return Written((), complete=False)

    def faults(self) -> Iterator[tuple[str, Fault]]:
        """Of each rule, macro and list by its name."""
        found = list(self._at_last())
        yield from found
        yield from self._mended_too_late({name for name, fault in found if fault.kind == "refused"})

    def _at_last(self) -> Iterator[tuple[str, Fault]]:
        """When all files are read."""
        yield from self._definitions.faults()
        yield from self._required()
        for name in self._definitions.macros:
            yield from ((name, fault) for fault in self._bounded(self._of_macro(name)))
        yield from self._unused()
        for name, rule in self._definitions.rules.items():
            found = self._bounded(self._of_rule(name))
            yield from ((name, fault) for fault in found if rule.item.enabled or fault.kind == "refused")

    def _mended_too_late(self, told: set[str]) -> Iterator[tuple[str, Fault]]:
        """Of what a later file changes, beside what was told: Falco compiles each file before it reads the next."""
        for count in range(1, min(len(self._files), _MOST_FILES)):
            later = {item.name for items in self._files[count:] for item in items}
            changed = ({item.name for item in self._files[count - 1]} & later) - told
            if not changed:
                continue
            until = RuleSet(self._files[:count], self.engine, self._beside, self._owner)
            for name, fault in until._at_last():
                if name in changed and fault.kind == "refused":
                    reason = f"{fault.reason}, which a file that is loaded later mends too late"
                    yield name, refused(reason) if self.engine.ordered else doubt(reason)

    @staticmethod
    def _bounded(judged: Iterator[Fault]) -> list[Fault]:
        """What a judgement finds; a doubt where it cannot come to its end."""
        try:
            return list(judged)
        except (TooMuch, RecursionError):
            return [doubt(_MUCH)]

    def _known_values(self, test: Comparison) -> tuple[str, ...] | None:
        found = self._lists.written(test)
        return found.values if found.complete and not found.misread else None

    def _required(self) -> Iterator[tuple[str, Fault]]:
        for item in self._definitions.required:
            names = (item.name, *item.items)
            if item.kind == "engine" and is_newer(item.name):
                told = f"it requires the engine {item.name}, and none as new is known here: an older Falco refuses it"
                yield "required_engine_version", doubt(told)
            elif item.kind == "plugin" and all(self.engine.loads(name) is False for name in names):
                told = f"it requires the plugin {' or '.join(names)}, which falco.yaml does not load"
                yield "required_plugin_versions", refused(told)

    def _of_macro(self, name: str) -> Iterator[Fault]:
        found = self._definitions.parsed(name)
        if isinstance(found, FilterError):
            yield self._unparsed(found, self._definitions.macros[name].condition)
            return
        yield from self._macro_use.by_macro(name, found)
        for test in comparisons(found, lambda _: None, self._budget):
            if wrong := self._lists.written(test).misread:
                yield refused(f"its condition is none: {wrong}")

    def _unused(self) -> Iterator[tuple[str, Fault]]:
        """Of macros that no rule read here uses, such as stock ones that are replaced."""
        used: set[str] = set()
        try:
            for rule in self._definitions.rules.values():
                tree = _parsed(rule.item.condition)
                if tree is not None:
                    used.update(reached(tree, self._tree, self._budget))
            for name in self._definitions.macros:
                tree = self._tree(name)
                if tree is not None and name not in used:
                    yield from ((name, fault) for fault in self._of_unused(tree, stock=name in MACROS))
        except (TooMuch, RecursionError):
            return  # the rules say so

    def _of_unused(self, tree: Node, *, stock: bool) -> Iterator[Fault]:
        tests = list(dict.fromkeys(comparisons(tree, self._tree, self._budget)))
        for test in tests:
            of_calls, of_audit = (
                next(fields([test], (), "", source, self.engine, self._lists), None)
                for source in ("syscall", "k8s_audit")
            )
            if of_calls and of_audit and "refused" in (of_calls.kind, of_audit.kind):
                yield of_calls if stock else doubt(f"{of_calls.reason}: a rule that uses it is refused")
        yield from self._compared(tests, "syscall")

    def _of_rule(self, name: str) -> Iterator[Fault]:
        rule = self._definitions.rules[name]
        item = rule.item
        if item.fault or item.missing:
            return  # said where it was put together
        if item.priority and not _PRIORITIES.fullmatch(item.priority):
            yield refused("its priority is none of emergency, alert, critical, error, warning, notice, info and debug")
        source = item.source or ("" if rule.partial else "syscall")
        skipped = self._unloaded(source)
        if skipped:
            yield skipped
            return
        try:
            tree = parse_filter(with_exceptions(item.condition.strip(), item.excepted))
        except FilterError as error:
            yield self._unparsed(error, item.condition)
            return
        undefined = list(self._macro_use.by_rule(tree, rule.file))
        yield from undefined
        tests = list(dict.fromkeys(comparisons(tree, self._tree, self._budget)))
        yield from fields(
            tests,
            fields_of(item.excepted),
            item.output,
            source,
            self.engine,
            self._lists,
            skips=item.skip_unknown,
        )
        yield from self._compared(tests, source)
        if name not in RULES:
            yield from self._compared.organisations(tests)
        yield from self._fires(item, tree, source, known=not undefined)

    def _unparsed(self, error: FilterError, condition: str) -> Fault:
        """Where a condition is none, as far as it can be read without the lists that Falco would first put into it."""
        if isinstance(error, TooDeep):
            return doubt(_DEEP)
        if any(_APART.search(name) and name in condition for name in self._definitions.lists):
            return doubt(f"{error}, unless the items of a list make one of it whose name has a blank or a sign in it")
        return refused(f"its condition is none: {error}{_hint(condition)}")

    def _fires(self, item: FalcoItem, tree: Node, source: str, *, known: bool) -> Iterator[Fault]:
        """When its condition holds, as far as that can be known of all the macros in it."""
        if impossible := self._holding.impossible(tree):
            yield Fault("never", impossible)
        elif limitless := self._holding.always(tree):
            yield Fault("always", f"one of its alternatives holds in any case: {limitless}")
        if source == "syscall" and item.warn_types and known and not self._holding.narrowed(tree):
            used = reached(tree, self._tree, self._budget)
            if all(self._tree(name) is not None or name in MACROS for name in used):
                yield Fault("every-event", "no evt.type narrows it: every system call of the node is compared")

    def _unloaded(self, source: str) -> Fault | None:
        if source in ("", "syscall"):
            return None
        if source not in SOURCES:
            if self.engine.plugins is not None and not self.engine.own_plugins:
                return Fault("skipped", f"its source {source} is of no plugin that falco.yaml loads")
            near = difflib.get_close_matches(source, sorted(SOURCES), 1, 0.8)
            meant = f" ({near[0]} is)" if near else ""
            return doubt(
                f"its source {source} is of no plugin in Falco's registry{meant}: without one of your own that has it, "
                "Falco skips the rule"
            )
        if source == "k8s_audit" and self.engine.loads("k8saudit") is False:
            return Fault("skipped", "its source k8s_audit needs the k8saudit plugin, which falco.yaml does not load")
        return None


def _hint(condition: str) -> str:
    """What is often written, and is none of Falco's language."""
    found = _FOREIGN.search(condition)
    if found is None:
        return ""
    word = found[0].strip()
    return f"; Falco writes {_WRITTEN.get(word, word.lower())} for {word}"


def _parsed(condition: str) -> Node | None:
    try:
        return parse_filter(condition.strip())
    except FilterError:
        return None
