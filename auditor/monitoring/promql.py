"""The series that a PromQL expression selects, by a reader that takes what it does not know for nothing.

It reads tokens, not grammar: an expression of any size or nesting costs its length. The language:
https://prometheus.io/docs/prometheus/latest/querying/basics/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
      | (?P<text>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|`[^`]*`)
      | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9][\w.]*(?:(?<=[eE])[+-][0-9]+)?|\.[0-9]+\w*))
      | (?P<name>[A-Za-z_:][\w:]*)
      | (?P<match>=~|!~|!=|==|=)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LABEL_LISTS = frozenset("by without on ignoring group_left group_right".split())
_WORDS = frozenset("and or unless atan2 bool offset inf nan start end fill fill_left fill_right".split()) | _LABEL_LISTS


class Matcher(Struct, frozen=True):
    """A label matcher; `operator` is one of =, !=, =~ and !~."""

    label: str
    operator: str
    value: str

    @property
    def asks(self) -> bool:
        """Whether a series without the label is left out by it."""
        if self.operator == "=":
            return self.value != ""
        if self.operator == "!=":
            return self.value == ""
        try:
            empty = len(self.value) <= 500 and re.fullmatch(self.value, "") is not None
        except (re.error, OverflowError, RecursionError):
            return False
        return not empty if self.operator == "=~" else empty


class Selector(Struct, frozen=True):
    """Series that an expression selects. `metric` is empty where a matcher of __name__ with a pattern names them."""

    metric: str
    matchers: tuple[Matcher, ...] = ()


class _Token(Struct, frozen=True):
    kind: str
    text: str


_FIRES_WITHOUT = frozenset("absent absent_over_time or unless vector".split())


def may_fire_without(expression: str) -> bool:
    """Whether an expression may have a result though series that it names are not there."""
    return any(m.lastgroup == "name" and m[0].lower() in _FIRES_WITHOUT for m in _TOKEN.finditer(expression))


def selectors(expression: str) -> tuple[Selector, ...]:
    """In order of their place, each once."""
    tokens = [
        _Token(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(expression) if match.lastgroup != "blank"
    ]
    return tuple(dict.fromkeys(_selectors(tokens)))


def _selectors(tokens: list[_Token]) -> Iterator[Selector]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        following = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if token.text == "{":
            matchers, quoted, at = _matchers(tokens, at + 1)
            yield _named(quoted, matchers)
        elif token.text == "[":
            at = _after(tokens, at, "]")
        elif token.kind != "name":
            at += 1
        elif token.text.lower() in _LABEL_LISTS and following == "(":
            at = _after(tokens, at, ")")
        elif token.text.lower() in _WORDS or following == "(" or _leads(tokens, at):
            at += 1  # a word of the language, or a function or aggregation
        elif following == "{":
            matchers, _, at = _matchers(tokens, at + 2)
            yield Selector(token.text, matchers)
        else:
            at += 1
            yield Selector(token.text)


def _leads(tokens: list[_Token], at: int) -> bool:
    """Whether an aggregation follows its labels: `sum by (job) (up)`."""
    return at + 2 < len(tokens) and tokens[at + 1].text.lower() in ("by", "without") and tokens[at + 2].text == "("


def _after(tokens: list[_Token], at: int, end: str) -> int:
    while at < len(tokens) and tokens[at].text != end:
        at += 1
    return at + 1


def _matchers(tokens: list[_Token], at: int) -> tuple[tuple[Matcher, ...], str, int]:
    """Up to the closing brace: the matchers, and a metric's name in quotes, if one stands among them."""
    found: list[Matcher] = []
    quoted = ""
    while at < len(tokens) and tokens[at].text != "}":
        label = tokens[at]
        operator = tokens[at + 1] if at + 1 < len(tokens) else None
        value = tokens[at + 2] if at + 2 < len(tokens) else None
        if operator and operator.kind == "match" and value and value.kind == "text":
            found.append(Matcher(_plain(label), operator.text, _plain(value)))
            at += 3
        else:
            if label.kind == "text":
                quoted = _plain(label)
            at += 1
    return tuple(found), quoted, at + 1


def _named(quoted: str, matchers: tuple[Matcher, ...]) -> Selector:
    names = [m.value for m in matchers if m.label == "__name__" and m.operator == "="]
    return Selector(quoted or (names[0] if names else ""), tuple(m for m in matchers if m.label != "__name__"))


def _plain(token: _Token) -> str:
    if token.kind != "text":
        return token.text
    inner = token.text[1:-1]
    return inner if token.text[0] == "`" else re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)
