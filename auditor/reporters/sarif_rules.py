"""The checks of a report as SARIF rules: what each is about, how bad it is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.report import CheckRow, Finding, Report, Severity
from auditor.reporters.markdown_text import code, paragraphs, prose

LEVELS: Mapping[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
# GitHub reads a score as CVSS has it: critical above 9.0, high from 7.0, medium from 4.0.
_SCORES: Mapping[Severity, str] = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
}


def rules(report: Report) -> list[dict[str, Any]]:
    """One rule a check, in the report's order, whether it found something or not."""
    examples: dict[str, Finding] = {}
    for finding in report.findings:
        examples.setdefault(finding.check, finding)
    known = {row.id for row in report.checks}
    rows = [
        *report.checks,
        *(CheckRow(f.check, f.check, f.severity) for f in examples.values() if f.check not in known),
    ]
    return [_rule(row, examples.get(row.id)) for row in rows]


def rank(severity: Severity) -> float:
    """How much a result matters, from 0 to 100 (SARIF 2.1.0 §3.27.25)."""
    return float(_SCORES[severity]) * 10


def _rule(row: CheckRow, example: Finding | None) -> dict[str, Any]:
    command = f"`auditor checks {row.id}` tells why it matters, what to do, and the sources."
    remediation = example.remediation if example else ""
    references = example.references if example else ()
    rule: dict[str, Any] = {
        "id": row.id,
        "name": "".join(part.capitalize() for part in row.id.split("-")),
        "shortDescription": {"text": row.title},
        "fullDescription": {"text": f"{row.title.rstrip('.')}."},
        "help": {
            "text": "\n\n".join(filter(None, [remediation, *references, command.replace("`", "")])),
            "markdown": "\n".join([*_advice(remediation), *_links(references), command]),
        },
        "defaultConfiguration": {"level": LEVELS[row.severity]},
        "properties": {
            "tags": ["security", "kubernetes", "container-images"],
            "security-severity": _SCORES[row.severity],
            "severity": str(row.severity),
            "precision": "very-high",
            "subjects": {"pass": row.passed, "fail": row.fail, "manual": row.manual, "waived": row.waived},
        },
    }
    if pages := [reference for reference in references if _is_page(reference)]:
        rule["helpUri"] = pages[0]
    return rule


def _advice(remediation: str) -> list[str]:
    return [*paragraphs(remediation), ""] if remediation else []


def _links(references: tuple[str, ...]) -> list[str]:
    lines = [f"- <{ref}>" if _is_page(ref) else f"- {prose(ref) or code(ref)}" for ref in references]
    return [*lines, ""] if lines else []


def _is_page(reference: str) -> bool:
    """An address that is one, and can neither end the link nor hold what a URI may not."""
    return reference.startswith("https://") and reference.isascii() and not set(reference) & set(' <>"\\^`{|}')
