"""Text broken into lines for a column of a table: names lose no character, everything is escaped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from auditor.escape import escape

# Where a reader expects a name to go on: best before a digest, else after a separator, before a port or a tag, else
# within a host; and how much of a line has to be full there, in percent. The middle of a digest is as good a place.
_JOINTS = (
    (re.compile(r"(?=@)"), 40),
    (re.compile(r"(?<=[/,_=-])|(?=:)(?<!sha256)(?<!sha512)"), 30),
    (re.compile(r"(?<=\.)"), 40),
)
_BLANK = re.compile(r"\s")

# How much is looked at for one line, in characters per column: a text of a megabyte is not measured again and again.
_WINDOW = 8


def clusters(text: str) -> Iterator[tuple[str, int]]:
    """The characters with their marks, and how many columns of a terminal each takes."""
    held, width = "", 0
    for character in text:
        if held and unicodedata.category(character) in ("Mn", "Me"):
            held += character
            continue
        if held:
            yield held, width
        held, width = character, 2 if unicodedata.east_asian_width(character) in "WF" else 1
    if held:
        yield held, width


def columns(text: str) -> int:
    """How many columns of a terminal a text takes that holds no control characters."""
    return len(text) if text.isascii() else sum(width for _, width in clusters(text))


def name(text: str) -> str:
    """A name with its white space made visible, so that it can be broken anywhere and read back."""
    return _BLANK.sub(lambda match: f"\\u{{{ord(match[0]):x}}}", escape(text))


def wrap_name(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width` columns that are the name again when joined, without the indent of all but the first."""
    return _broken(name(text), width, indent)


def wrap_text(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of words of at most `width` columns. A word too long for a line is broken as a name is."""
    room = width - len(indent)
    first, *words = escape(text).split(" ")
    *lines, line = _broken(first, width if columns(first) <= width else room)
    for word in words:
        if columns(line) + 1 + columns(word) <= (room if lines else width):
            line += " " + word
        else:
            *full, line = [line, *_broken(word, room)]
            lines += full
    first, *others = [*lines, line]
    return [first, *(indent + other for other in others)]


def _broken(text: str, width: int, indent: str = "") -> list[str]:
    lines, lead, start = [], "", 0
    while (cut := start + _fitting(text, start, width - len(lead))) < len(text):
        for joint, full in _JOINTS:
            found = [match.start() for match in joint.finditer(text, start + 1, cut + 1)]
            found = [place for place in found if place <= cut]
            if found and (found[-1] - start) * 100 >= (cut - start) * full:
                cut = found[-1]
                break
        lines.append(lead + text[start:cut])
        start, lead = cut, indent
    return [*lines, lead + text[start:]]


def _fitting(text: str, start: int, width: int) -> int:
    """How many characters from `start` on fit, one at least."""
    if text.isascii():
        return max(width, 1)
    taken = length = 0
    for cluster, size in clusters(text[start : start + _WINDOW * width]):
        if taken + size > width and length:
            break
        taken, length = taken + size, length + len(cluster)
    return max(length, 1)
