"""Columns of broken text side by side, aligned whatever the width of the characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from tabulate import tabulate

from auditor.escape import escape
from auditor.report import Severity
from auditor.reporters.cells import clusters, columns, wrap_text

GAP = 2

Cell = Sequence[str]
"""The lines of a cell, each broken to the width of its column and escaped."""

# The table is laid out with stand-ins of one column each for blanks that must stay, for characters of two columns and
# for characters with marks, so that it does not depend on how the layout measures or strips text.
_FIRST = 0xF0000
_LAST = 0xFFFFD
_KEPT, _FILLER = "\ue000", "\ue001"

# The names of resources are the longest that come often: `validatingadmissionpolicybindings.`
_PART = re.compile(r"[^\s/,_=.:@-]+[/,_=.-]?")
_WORD = 36

_PAINT = {"critical": "1;31", "high": "31", "medium": "33", "low": "36"}
_PAINTED = re.compile(rf"^({'|'.join(Severity)})\b")


def grid(rows: Sequence[Sequence[Cell]], widths: Sequence[int] = (), right: Sequence[int] = ()) -> list[str]:
    """Lines of a table without blanks at their ends. `widths`: the least width of each column; `right`: the columns,
    by number, that are aligned at the right."""
    if not rows:
        return []
    held: dict[str, str] = {}
    lines = [
        [_stand_in(line, held) for line in physical] for row in rows for physical in zip_longest(*row, fillvalue="")
    ]
    lines[0] = [line.ljust(width, _KEPT) for line, width in zip(lines[0], widths or [0] * len(lines[0]), strict=True)]
    aligned = ["right" if number in right else "left" for number in range(len(lines[0]))]
    text = tabulate(lines, tablefmt="plain", disable_numparse=True, colalign=aligned)
    text = text.replace(_KEPT, " ").replace(_FILLER, "")
    if held:
        text = text.translate({ord(stand_in): cluster for cluster, stand_in in held.items()})
    return [line.rstrip(" ") for line in text.split("\n")]


def rule(widths: Sequence[int]) -> list[Cell]:
    """A row that underlines the one above it."""
    return [["-" * width] for width in widths]


def paint(lines: Sequence[str]) -> list[str]:
    """Lines whose first word, where it is a severity, has its colour (ANSI)."""
    return [_PAINTED.sub(lambda match: f"\x1b[{_PAINT[match[0]]}m{match[0]}\x1b[0m", line) for line in lines]


def shares(total: int, wants: Sequence[int]) -> list[int]:
    """How wide columns become that want so much and have so much together: who wants little gets it, the others share
    the rest equally."""
    widths = list(wants)
    room, left = total, len(widths)
    for number in sorted(range(len(widths)), key=lambda number: widths[number]):
        widths[number] = min(widths[number], room // left)
        room, left = room - widths[number], left - 1
    return widths


def table(
    titles: Sequence[str], rows: Sequence[Sequence[str | Cell]], width: int, right: Sequence[int] = ()
) -> list[str]:
    """A table of running text with titles, none wider than `width`. A cell of several texts has each on a new line."""
    texts = [[[cell] if isinstance(cell, str) else cell for cell in row] for row in (titles, *rows)]
    wants = [max(columns(escape(text)) for cell in column for text in cell) for column in zip(*texts, strict=True)]
    words = [max(_longest(text) for cell in column for text in cell) for column in zip(*texts, strict=True)]
    widths = _evened(shares(width - GAP * (len(wants) - 1), wants), words)
    cells = [[_lines(cell, size) for cell, size in zip(row, widths, strict=True)] for row in texts]
    return grid([cells[0], rule(widths), *cells[1:]], widths, right)


def _longest(text: str) -> int:
    """How wide the longest part of a text is that a reader expects on one line. A name may be of any length."""
    return min(max(map(columns, _PART.findall(escape(text))), default=0), _WORD)


def _evened(widths: Sequence[int], words: Sequence[int]) -> list[int]:
    """Columns too narrow for their longest word, at the cost of those that have more than they need for theirs."""
    found = list(widths)
    for number, word in enumerate(words):
        while found[number] < word:
            spare, giver = max((width - words[other], other) for other, width in enumerate(found))
            if spare <= 0:
                break
            found[giver] -= 1
            found[number] += 1
    return found


def _lines(texts: Cell, width: int) -> list[str]:
    indent = "  " if len(texts) > 1 else ""
    return [line for text in texts for line in wrap_text(text, width, indent)]


def _stand_in(line: str, held: dict[str, str]) -> str:
    bare = line.lstrip(" ")
    lead = _KEPT * (len(line) - len(bare))
    if bare.isascii():
        return lead + bare
    return lead + "".join(_single(cluster, width, held) for cluster, width in clusters(bare))


def _single(cluster: str, width: int, held: dict[str, str]) -> str:
    if cluster.isascii():
        return cluster
    stand_in = held.get(cluster)
    if stand_in is None:
        if _FIRST + len(held) > _LAST:
            return cluster
        stand_in = held[cluster] = chr(_FIRST + len(held))
    return stand_in + _FILLER * (width - 1)
