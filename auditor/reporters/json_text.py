"""JSON for files that people read, too: indented, hostile characters escaped, without copies of the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from auditor.escape import escape_json

_compact = json.JSONEncoder(ensure_ascii=False).encode


def document(values: Mapping[str, Any]) -> str:
    """Plain values as a file: indented by two, ending with a line feed.

    Python's encoder that indents makes a string of each token before it joins them, ten times the text: here values
    are encoded in C and indented one by one, those of a list that stands at the top each for itself.
    """
    return "".join(pieces(values))


def indented(value: Any, by: int = 0) -> str:
    """A value indented by two; lines after the first by so much more."""
    text = msgspec.json.format(escape_json(_compact(value)), indent=2)
    return text.replace("\n", "\n" + " " * by) if by else text


def pieces(values: Mapping[str, Any]) -> Iterator[str]:
    """`document`, piece by piece."""
    for place, (key, value) in enumerate(values.items()):
        yield f"{',' if place else '{'}\n  {indented(key)}: "
        if isinstance(value, list) and value:
            for index, entry in enumerate(value):
                yield f"{',' if index else '['}\n    {indented(entry, 4)}"
            yield "\n  ]"
        else:
            yield indented(value, 2)
    yield "\n}\n"
