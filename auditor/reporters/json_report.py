"""The report as JSON: the published form, nothing left out."""

from __future__ import annotations

import json

from auditor.escape import escape_json
from auditor.report import Report, to_dict
from auditor.reporters import Options


def render(report: Report, options: Options) -> str:
    """JSON that `report.from_json` reads back. Text is kept as it is, apart from escapes for hostile characters."""
    return escape_json(json.dumps(to_dict(report), indent=2, ensure_ascii=False)) + "\n"
