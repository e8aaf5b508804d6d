"""The functions that are built into Rego: those that are evaluated here, and the names of all."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from auditor.enforcement.rego.patterns import search
from auditor.enforcement.rego.syntax import Unsupported
from auditor.enforcement.rego.values import RegoSet, kind, same

_FEW = 2000

DEPRECATED = frozenset({"all", "any", "re_match", "set_diff", "net.cidr_overlap"}) | frozenset(
    f"cast_{name}" for name in ("array", "boolean", "null", "object", "set", "string")
)
"""Those that rego.v1 refuses."""

PLAIN = (
    frozenset(
        (
            "abs and assign ceil concat contains count div endswith eq equal external_data floor format_int gt gte "
            "indexof indexof_n intersection is_array is_boolean is_null is_number is_object is_set is_string lower lt "
            "lte max min minus mul neq object or plus print product rem replace round set sort split sprintf "
            "startswith substring sum to_number trace trim trim_left trim_prefix trim_right trim_space trim_suffix "
            "type_name union upper walk"
        ).split()
    )
    | DEPRECATED
)
"""The functions whose names hold no dot (OPA's capabilities), and external_data, which Gatekeeper adds."""

SPACES = frozenset(
    (
        "array base64 base64url bits crypto glob graph graphql hex http internal io json net numbers object opa "
        "providers rand regex rego semver strings time units urlquery uri uuid yaml"
    ).split()
)
"""What the names of the others start with. New versions of OPA add functions below these."""


def _strings(*values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise TypeError


def _collection(value: Any) -> list[Any]:
    if isinstance(value, (list, RegoSet)):
        return list(value)
    raise TypeError


def _texts(value: Any) -> list[str]:
    found = [value] if isinstance(value, str) else _collection(value)
    _strings(*found)
    return found


def _any_match(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda texts, ends: any(test(text, end) for text in _texts(texts) for end in _texts(ends))


def _matches(pattern: Any, text: Any) -> bool:
    _strings(pattern, text)
    return search(pattern, text)


def _on(function: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*values: Any) -> Any:
        _strings(*values)
        return function(*values)

    return checked


def _count(value: Any) -> int:
    if isinstance(value, (str, list, dict, RegoSet)):
        return len(value)
    raise TypeError


def _split(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter) if delimiter else list(text)


def _substring(text: Any, start: Any, length: Any) -> str:
    _strings(text)
    if start < 0:
        raise ValueError
    return str(text[start:]) if length < 0 else str(text[start : start + length])


def _get(value: Any, key: Any, default: Any) -> Any:
    if isinstance(key, list):
        for part in key:
            if not isinstance(value, dict) or part not in value:
                return default
            value = value[part]
        return value
    if not isinstance(value, dict):
        raise TypeError
    return value.get(key, default)


def _sprintf(form: Any, values: Any) -> str:
    """As far as texts and whole numbers go; anything else is not compared with images anyway."""
    _strings(form)
    parts = form.split("%%")
    for value in _collection(values):
        for index, part in enumerate(parts):
            at = part.find("%")
            if at >= 0 and part[at + 1 : at + 2] and part[at + 1] in "vsdq":
                told = (
                    str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else f"<{kind(value)}>"
                )
                parts[index] = part[:at] + told.replace("%", "\0") + part[at + 2 :]
                break
    return "%".join(parts).replace("\0", "%")


def _concat(delimiter: Any, parts: Any) -> str:
    _strings(delimiter, *_collection(parts))
    return str(delimiter.join(_collection(parts)))


def _replace(text: str, old: str, new: str) -> str:
    if len(text) * (len(new) + 1) > _FEW * _FEW:
        raise Unsupported("a text that is too long")
    return text.replace(old, new)


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def checked(left: Any, right: Any) -> Any:
        if isinstance(left, RegoSet) and isinstance(right, RegoSet) and function is operator.sub:
            return RegoSet(item for item in left if item not in right)
        if kind(left) != "number" or kind(right) != "number":
            raise TypeError
        found = function(left, right)
        if abs(found) > 1 << 63:
            raise Unsupported("a number that is too large")
        return int(found) if isinstance(found, float) and found.is_integer() else found

    return checked


def _ordered(function: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def checked(left: Any, right: Any) -> bool:
        if kind(left) != kind(right) or kind(left) not in ("number", "string"):
            raise Unsupported("an order of other things than numbers and texts")
        return function(left, right)

    return checked


def _sets(function: Callable[[RegoSet, RegoSet], RegoSet]) -> Callable[[Any, Any], RegoSet]:
    def checked(left: Any, right: Any) -> RegoSet:
        if not isinstance(left, RegoSet) or not isinstance(right, RegoSet):
            raise TypeError
        return function(left, right)

    return checked


def _number(value: Any) -> Any:
    if isinstance(value, str):
        return float(value) if "." in value else int(value)
    return 0 if value is None else value + 0


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "==": same,
    "equal": same,
    "!=": lambda left, right: not same(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(operator.truediv),
    "%": _arithmetic(operator.mod),
    "|": _sets(lambda left, right: RegoSet([*left, *right])),
    "&": _sets(lambda left, right: RegoSet(item for item in left if item in right)),
    "in": lambda item, found: any(same(item, one) for one in (found.values() if isinstance(found, dict) else found)),
    "all": lambda found: all(value is True for value in _collection(found)),
    "any": lambda found: any(value is True for value in _collection(found)),
    "array.concat": lambda left, right: [*_collection(left), *_collection(right)],
    "array.slice": lambda found, start, end: _collection(found)[max(start, 0) : max(end, 0)],
    "concat": _concat,
    "contains": _on(lambda text, part: part in text),
    "count": _count,
    "endswith": _on(str.endswith),
    "indexof": _on(str.find),
    "lower": _on(str.lower),
    "upper": _on(str.upper),
    "max": lambda found: max(_collection(found)),
    "min": lambda found: min(_collection(found)),
    "sum": lambda found: sum(_collection(found)),
    "object.get": _get,
    "object.keys": lambda found: RegoSet(found.keys()),
    "print": lambda *_: True,
    "trace": lambda *_: True,
    "re_match": _matches,
    "regex.match": _matches,
    "replace": _on(_replace),
    "set": lambda: RegoSet(),
    "split": _on(_split),
    "sprintf": _sprintf,
    "startswith": _on(str.startswith),
    "strings.any_prefix_match": _any_match(str.startswith),
    "strings.any_suffix_match": _any_match(str.endswith),
    "strings.count": _on(str.count),
    "substring": _substring,
    "to_number": _number,
    "trim": _on(str.strip),
    "trim_left": _on(str.lstrip),
    "trim_prefix": _on(str.removeprefix),
    "trim_right": _on(str.rstrip),
    "trim_space": _on(str.strip),
    "trim_suffix": _on(str.removesuffix),
    "type_name": kind,
    **{f"is_{name}": (lambda value, name=name: kind(value) == name) for name in ("array", "null", "number", "object")},
    **{f"is_{name}": (lambda value, name=name: kind(value) == name) for name in ("boolean", "set", "string")},
}
