"""Kyverno's validation patterns: overlays of a resource, with wildcards, operators and anchors."""

from __future__ import annotations

import re
from collections import deque
from typing import Any, Literal

Outcome = Literal["pass", "fail", "skip"]
_ANCHOR = re.compile(r"([+<=X^])?\((.+)\)")
_OPERATORS = (">=", "<=", ">", "<", "!")
_RANGE = re.compile(r"[-|+]?\d+(?:\.\d+)?[A-Za-z]*!?-[-|+]?\d+(?:\.\d+)?[A-Za-z]*")
_MEASURE = re.compile(r"[-+]?[0-9.]+[A-Za-zµ]*")
_DEPTH = 40


class Unreadable(Exception):
    """What a rule says could not be read, with the reason."""


class _Fail(Exception):
    pass


class _Skip(Exception):
    """A conditional or global anchor does not hold, so that the pattern is not meant. `direct`: the anchor stands in
    the very map that is looked at, not below it."""

    def __init__(self, *, direct: bool) -> None:
        super().__init__()
        self.direct = direct


def overlay(resource: Any, pattern: Any) -> Outcome:
    """Whether a resource fits a pattern, fails it, or is not meant by it.

    Source: kyverno pkg/engine/validate/validate.go, pkg/engine/anchor, pkg/engine/pattern.
    """
    try:
        _element(resource, pattern, 0)
    except _Skip:
        return "skip"
    except _Fail:
        return "fail"
    return "pass"


def _element(resource: Any, pattern: Any, depth: int) -> None:
    if depth > _DEPTH:
        raise Unreadable("a pattern is nested too deeply")
    if isinstance(pattern, dict):
        if not isinstance(resource, dict):
            raise _Fail
        _mapping(resource, pattern, depth)
    elif isinstance(pattern, list):
        if not isinstance(resource, list) or not pattern:
            raise _Fail
        _sequence(resource, pattern, depth)
    elif isinstance(resource, list):
        if not all(value_fits(item, pattern) for item in resource):
            raise _Fail
    elif not value_fits(resource, pattern):
        raise _Fail


def _mapping(resource: dict[str, Any], pattern: dict[str, Any], depth: int) -> None:
    if any(_wild(_anchor(key)[1], value) for key, value in pattern.items()):
        raise Unreadable("a pattern has wildcards in the keys of labels or annotations")
    anchors = sorted(key for key in pattern if _anchor(key)[0] in ("", "^", "=", "X"))
    skipped: list[_Skip] = []
    applied = 0
    for key in anchors:
        try:
            _handle(resource, key, pattern[key], depth)
            applied += 1
        except _Skip as skip:
            skipped.append(skip)
        except _Fail:
            if not any(skip.direct for skip in skipped):
                raise
    if skipped and (not applied or any(skip.direct for skip in skipped)):
        raise _Skip(direct=False)
    order: deque[str] = deque()
    for key in sorted(pattern.keys() - set(anchors)):
        if _anchor(key)[0] == "<" or _nested(pattern[key]):
            order.appendleft(key)
        else:
            order.append(key)
    for key in order:
        _handle(resource, key, pattern[key], depth)


def _wild(name: str, pattern: Any) -> bool:
    return (
        name in ("labels", "annotations")
        and isinstance(pattern, dict)
        and any({"*", "?"} & set(key) for key in pattern)
    )


def _handle(resource: dict[str, Any], key: str, pattern: Any, depth: int) -> None:
    modifier, name = _anchor(key)
    if modifier is None or modifier == "+":
        found = resource.get(key)
        if pattern == "*":
            if found is None:
                raise _Fail
        else:
            _element(found, pattern, depth + 1)
    elif modifier == "X":
        if name in resource:
            raise _Fail
    elif name not in resource:
        if modifier == "":
            raise _Skip(direct=True)
    elif modifier == "^":
        _exists(resource[name], pattern, depth)
    elif modifier == "=":
        _element(resource[name], pattern, depth + 1)
    else:
        try:
            _element(resource[name], pattern, depth + 1)
        except (_Fail, _Skip):
            raise _Skip(direct=True) from None


def _exists(found: Any, pattern: Any, depth: int) -> None:
    """Each map of the pattern fits at least one item."""
    if not isinstance(found, list) or not isinstance(pattern, list):
        raise _Fail
    for wanted in pattern:
        if not isinstance(wanted, dict) or not any(overlay(item, wanted) == "pass" for item in found):
            raise _Fail


def _sequence(resource: list[Any], pattern: list[Any], depth: int) -> None:
    first = pattern[0]
    if not isinstance(first, (dict, list)):
        _element(resource, first, depth + 1)
        return
    if isinstance(first, list) and len(resource) < len(pattern):
        raise _Fail
    pairs = (
        [(item, first) for item in resource] if isinstance(first, dict) else list(zip(resource, pattern, strict=False))
    )
    skipped = applied = 0
    for item, wanted in pairs:
        try:
            _element(item, wanted, depth + 1)
            applied += 1
        except _Skip:
            skipped += 1
    if skipped and not applied:
        raise _Skip(direct=False)


def _anchor(key: str) -> tuple[str | None, str]:
    """The modifier of an anchor (empty for a condition) and its key; None where it is no anchor."""
    found = _ANCHOR.fullmatch(key.strip())
    return (found[1] or "", found[2]) if found else (None, key)


def _nested(pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return any(_anchor(key)[0] not in (None, "+") or _nested(value) for key, value in pattern.items())
    return isinstance(pattern, list) and any(map(_nested, pattern))


def value_fits(value: Any, pattern: Any) -> bool:
    """Whether a plain value fits one of a pattern: a constant, or a text with `|`, `&`, operators and wildcards."""
    if isinstance(pattern, str):
        return value == pattern or any(
            all(_condition_fits(value, part.strip(" ")) for part in either.strip(" ").split("&"))
            for either in pattern.split("|")
        )
    if pattern is None:
        return not value and not isinstance(value, (dict, list))
    if isinstance(pattern, bool) or isinstance(value, bool):
        return value is pattern
    if isinstance(value, str):
        try:
            return bool(float(value) == pattern)
        except ValueError:
            return False
    return isinstance(value, (int, float)) and bool(value == pattern)


def _condition_fits(value: Any, pattern: str) -> bool:
    operator = next((sign for sign in _OPERATORS if len(pattern) > 1 and pattern.startswith(sign)), "")
    if _RANGE.fullmatch(pattern):
        raise Unreadable("a pattern compares ranges")
    wanted = pattern[len(operator) :].strip()
    told = text_of(value)
    measured = _MEASURE.fullmatch(wanted) is not None and _MEASURE.fullmatch(told or "") is not None
    if measured and told != wanted:
        raise Unreadable("a pattern compares quantities")
    if operator in ("", "!"):
        return told is not None and glob(wanted, told) != (operator == "!")
    return False


def text_of(value: Any) -> str | None:
    """A plain value as a text, None for what has none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def glob(pattern: str, text: str) -> bool:
    """Whether the whole text fits: `*` is any text, `?` any character. Takes at most length times length steps."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    at = index = resume = 0
    star = -1
    while index < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, index
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[index]):
            at += 1
            index += 1
        elif star >= 0:
            resume += 1
            at, index = star + 1, resume
        else:
            return False
    return all(character == "*" for character in pattern[at:])
