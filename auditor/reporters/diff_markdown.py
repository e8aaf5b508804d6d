"""A comparison of two reports as Markdown for a pull request or a ticket: what is new is open, the rest is folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.diff import Diff
from auditor.reporters.changes import state
from auditor.reporters.markdown import COLUMNS, LIMIT, row
from auditor.reporters.markdown_changes import listed, remarks
from auditor.reporters.markdown_table import folded, table
from auditor.reporters.markdown_text import prose
from auditor.reporters.overview import titled
from auditor.reporters.rows import counted, severest_first

# How many new findings are open, and what the lists may take, in bytes. All that is new has the room that is left.
_OPEN, _OPEN_ROOM = 10, 12_000
_GONE, _UNSEEN, _STILL, _WARNINGS = 12_000, 6_000, 8_000, 3_000


def render_markdown(diff: Diff, width: int = 80) -> str:
    """At most `LIMIT` bytes of UTF-8. Where something is cut, it says how much. `width` is of no use to it."""
    new = [row(found, diff.several, state(found)) for found in sorted(diff.new, key=severest_first)]
    before, after = "\n\n".join(_head(diff, new)), "\n\n".join(filter(None, _folds(diff)))
    heading = f"All {len(new):,} new findings"
    if len(new) > _OPEN:
        room = LIMIT - len(f"{before}\n\n{folded(heading, ' ')}\n\n{after}\n".encode())
        after = "\n\n".join(filter(None, [folded(heading, table(COLUMNS, new, room)), after]))
    return "\n\n".join(filter(None, [before, after])) + "\n"


def _head(diff: Diff, new: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "## Image security: what changed"
    yield f"Old: {prose(titled(diff.before))}.<br>New: {prose(titled(diff.after))}."
    numbers = {"gone": diff.gone, "not seen": diff.unseen, "still there": diff.still}
    severities = f" ({counted(diff.new)})" if diff.new else ""
    rest = [f"{len(found):,} {name}" for name, found in numbers.items() if found or name != "not seen"]
    yield f"**{len(diff.new):,} new**{severities}, {', '.join(rest)}."
    if diff.new:
        yield f"### The worst {_OPEN} of {len(diff.new):,} new findings" if len(diff.new) > _OPEN else "### New"
        yield "\n".join(table(COLUMNS, new[:_OPEN], _OPEN_ROOM))


def _folds(diff: Diff) -> Iterator[str]:
    yield remarks(f"Warnings ({len(diff.warnings):,})", diff.warnings, _WARNINGS)
    yield listed(f"Gone ({len(diff.gone):,})", diff.gone, diff.several, _GONE)
    title = f"Not seen ({len(diff.unseen):,}): the new report could not tell"
    yield listed(title, diff.unseen, diff.several, _UNSEEN)
    yield listed(f"Still there ({len(diff.still):,})", diff.still, diff.several, _STILL)
