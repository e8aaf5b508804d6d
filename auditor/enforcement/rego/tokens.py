"""Rego's tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.enforcement.rego.syntax import Unsupported

MAX_LENGTH = 1 << 17
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|\#[^\n]*)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<raw>`[^`]*`)
    |(?P<sign>:=|==|!=|<=|>=|[-+*/%&|<>=.,:;()\[\]{}])""",
    re.VERBOSE | re.ASCII,
)


class Token(Struct, frozen=True):
    """`kind` is name, number, string, sign or end. `tight`: nothing stands between it and the token before."""

    kind: str
    text: str
    line: int
    tight: bool


def tokens(text: str) -> list[Token]:
    """The tokens of a module, the end last; Unsupported where there is something else."""
    if len(text) > MAX_LENGTH:
        raise Unsupported("the module is too long")
    return list(_scan(text))


def _scan(text: str) -> Iterator[Token]:
    position, line, tight = 0, 1, False
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise Unsupported(f"line {line} holds something that is not read")
        kind, raw = found.lastgroup or "", found.group()
        if kind != "space":
            yield Token("string" if kind == "raw" else kind, _content(kind, raw), line, tight)
        tight = kind != "space"
        line += raw.count("\n")
        position = found.end()
    yield Token("end", "", line, False)


def _content(kind: str, raw: str) -> str:
    if kind == "raw":
        return raw[1:-1]
    if kind != "string":
        return raw
    try:
        return str(json.loads(raw))
    except ValueError:
        raise Unsupported("a string has an escape that is not read") from None
