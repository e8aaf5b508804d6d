"""Falco's filter language: a condition becomes a tree. The grammar is libs' (userspace/libsinsp/filter/parser.cpp)."""

from __future__ import annotations

import re

from auditor.monitoring.trees import All, AnyOf, Comparison, Field, Macro, Node, Not

MAX_DEPTH = 100

_BLANK = re.compile(r"[ \t\b\r\n]*")
_FIELD = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+", re.ASCII)
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
# A quote ends at the next that no backslash stands before, also where that backslash has one before it.
_QUOTED = re.compile(r"""(["'])((?:(?!\1).|(?<=\\)\1)*+)\1""", re.DOTALL)
_BARE_ARGUMENT = re.compile(r"""[^\]\["'\s]+""")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", " ": "\\", "\\": "\\", "/": "/"}
_BARE = re.compile(r"""[^()"'\s=,]+""")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?")
_AND, _OR = re.compile(r"and(?=[\s(])"), re.compile(r"or(?=[\s(])")
_NOT = re.compile(r"not(?=[\s(])")
_UNARY = re.compile(r"exists")
_COMPARED = re.compile(r"<=|<|>=|>")
_TEXT = re.compile(r"==|=|!=|(?:glob|iglob|contains|icontains|bcontains|startswith|bstartswith|endswith|regex)(?=\s)")
_MODIFIER = re.compile(r"(?:oneof|anyof|allof)(?=\s+(?!(?:and|or|not)\b)[A-Za-z(])")
_LISTED = re.compile(r"intersects|in|pmatch")
_TRANSFORMER = re.compile(r"(?:tolower|toupper|b64|basename|len|join|concat|getopt)\(")
_AS_IT_IS = re.compile(r"val\(")


class FilterError(Exception):
    """It is no condition. The message says what was expected, and after how many characters."""


class TooDeep(FilterError):
    """It is nested deeper than it is read here. Falco reads ten times as deep."""


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
            raise TooDeep(f"it is nested more than {MAX_DEPTH} deep")
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
        left = self._changed(depth)
        field = None if left else self._field()
        if field is not None:
            left = (field,)
        if not left:
            name = self._take(_NAME)
            if name is None:
                raise self.error("a field, a macro or `(`")
            return Macro(name[0])
        return self._comparison(left, depth)

    def _field(self) -> Field | None:
        name = self._take(_FIELD)
        if name is None:
            return None
        if not self._char("["):
            return Field(name[0])
        quoted = self._take(_QUOTED)
        bare = None if quoted else self._take(_BARE_ARGUMENT)
        if not (quoted or bare) or not self._char("]"):
            raise self.error("the argument of a field")
        return Field(name[0], quoted[2] if quoted else bare[0] if bare else "")

    def _compared_with(self, depth: int) -> tuple[Field, ...]:
        """Fields on the right of a comparison, where `val()` marks one that is taken as it is."""
        if not self._take(_AS_IT_IS):
            return self._changed(depth)
        self._blank()
        found = self._field()
        self._blank()
        if found is None or not self._char(")"):
            raise self.error("a field and `)`")
        return (found,)

    def _changed(self, depth: int) -> tuple[Field, ...]:
        """The fields within a transformer, one without a name if there is none; nothing if it is no transformer."""
        if not self._take(_TRANSFORMER):
            return ()
        found = self._arguments(depth)
        if self._char("[") and not ((self._take(_QUOTED) or self._take(_BARE_ARGUMENT)) and self._char("]")):
            raise self.error("the argument of a transformer")
        return found or (Field("", changed=True),)

    def _arguments(self, depth: int) -> tuple[Field, ...]:
        """What stands up to the closing parenthesis of a transformer, or of a list in it: the fields."""
        if depth > MAX_DEPTH:
            raise TooDeep(f"it is nested more than {MAX_DEPTH} deep")
        found: list[Field] = []
        self._blank()
        while not self._char(")"):
            if inner := self._changed(depth + 1):
                found += inner
            elif field := self._field():
                found.append(Field(field.name, field.argument, changed=True))
            elif self._char("("):
                found += self._arguments(depth + 1)
            elif not (self._take(_QUOTED) or self._take(_NUMBER)):
                raise self.error("a field, a text or a number")
            self._blank()
            if self._char(")"):
                break
            if not self._char(","):
                raise self.error("`,` or `)` of the transformer")
            self._blank()
            if self._text.startswith(")", self.at):
                raise self.error("a field, a text or a number")
        return tuple(found)

    def _comparison(self, fields: tuple[Field, ...], depth: int) -> Comparison:
        """After the fields on its left: one, or those of a transformer."""
        left, *more = fields
        self._blank()
        if self._take(_UNARY):
            return Comparison(left, "exists", (), tuple(more))
        if operator := self._take(_COMPARED):
            self._blank()
            others = (*more, *self._compared_with(depth))
            number = None if len(others) > len(more) else self._take(_NUMBER)
            if len(others) == len(more) and not number:
                raise self.error("a number")
            return Comparison(left, operator[0], (number[0],) if number else (), others)
        if operator := self._take(_TEXT):
            start = self.at
            self._blank()
            apart = self.at > start or operator[0].isalpha()
            if apart and (modifier := self._take(_MODIFIER)):
                return self._with_list(left, f"{operator[0]} {modifier[0]}", more)
            if others := self._compared_with(depth):
                return Comparison(left, operator[0], (), (*more, *others))
            quoted = set[str]()
            value = self._value(quoted)
            return Comparison(left, operator[0], (value,), tuple(more), frozenset(quoted), single=True)
        if operator := self._take(_LISTED):
            self._blank()
            if others := self._compared_with(depth):
                return Comparison(left, operator[0], (), (*more, *others))
            return self._with_list(left, operator[0], more)
        raise self.error("an operator")

    def _with_list(self, left: Field, operator: str, more: list[Field]) -> Comparison:
        self._blank()
        if self._char("("):
            quoted = set[str]()
            values = self._values(quoted)
            return Comparison(left, operator, values, tuple(more), frozenset(quoted))
        name = self._take(_NAME)
        if name is None:
            raise self.error("a list in parentheses, or the name of one")
        return Comparison(left, operator, (name[0],), tuple(more), single=True)

    def _values(self, quoted: set[str]) -> tuple[str, ...]:
        """What stands up to the closing parenthesis; those in quotes are added to `quoted`."""
        values: list[str] = []
        self._blank()
        if self._char(")"):
            return ()
        while True:
            values.append(self._value(quoted))
            self._blank()
            if self._char(")"):
                return tuple(values)
            if not self._char(","):
                raise self.error("`,` or `)`")
            self._blank()

    def _unescaped(self, text: str, quote: str) -> str:
        """What a text in quotes stands for (libs, filter/escaping.cpp). Falco refuses escapes that it does not know."""

        def meant(escape: re.Match[str]) -> str:
            char = escape[1]
            known = char in _ESCAPES or char == quote or len(char) == 3
            if not known:
                raise FilterError(f"the backslash before {char} in quotes stands for nothing; one for it is \\\\{char}")
            return chr(int(char[1:], 16)) if len(char) == 3 else _ESCAPES.get(char, char)

        return _ESCAPE.sub(meant, text)

    def _value(self, quoted: set[str]) -> str:
        if found := self._take(_QUOTED):
            value = self._unescaped(found[2], found[1])
            quoted.add(value)
            return value
        bare = self._take(_BARE)
        if bare is None:
            raise self.error("a value")
        return bare[0]
