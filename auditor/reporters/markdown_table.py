"""Tables of GitHub Flavored Markdown, cut to the room that there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

# What is kept free for the words that tell of rows left out, in bytes.
_REMARK = 90


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int, right: Collection[int] = ()) -> list[str]:
    """The lines of a table with as many rows as go into so many bytes, and how many are left out.

    Nothing without rows, or without room for one. Cells are Markdown that holds no bare pipe and no line feed.
    """
    lines = [_line(columns), _line(["--:" if place in right else "---" for place in range(len(columns))])]
    size = sum(len(line.encode()) + 1 for line in lines) + _REMARK
    for row in rows:
        line = _line(row)
        size += len(line.encode()) + 1
        if size > room:
            break
        lines.append(line)
    kept = len(lines) - 2
    if not kept:
        return []
    left = len(rows) - kept
    return (
        [*lines, "", f"And {left:,} more, too many for here: the JSON report (`-o json`) has them all."]
        if left
        else lines
    )


def folded(title: str, lines: Iterable[str]) -> str:
    """A closed section, nothing where there is nothing in it. The title is HTML; what stands between the empty lines is
    Markdown again (GFM §4.6)."""
    inside = list(lines)
    return "\n".join([f"<details><summary>{title}</summary>", "", *inside, "", "</details>"]) if inside else ""


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
