"""The report as JSON: the published form, nothing left out."""

from __future__ import annotations

import json
from typing import Any

from auditor.escape import escape_json
from auditor.report import Report, to_dict
from auditor.reporters import Options
from auditor.reporters.changes import as_values


def render(report: Report, options: Options) -> str:
    """JSON that `report.from_json` reads back. Text is kept as it is, apart from escapes for hostile characters."""
    return escape_json(json.dumps(published(report, options), indent=2, ensure_ascii=False)) + "\n"


def published(report: Report, options: Options) -> dict[str, Any]:
    """The report as plain values, and after a comparison what came of it as `baseline`."""
    compared = {"baseline": as_values(options.comparison)} if options.comparison else {}
    return to_dict(report) | compared
