"""The findings as CSV (RFC 4180), one row a finding, for a spreadsheet: no cell is a formula."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator

from auditor.escape import escape, escape_json
from auditor.report import Finding, Report
from auditor.reporters import Options
from auditor.reporters.changes import marks

COLUMNS = (
    *("id", "cluster", "status", "cause", "severity", "check", "title", "namespace", "kind", "name", "container"),
    *("image", "message", "origin", "evidence", "remediation", "references"),
    *("waiver_reason", "waiver_expires", "waiver_owner", "waiver_expired"),
)

# What makes a spreadsheet calculate: a cell that begins so, blanks aside, in half or full width (OWASP, CSV Injection).
# Where a semicolon separates columns, as in much of Europe, a cell also begins after one, even inside of quotes. No
# text of a cluster has a line feed left.
_FORMULA = re.compile(r"(\A|;)(?=\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")


class _Lines:
    """A file for the csv module, without the file."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, text: str) -> None:
        self.parts.append(text)


def render(report: Report, options: Options) -> str:
    """A header and the findings, lines ended by CR LF. Evidence is JSON, lists have a line feed between their items.

    An apostrophe stands before whatever would else begin a formula: a program that reads the cells takes it away.
    With a baseline there is one more column, which says `new` or `still`; what is gone has no row.
    """
    titles = {row.id: row.title for row in report.checks}
    lines = _Lines()
    writer = csv.writer(lines)
    marked = marks(options.comparison)
    writer.writerow([*COLUMNS, *(["baseline"] if options.comparison else [])])
    for found in report.findings:
        cells = [_FORMULA.sub(r"\1'", cell) for cell in _cells(found, titles)]
        writer.writerow([*cells, *([marked.of(found)] if options.comparison else [])])
    return "".join(lines.parts)


def _cells(finding: Finding, titles: dict[str, str]) -> Iterator[str]:
    subject, waiver = finding.subject, finding.waiver
    texts = (
        *(finding.id, finding.cluster, finding.status, finding.cause, finding.severity, finding.check),
        *(titles.get(finding.check), finding.namespace, subject.kind, subject.name, subject.container, finding.image),
        *(finding.message, finding.origin),
    )
    yield from (escape(text or "") for text in texts)
    yield escape_json(json.dumps(finding.evidence, ensure_ascii=False)) if finding.evidence else ""
    yield "\n".join(map(escape, finding.remediation.split("\n")))
    yield "\n".join(map(escape, finding.references))
    if waiver:
        terms = (waiver.reason, waiver.expires, waiver.owner or "", "yes" if waiver.expired else "no")
        yield from map(escape, terms)
    else:
        yield from ("", "", "", "")
