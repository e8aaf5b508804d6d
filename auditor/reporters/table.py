"""The report as text for a terminal or a pipe: the overview first, then the findings, last what was not seen."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.report import Report
from auditor.reporters import Options
from auditor.reporters.advice import what_to_do
from auditor.reporters.closing import exit_text, gaps, listing
from auditor.reporters.enforcement import enforcement
from auditor.reporters.origins import relative, shared_folder
from auditor.reporters.overview import heading, namespaces
from auditor.reporters.rows import alike, one_each, section
from auditor.reporters.unsettled import broken, not_judged, waived

NARROWEST = 60
WIDEST = 160


def render(report: Report, options: Options) -> str:
    """Lines of at most `options.width` columns, taken as between 60 and 160. Names and digests are whole."""
    width = columns_for(options.width)
    folder = shared_folder(report.findings)
    findings = relative(report.findings, folder)
    failures = [finding for finding in findings if finding.status == "fail"]
    questions = [finding for finding in findings if finding.cause == "judgment"]
    sections: tuple[Iterable[str], ...] = (
        heading(report, folder, width),
        namespaces(report, width),
        enforcement(report, width),
        section(f"FAILURES ({len(failures):,})", one_each(failures), "what is wrong", width, options.colour),
        section(f"TO JUDGE BY HAND ({len(questions):,})", alike(questions), "what to find out", width, options.colour),
        what_to_do(report, failures, width),
        not_judged(report, width),
        broken(report, width),
        waived(report, width),
        listing("WARNINGS", report.warnings, width),
        gaps(report, width),
        exit_text(report, options, width),
    )
    return joined(sections)


def columns_for(width: int) -> int:
    return min(max(width, NARROWEST), WIDEST)


def joined(sections: Iterable[Iterable[str]]) -> str:
    """Sections with an empty line between them, the empty ones left out; ends with a line feed."""
    texts = ("\n".join(section) for section in sections)
    return "\n\n".join(text for text in texts if text) + "\n"
