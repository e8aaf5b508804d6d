"""The functions that Kubernetes adds to CEL, for the runtime to call: strings, lists, sets."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

from msgspec import Struct

from auditor.enforcement.cel_declared import DECLARED

MOST = 1 << 16
"""The longest string or list, in characters or elements, that a function makes here; the API server limits by cost."""

_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000"
)
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


class Undecided(ValueError):
    """A function that may give another answer on the API server than could be found here."""


class Function(Struct, frozen=True):
    """An overload. `parameters` and `result` are letters: s string, i int, f double, b bool, m map of strings, L list,
    S list of strings, d dyn (for the type checker alone: the runtime calls nothing for a parameter of that type)."""

    name: str
    parameters: str
    result: str
    call: Callable[..., Any]
    member: bool = True


def functions(find_all: Callable[[str, str], list[str]]) -> Iterator[Function]:
    """All that Kubernetes 1.36 offers to admission policies beside CEL itself (k8s apiserver
    pkg/cel/environment/base.go), but for what the runtime has of itself (optionals, lists); those in UNDECIDED are only
    declared. `image` and `isImage` are Kyverno's: the API server takes no policy that calls them.

    `find_all` finds all matches of an RE2 pattern in a text.
    """
    yield from _STRINGS
    yield from _LISTS
    yield Function("find", "ss", "s", lambda text, pattern: next(iter(find_all(text, pattern)), ""))
    yield Function("findAll", "ss", "S", find_all)
    yield Function("findAll", "ssi", "S", lambda text, pattern, n: find_all(text, pattern)[: n if n >= 0 else None])
    for name, arities, member, result in DECLARED:
        for arity in arities:
            yield Function(name, "d" * int(arity), result, _undecided, member)


def _undecided(*_: Any) -> Any:
    raise Undecided


def _bounded(value: Any) -> Any:
    if len(value) > MOST:
        raise Undecided
    return value


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    # Looked at before it is made: replacements in replacements grow without bounds.
    count = text.count(old) if limit < 0 else min(limit, text.count(old))
    if len(text) + count * (len(new) - len(old)) > MOST:
        raise Undecided
    return text.replace(old, new, limit)


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if not separator:
        letters = list(text)
        return letters if limit < 0 or len(letters) <= limit else [*letters[: limit - 1], "".join(letters[limit - 1 :])]
    return text.split(separator, limit - 1 if limit > 0 else -1)


def _substring(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= start <= end <= len(text):
        raise ValueError("index out of range")
    return text[start:end]


def _char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise ValueError("index out of range")
    return text[index : index + 1]


def _index_of(text: str, part: str, start: int = 0) -> int:
    if not part:
        return start
    if start < 0:
        raise ValueError("index out of range")
    return text.find(part, start)


def _last_index_of(text: str, part: str, last: int | None = None) -> int:
    if not part:
        return len(text) if last is None else last
    if last is None:
        return text.rfind(part)
    if last < 0:
        raise ValueError("index out of range")
    # Past the end nothing is found, rather than all (cel-go ext/strings.go; tried on 1.36).
    return -1 if last >= len(text) else text.rfind(part, 0, last + len(part))


def _join(parts: list[str], separator: str = "") -> str:
    if sum(map(len, parts)) + len(separator) * len(parts) > MOST:
        raise Undecided
    return separator.join(parts)


def _equal(one: Any, other: Any) -> bool:
    """CEL's equality: numbers of all kinds compare, but true is not 1."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one == other)


def _sum(items: list[Any]) -> Any:
    if not all(isinstance(item, int | float) for item in items):
        raise Undecided  # durations
    return sum(items)


def _holds(items: list[Any], wanted: Any) -> bool:
    return any(_equal(item, wanted) for item in items)


def _contains(one: list[Any], other: list[Any]) -> bool:
    if len(one) * len(other) > MOST:
        raise Undecided
    return all(_holds(one, item) for item in other)


def _intersects(one: list[Any], other: list[Any]) -> bool:
    if len(one) * len(other) > MOST:
        raise Undecided
    return any(_holds(other, item) for item in one)


def _position(items: list[Any], wanted: Any, *, last: bool = False) -> int:
    places = [index for index, item in enumerate(items) if _equal(item, wanted)]
    return places[-1 if last else 0] if places else -1


_STRINGS = (
    Function("charAt", "si", "s", _char_at),
    Function("indexOf", "ss", "i", _index_of),
    Function("indexOf", "ssi", "i", _index_of),
    Function("lastIndexOf", "ss", "i", _last_index_of),
    Function("lastIndexOf", "ssi", "i", _last_index_of),
    Function("join", "S", "s", _join),
    Function("join", "Ss", "s", _join),
    Function("lowerAscii", "s", "s", lambda text: text.translate(_LOWER)),
    Function("upperAscii", "s", "s", lambda text: text.translate(_UPPER)),
    Function("replace", "sss", "s", _replace),
    Function("replace", "sssi", "s", _replace),
    Function("split", "ss", "S", lambda text, separator: _bounded(_split(text, separator))),
    Function("split", "ssi", "S", lambda text, separator, limit: _bounded(_split(text, separator, limit))),
    Function("substring", "si", "s", _substring),
    Function("substring", "sii", "s", _substring),
    Function("trim", "s", "s", lambda text: text.strip(_SPACE)),
)
_LISTS = (
    Function("isSorted", "L", "b", lambda items: all(a <= b for a, b in pairwise(items))),
    Function("sum", "L", "d", _sum),
    Function("min", "L", "d", min),
    Function("max", "L", "d", max),
    *(Function("indexOf", f"L{kind}", "i", _position) for kind in "sibfLm"),
    *(Function("lastIndexOf", f"L{kind}", "i", partial(_position, last=True)) for kind in "sibfLm"),
    Function("sets.contains", "LL", "b", _contains, member=False),
    Function("sets.equivalent", "LL", "b", lambda a, b: _contains(a, b) and _contains(b, a), member=False),
    Function("sets.intersects", "LL", "b", _intersects, member=False),
)
