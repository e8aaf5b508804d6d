"""Expressions of Kubewarden's policy groups: members called as functions, joined by `&&`, `||` and `!`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from auditor.enforcement.outcomes import Outcome

_TOKEN = re.compile(
    r"\s*(?:(?P<sign>&&|\|\||!|\(|\))|(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*\(\s*\)|(?P<word>true|false)\b)"
)
_LONGEST = 10_000
_DEEPEST = 100


def evaluate(expression: str, members: Mapping[str, Outcome]) -> Outcome:
    """What the group makes of an image, given what each member makes of it; UNKNOWN where it is of another shape."""
    tokens = _tokens(expression)
    if tokens is None:
        return Outcome.UNKNOWN
    try:
        reader = _Reader(tokens, members)
        found = reader.either()
    except _NotUnderstood:
        return Outcome.UNKNOWN
    return found if reader.ended else Outcome.UNKNOWN


class _NotUnderstood(Exception):
    pass


def _tokens(expression: str) -> list[str] | None:
    found: list[str] = []
    at = 0
    text = expression.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or len(text) > _LONGEST:
            return None
        found.append(token["sign"] or token["word"] or f"{token['name']}()")
        at = token.end()
    return found


class _Reader:
    """Kleene's logic over outcomes, from DENIED (false) by VERIFIED and UNKNOWN to LET_IN (true)."""

    def __init__(self, tokens: list[str], members: Mapping[str, Outcome]) -> None:
        self._tokens = tokens
        self._members = members
        self._at = 0
        self._depth = 0

    @property
    def ended(self) -> bool:
        return self._at == len(self._tokens)

    def either(self) -> Outcome:
        found = self._both()
        while self._take("||"):
            found = _either(found, self._both())
        return found

    def _both(self) -> Outcome:
        found = self._single()
        while self._take("&&"):
            found = _both(found, self._single())
        return found

    def _single(self) -> Outcome:
        if self.ended:
            raise _NotUnderstood
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _NotUnderstood
        try:
            return self._operand()
        finally:
            self._depth -= 1

    def _operand(self) -> Outcome:
        if self._take("!"):
            return _not(self._single())
        if self._take("("):
            found = self.either()
            if not self._take(")"):
                raise _NotUnderstood
            return found
        word = self._tokens[self._at]
        self._at += 1
        if word in ("true", "false"):
            return Outcome.LET_IN if word == "true" else Outcome.DENIED
        name = word.removesuffix("()")
        if name == word or name not in self._members:
            raise _NotUnderstood
        return self._members[name]

    def _take(self, sign: str) -> bool:
        if not self.ended and self._tokens[self._at] == sign:
            self._at += 1
            return True
        return False


_ORDER = (Outcome.DENIED, Outcome.VERIFIED, Outcome.UNKNOWN, Outcome.LET_IN)


def _both(one: Outcome, other: Outcome) -> Outcome:
    return min(one, other, key=_ORDER.index)


def _either(one: Outcome, other: Outcome) -> Outcome:
    if {one, other} == {Outcome.VERIFIED, Outcome.UNKNOWN}:
        return Outcome.UNKNOWN
    return max(one, other, key=_ORDER.index)


def _not(one: Outcome) -> Outcome:
    return {Outcome.DENIED: Outcome.LET_IN, Outcome.LET_IN: Outcome.DENIED}.get(one, Outcome.UNKNOWN)
