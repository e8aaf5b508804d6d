"""Text as HTML shows it: nothing hostile in it, lines and evidence laid out to be read and copied."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import markupsafe
from markupsafe import Markup
from msgspec import Struct

from auditor.escape import escape, escape_json
from auditor.reporters.json_text import indented
from auditor.reporters.sarif_places import percent_encoded

# What may become a link: nothing but https, in printable ASCII without what could end an attribute.
_LINK = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[!#$%&()*+,./0-9:;=?@A-Z\[\]_a-z~-]*)?")
_CODE = re.compile(r"`([^`]+)`")
_WIDTH = 100


class Block(Struct, frozen=True):
    """A paragraph, or lines to be pasted as they are."""

    text: str
    code: bool = False


def shown(value: object) -> object:
    """What every expression of a template goes through before it is escaped for HTML."""
    return escape(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def laid_out(text: str) -> Markup:
    """Text whose line feeds stay, as they are ours."""
    return Markup("\n").join(markupsafe.escape(escape(line)) for line in text.split("\n"))


def coded(text: str) -> Markup:
    """Running text in which what stands between backticks is code."""
    words = _CODE.split(text)
    parts = (markupsafe.escape(escape(word)) for word in words)
    return Markup().join(Markup("<code>%s</code>") % part if i % 2 else part for i, part in enumerate(parts))


def is_link(text: str) -> bool:
    return _LINK.fullmatch(text) is not None


def address(text: str) -> str:
    """A name in the address of a page, as the page shows it elsewhere."""
    return percent_encoded(escape(text))


def blocks(text: str) -> Iterator[Block]:
    """Running text joined into paragraphs; indented lines stay as they are, less the indent that they share."""
    held: list[str] = []
    code = False
    for line in [*text.expandtabs(4).split("\n"), ""]:
        indented = line.startswith("  ")
        if held and (indented != code or not line.strip()):
            yield _block(held, code)
            held = []
        if line.strip():
            held, code = [*held, line.rstrip()], indented


def _block(lines: list[str], code: bool) -> Block:
    return Block(textwrap.dedent("\n".join(lines)), True) if code else Block(" ".join(map(str.strip, lines)))


def evidence(values: dict[str, Any]) -> str:
    """JSON with one line per key where that fits into 100 columns; empty where there is no evidence."""
    if not values:
        return ""
    lines = (f"  {_json(key)}: {_value(value)}" for key, value in values.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def _value(value: Any) -> str:
    flat = _json(value)
    if len(flat) <= _WIDTH:
        return flat
    return indented(value, 2)


def _json(value: Any) -> str:
    return escape_json(json.dumps(value, ensure_ascii=False))
