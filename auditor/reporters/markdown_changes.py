"""What a report in Markdown tells of its baseline beyond its own findings, folded away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.diff import Diff
from auditor.report import Finding
from auditor.reporters.changes import state
from auditor.reporters.markdown_table import folded, table
from auditor.reporters.markdown_text import code, place, prose, subject
from auditor.reporters.rows import severest_first

COLUMNS = ("severity", "namespace", "check", "subject", "state")
# In bytes, 5,000 in all.
_GONE, _UNSEEN, _WARNINGS = 2_500, 1_500, 1_000


def changed(comparison: Diff | None) -> Iterator[str]:
    """Closed sections of what is gone, what could not be looked for, and what is odd about the baseline."""
    if comparison is None:
        return
    several = comparison.several
    yield listed(f"Gone ({len(comparison.gone):,})", comparison.gone, several, _GONE)
    title = f"Not seen ({len(comparison.unseen):,}): this audit could not tell"
    yield listed(title, comparison.unseen, several, _UNSEEN)
    yield remarks("About the baseline", comparison.warnings, _WARNINGS)


def listed(title: str, findings: Sequence[Finding], several: bool, room: int) -> str:
    """Findings that are told in short, the most severe first."""
    rows = [
        [
            str(found.severity),
            place(found, several),
            code(found.check),
            subject(found),
            prose(state(found)) or "failure",
        ]
        for found in sorted(findings, key=severest_first)
    ]
    return folded(title, table(COLUMNS, rows, room))


def remarks(title: str, lines: Sequence[str], room: int) -> str:
    return folded(title, table(("remark",), [[prose(line)] for line in lines], room))
