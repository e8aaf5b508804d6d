"""The report as JSON: the published form, nothing left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.published import to_dict
from auditor.report import Report
from auditor.reporters import Options, json_text
from auditor.reporters.changes import as_values


def render(report: Report, options: Options) -> str:
    """JSON that `report.from_json` reads back. Text is kept as it is, apart from escapes for hostile characters."""
    return "".join(pieces(report, options))


def pieces(report: Report, options: Options) -> Iterator[str]:
    return json_text.pieces(published(report, options))


def published(report: Report, options: Options) -> dict[str, Any]:
    """The report as plain values, and after a comparison what came of it as `baseline`."""
    compared = {"baseline": as_values(options.comparison)} if options.comparison else {}
    return to_dict(report) | compared
