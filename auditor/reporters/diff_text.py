"""A comparison of two reports as text for a person, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from auditor.diff import Diff
from auditor.published import finding_to_dict
from auditor.report import Finding, Report
from auditor.reporters.cells import wrap_text
from auditor.reporters.changes import short, state, tagged
from auditor.reporters.closing import listing
from auditor.reporters.diff_markdown import render_markdown
from auditor.reporters.json_text import document
from auditor.reporters.overview import titled
from auditor.reporters.rows import counted, one_each, section
from auditor.reporters.table import columns_for, joined

SCHEMA = "auditor.diff/v1"


def render_table(diff: Diff, width: int = 80, colour: bool = False) -> str:
    """What is new in full, the rest one line each; lines of at most `width` columns, taken as between 60 and 160."""
    width = columns_for(width)
    several = diff.several
    sections: tuple[Iterable[str], ...] = (
        _heading(diff, width),
        listing("WARNINGS", diff.warnings, width),
        section(
            f"NEW ({len(diff.new):,})",
            one_each(tagged(f, state(f)) for f in diff.new),
            "what is wrong",
            width,
            colour,
            several,
        ),
        short(f"GONE ({len(diff.gone):,})", diff.gone, width, colour, several),
        short(f"NOT SEEN ({len(diff.unseen):,}): the new report could not tell", diff.unseen, width, colour, several),
        short(f"STILL THERE ({len(diff.still):,})", diff.still, width, colour, several),
    )
    return joined(sections)


def render_json(diff: Diff, width: int = 80) -> str:
    """The comparison as JSON, with whole findings as in a report. `width` is of no use to it."""
    lists = {"new": diff.new, "gone": diff.gone, "still": diff.still, "unseen": diff.unseen}
    plain = {
        "schema": SCHEMA,
        "reports": {"old": _source(diff.before), "new": _source(diff.after)},
        "warnings": list(diff.warnings),
        "summary": {name: len(findings) for name, findings in lists.items()},
        **{name: [finding_to_dict(finding) for finding in findings] for name, findings in lists.items()},
    }
    return document(plain)


FORMATS: Mapping[str, Callable[[Diff, int], str]] = {
    "table": render_table,
    "json": render_json,
    "markdown": render_markdown,
}


def _heading(diff: Diff, width: int) -> Iterator[str]:
    for name, report in (("Old", diff.before), ("New", diff.after)):
        yield from wrap_text(f"{name}: {titled(report)}", width, "  ")
    parts = [
        _number(diff.new, "new"),
        _number(diff.gone, "gone"),
        *([_number(diff.unseen, "not seen")] if diff.unseen else []),
        _number(diff.still, "still there"),
    ]
    yield from wrap_text(f"Result: {', '.join(parts)}", width, "  ")


def _number(findings: Sequence[Finding], words: str) -> str:
    return f"{len(findings):,} {words}" + (f" ({counted(findings)})" if findings else "")


def _source(report: Report) -> dict[str, Any]:
    return {
        "auditor": msgspec.to_builtins(report.auditor),
        "cluster": msgspec.to_builtins(report.cluster),
        "policy": msgspec.to_builtins(report.policy),
    }
