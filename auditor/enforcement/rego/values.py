"""Rego's values: those of JSON, and sets."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from auditor.enforcement.rego.syntax import Unsupported

MISSING = object()
"""What an undefined term has for a value."""


class RegoSet:
    """A set of values, in order of first place. Values of different types are never equal."""

    __slots__ = ("_found",)

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._found = {identity(item): item for item in items}

    def __iter__(self) -> Iterator[Any]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, item: Any) -> bool:
        return identity(item) in self._found

    def keys(self) -> frozenset[Hashable]:
        return frozenset(self._found)


def identity(value: Any) -> Hashable:
    """What two values have in common exactly if Rego calls them equal: `true` is not 1, 1 is 1.0."""
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if isinstance(value, (int, float)):
        return ("number", value)
    if isinstance(value, str):
        return ("string", value)
    if isinstance(value, (list, tuple)):
        return ("array", tuple(identity(item) for item in value))
    if isinstance(value, RegoSet):
        return ("set", value.keys())
    return ("object", frozenset((identity(key), identity(item)) for key, item in value.items()))


def same(left: Any, right: Any) -> bool:
    return identity(left) == identity(right)


def kind(value: Any) -> str:
    """The name of a value's type, as type_name gives it."""
    if value is None:
        return "null"
    names = ((bool, "boolean"), ((int, float), "number"), (str, "string"), ((list, tuple), "array"), (RegoSet, "set"))
    return next((name for types, name in names if isinstance(value, types)), "object")


def entries(value: Any) -> list[tuple[Any, Any]]:
    """The keys of a collection with what stands below them; an item of a set is both."""
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        return list(value.items())
    return [(one, one) for one in value] if isinstance(value, RegoSet) else []


def lookup(value: Any, key: Any) -> Any:
    """What stands below a key, MISSING if nothing does."""
    if isinstance(value, list):
        inside = isinstance(key, int) and not isinstance(key, bool) and 0 <= key < len(value)
        return value[key] if inside else MISSING
    if isinstance(value, dict):
        return value.get(key, MISSING) if isinstance(key, (str, int, float)) else MISSING
    return key if isinstance(value, RegoSet) and key in value else MISSING


def simple_key(key: Any) -> Any:
    """A key of an object; Unsupported where it is not a plain value."""
    if not isinstance(key, (str, int, float, bool, type(None))):
        raise Unsupported("an object whose keys are not simple")
    return key
