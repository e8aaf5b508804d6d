"""When a condition holds: the values that its fields must have, whether it can hold, and whether event types narrow it.

A macro is looked at once for each question, however often it is used, so that no nesting of macros multiplies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from msgspec import Struct

from auditor.monitoring.field_types import ADDRESSES, NETWORKS, NUMBERS
from auditor.monitoring.fields import MULTIPLE, SINGULARS, VALUES
from auditor.monitoring.stock import NARROWING, UNREAD
from auditor.monitoring.trees import All, AnyOf, Comparison, Macro, Node, Not, nodes

_TYPES = frozenset({"evt.type", "syscall.type", "evt.asynctype"})
_MAX_VALUES = 2000
_MOST_MACROS = 64  # levels of macros in macros

# Values of these are no texts: 1 and 0x1, 443 and https are one.
_NO_TEXT = NUMBERS | ADDRESSES | NETWORKS | frozenset("fd.sport fd.cport fd.lport fd.rport".split())
_NUMERIC = re.compile(r"[+-]?[0-9]", re.ASCII)
# Fields that all events have. Of others, a comparison fails where the event lacks them, and its negation holds.
_ALWAYS_THERE = frozenset({"ka.verb", "ka.stage", "evt.type", "evt.dir"})


class TooMuch(Exception):
    """Rules whose macros and lists are too many to be looked through."""


class Budget:
    """How many parts and values may still be looked at, over all rules of a set."""

    def __init__(self, parts: int) -> None:
        self._left = parts

    def spend(self, parts: int = 1) -> None:
        """Raises TooMuch where it is used up."""
        self._left -= parts
        if self._left < 0:
            raise TooMuch


class _Bounds(Struct, frozen=True):
    """By field, what it may be (absent: anything) and what it may not be, where a condition holds and the event has the
    field; those `there` it has. `why`: the condition cannot hold."""

    allowed: dict[str, frozenset[str]] = {}
    barred: dict[str, frozenset[str]] = {}
    there: frozenset[str] = frozenset()
    why: str = ""

    @property
    def size(self) -> int:
        return sum(map(len, self.allowed.values())) + sum(map(len, self.barred.values()))


def comparisons(tree: Node, macro: Callable[[str], Node | None], budget: Budget) -> Iterator[Comparison]:
    """The comparisons of a condition and of the macros that it uses, each macro's once. Raises TooMuch."""
    waiting, seen = [tree], set[str]()
    while waiting:
        for node in nodes(waiting.pop()):
            budget.spend()
            if isinstance(node, Comparison):
                yield node
            elif isinstance(node, Macro) and node.name not in seen:
                seen.add(node.name)
                if (inner := macro(node.name)) is not None:
                    waiting.append(inner)


class Holding:
    """The questions about one set of macros and lists. Each may raise TooMuch: also where macros are nested deeper than
    they are looked into."""

    def __init__(
        self,
        macro: Callable[[str], Node | None],
        values: Callable[[Comparison], Collection[str] | None],
        budget: Budget,
    ) -> None:
        self._macro = macro
        self._values = values
        self._budget = budget
        self._known: dict[tuple[str, bool], _Bounds] = {}
        self._narrow: dict[tuple[str, bool], bool] = {}
        self._inside: set[str] = set()

    def impossible(self, tree: Node) -> str:
        """Why it can never hold; empty where it may."""
        self._inside.clear()
        return self._bounds(tree, negated=False).why

    def always(self, tree: Node) -> str:
        """Why some alternative of it always holds; empty where none is known to."""
        self._inside.clear()
        parts = [node for node in nodes(tree) if isinstance(node, AnyOf)]
        found = (_both([self._bounds(part, negated=True) for part in node.parts], there=True).why for node in parts)
        return next((why for why in found if why), "")

    def _bounds(self, node: Node, *, negated: bool) -> _Bounds:
        self._budget.spend()
        match node:
            case Not(part):
                return self._bounds(part, negated=not negated)
            case Macro(name):
                return self._of_macro(name, negated)
            case Comparison():
                return self._of_test(node, negated)
            case All(parts) | AnyOf(parts):
                found = [self._bounds(part, negated=negated) for part in parts]
                self._budget.spend(sum(bounds.size for bounds in found))
                return _both(found) if isinstance(node, All) != negated else _either(found)

    def _of_macro(self, name: str, negated: bool) -> _Bounds:
        tree = self._macro(name)
        if tree is None or name in self._inside:
            return _Bounds()
        if (name, negated) not in self._known:
            if len(self._inside) > _MOST_MACROS:
                raise TooMuch
            self._inside.add(name)
            self._known[name, negated] = self._bounds(tree, negated=negated)
            self._inside.discard(name)
        return self._known[name, negated]

    def _of_test(self, test: Comparison, negated: bool) -> _Bounds:
        name = test.field.name
        place = f"{name}[{test.field.argument}]" if test.field.argument else name
        there = frozenset({place}) if not negated or name in _ALWAYS_THERE else frozenset[str]()
        if test.field.changed or test.others or name in MULTIPLE or test.operator not in ("=", "==", "!=", "in"):
            return _Bounds(there=there)
        known = self._values(test)
        values = frozenset(known or ())
        if not values or len(values) > _MAX_VALUES or name in _NO_TEXT or any(map(_NUMERIC.match, values)):
            return _Bounds(there=there)
        if (test.operator == "!=") != negated:
            return _Bounds(barred={place: values}, there=there)
        return _Bounds(allowed={place: values}, there=there, why="" if negated else _without_meaning(name, values))

    def narrowed(self, tree: Node, *, negated: bool = False) -> bool:
        """Whether only events of some types are compared (libs' ppm_event_codes): a type that is asked for."""
        self._budget.spend()
        match tree:
            case Not(part):
                return self.narrowed(part, negated=not negated)
            case Macro(name):
                inner = self._macro(name)
                if inner is None:
                    return name.removeprefix(UNREAD) in NARROWING and not negated
                if name in self._inside:
                    return False
                if (name, negated) not in self._narrow:
                    if len(self._inside) > _MOST_MACROS:
                        raise TooMuch
                    self._inside.add(name)
                    self._narrow[name, negated] = self.narrowed(inner, negated=negated)
                    self._inside.discard(name)
                return self._narrow[name, negated]
            case Comparison(field, operator):
                return field.name in _TYPES and (operator == "!=") == negated and operator in ("=", "==", "in", "!=")
            case All(parts) | AnyOf(parts):
                found = (self.narrowed(part, negated=negated) for part in parts)
                return any(found) if isinstance(tree, All) != negated else all(found)


def _without_meaning(field: str, values: frozenset[str]) -> str:
    """Why none of the values can be the field's."""
    known = VALUES.get(field)
    if known and not values & known:
        return f"{field} is never {_shown(values)}; it is one of {', '.join(sorted(known))}"
    if field == "ka.target.resource" and all(v.lower() in SINGULARS or v != v.lower() for v in values):
        return f"ka.target.resource is never {_shown(values)}: resources are plurals in lower case, such as pods"
    return ""


def _both(found: list[_Bounds], *, there: bool = False) -> _Bounds:
    """All of these hold. `there`: asked of events that have all the fields."""
    allowed: dict[str, frozenset[str]] = {}
    barred: dict[str, frozenset[str]] = {}
    present = frozenset[str]().union(*(bounds.there for bounds in found))
    why = next((bounds.why for bounds in found if bounds.why), "")
    for bounds in found:
        for name, values in bounds.barred.items():
            barred[name] = barred.get(name, frozenset()) | values
        for name, values in bounds.allowed.items():
            both = allowed[name] & values if name in allowed else values
            if not both and not why and (there or name in present):
                why = f"{name} cannot be {_shown(allowed[name])} and {_shown(values)} at once"
            allowed[name] = both
    for name, values in allowed.items():
        if not why and values and not values - barred.get(name, frozenset()) and (there or name in present):
            why = f"{name} is asked to be {_shown(values)} and not to be it"
    return _Bounds(allowed, barred, present, why)


def _either(found: list[_Bounds]) -> _Bounds:
    """One of these holds: what all that can hold agree about."""
    possible = [bounds for bounds in found if not bounds.why]
    if not possible:
        return _Bounds(why=found[0].why)
    first, *rest = possible
    allowed, barred, there = dict(first.allowed), dict(first.barred), first.there
    for bounds in rest:
        allowed = {name: values | bounds.allowed[name] for name, values in allowed.items() if name in bounds.allowed}
        barred = {name: values & bounds.barred[name] for name, values in barred.items() if name in bounds.barred}
        there &= bounds.there
    return _Bounds(allowed, barred, there)


def _shown(values: Collection[str]) -> str:
    names = sorted(value or '""' for value in values)
    return " or ".join(names[:3]) + (f" or {len(names) - 3} others" if len(names) > 3 else "")
