"""Falco's filter language: a condition becomes a tree. The grammar is libs' (userspace/libsinsp/filter/parser.cpp)."""

from __future__ import annotations

import re

from msgspec import Struct

MAX_DEPTH = 100

_BLANK = re.compile(r"[ \t\b\r\n]*")
_FIELD = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+", re.ASCII)
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_ARGUMENT = re.compile(r"""\[(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\]\["'\s]+))\]""")
_QUOTED = re.compile(r"""(["'])((?:\\.|(?!\1)[^\\])*+)\1""", re.DOTALL)
_BARE = re.compile(r"""[^()"'\s=,]+""")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?")
_AND, _OR = re.compile(r"and(?=[\s(])"), re.compile(r"or(?=[\s(])")
_NOT = re.compile(r"not(?=[\s(])")
_UNARY = re.compile(r"exists")
_COMPARED = re.compile(r"<=|<|>=|>")
_TEXT = re.compile(r"==|=|!=|(?:glob|iglob|contains|icontains|bcontains|startswith|bstartswith|endswith|regex)(?=\s)")
_MODIFIER = re.compile(r"(?:oneof|anyof|allof)(?=\s+(?!(?:and|or|not)\b)[A-Za-z(])")
_LISTED = re.compile(r"intersects|in|pmatch")
_TRANSFORMER = re.compile(r"(?:tolower|toupper|b64|basename|len|join|concat|getopt|val)\(")


class FilterError(Exception):
    """It is no condition. The message says what was expected, and after how many characters."""


class Field(Struct, frozen=True):
    """A field with its argument in brackets; `changed`: a transformer makes something else of it."""

    name: str
    argument: str = ""
    changed: bool = False


class Comparison(Struct, frozen=True):
    """A comparison. A value may be the name of a list; `others` are the fields that it is compared with."""

    field: Field
    operator: str
    values: tuple[str, ...] = ()
    others: tuple[Field, ...] = ()


class Macro(Struct, frozen=True):
    """The name of a macro, where a comparison could stand."""

    name: str


class Not(Struct, frozen=True):
    part: Node


class All(Struct, frozen=True):
    parts: tuple[Node, ...]


class AnyOf(Struct, frozen=True):
    parts: tuple[Node, ...]


Node = Comparison | Macro | Not | All | AnyOf


def parse_filter(text: str) -> Node:
    """The tree of a condition; raises FilterError."""
    reader = _Reader(text)
    node = reader.any_of(0)
    if reader.at < len(text):
        raise reader.error("`and` or `or`")
    return node


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def error(self, expected: str) -> FilterError:
        return FilterError(f"{expected} is expected after {self.at} characters of it")

    def _blank(self) -> None:
        match = _BLANK.match(self._text, self.at)
        assert match is not None  # it matches nothing, too
        self.at = match.end()

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self.at)
        if match:
            self.at = match.end()
        return match

    def _char(self, char: str) -> bool:
        found = self._text.startswith(char, self.at)
        self.at += found
        return found

    def any_of(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise FilterError(f"it is nested more than {MAX_DEPTH} deep")
        parts = [self._all_of(depth)]
        while self._take(_OR):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self, depth: int) -> Node:
        parts = [self._negated(depth)]
        while self._take(_AND):
            parts.append(self._negated(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _negated(self, depth: int) -> Node:
        self._blank()
        negated = False
        while self._take(_NOT):
            negated = not negated
            self._blank()
        node = self._test(depth)
        self._blank()
        return Not(node) if negated else node

    def _test(self, depth: int) -> Node:
        if self._char("("):
            node = self.any_of(depth + 1)
            if not self._char(")"):
                raise self.error("`)`")
            return node
        left = self._changed(depth) or self._field()
        if left is None:
            name = self._take(_NAME)
            if name is None:
                raise self.error("a field, a macro or `(`")
            return Macro(name[0])
        return self._comparison(left, depth)

    def _field(self) -> Field | None:
        name = self._take(_FIELD)
        if name is None:
            return None
        argument = self._take(_ARGUMENT)
        if argument is None and self._text.startswith("[", self.at):
            raise self.error("the argument of a field")
        return Field(name[0], next((part for part in argument.groups() if part is not None), "") if argument else "")

    def _changed(self, depth: int) -> Field | None:
        """A field within a transformer; of several, the first."""
        start = self._take(_TRANSFORMER)
        if start is None:
            return None
        if depth > MAX_DEPTH:
            raise FilterError(f"it is nested more than {MAX_DEPTH} deep")
        found: Field | None = None
        while True:
            self._blank()
            part = self._changed(depth + 1) or self._field()
            found = found or part
            if part is None and not (self._take(_QUOTED) or self._take(_NUMBER)):
                if not self._char("("):
                    raise self.error("a field in the transformer")
                self._values()
            self._blank()
            if self._char(")"):
                break
            if not self._char(","):
                raise self.error("`)` of the transformer")
        if found is None:
            raise self.error("a field in the transformer")
        return found if start[0] == "val(" else Field(found.name, found.argument, changed=True)

    def _comparison(self, left: Field, depth: int) -> Comparison:
        self._blank()
        if self._take(_UNARY):
            return Comparison(left, "exists")
        if operator := self._take(_COMPARED):
            self._blank()
            other = self._changed(depth)
            number = None if other else self._take(_NUMBER)
            if not other and not number:
                raise self.error("a number")
            return Comparison(left, operator[0], (number[0],) if number else (), (other,) if other else ())
        if operator := self._take(_TEXT):
            self._blank()
            if modifier := self._take(_MODIFIER):
                return Comparison(left, f"{operator[0]} {modifier[0]}", self._list())
            if other := self._changed(depth):
                return Comparison(left, operator[0], (), (other,))
            return Comparison(left, operator[0], (self._value(),))
        if operator := self._take(_LISTED):
            self._blank()
            if other := self._changed(depth):
                return Comparison(left, operator[0], (), (other,))
            return Comparison(left, operator[0], self._list())
        raise self.error("an operator")

    def _list(self) -> tuple[str, ...]:
        self._blank()
        if self._char("("):
            return self._values()
        name = self._take(_NAME)
        if name is None:
            raise self.error("a list in parentheses, or the name of one")
        return (name[0],)

    def _values(self) -> tuple[str, ...]:
        """What stands up to the closing parenthesis."""
        values: list[str] = []
        self._blank()
        if self._char(")"):
            return ()
        while True:
            values.append(self._value())
            self._blank()
            if self._char(")"):
                return tuple(values)
            if not self._char(","):
                raise self.error("`,` or `)`")
            self._blank()

    def _value(self) -> str:
        if quoted := self._take(_QUOTED):
            return re.sub(r"\\(.)", r"\1", quoted[2], flags=re.DOTALL)
        bare = self._take(_BARE)
        if bare is None:
            raise self.error("a value")
        return bare[0]
