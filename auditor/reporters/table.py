"""The report as text for a terminal or a pipe: what is new, the overview, the findings, last what was not seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from auditor.report import Finding, Report
from auditor.reporters import Options
from auditor.reporters.advice import what_to_do
from auditor.reporters.cells import wrap_text
from auditor.reporters.changes import marks, outcome, short, since, tagged
from auditor.reporters.closing import exit_text, gaps, listing
from auditor.reporters.clusters import clusters
from auditor.reporters.enforcement import enforcement
from auditor.reporters.origins import relative, shared_folder
from auditor.reporters.overview import heading, namespaces
from auditor.reporters.rows import alike, one_each, section
from auditor.reporters.unsettled import broken, not_judged, waived

NARROWEST = 60
WIDEST = 160

_LEGEND = " New failures stand at the top; elsewhere what is new is marked [new]."


def render(report: Report, options: Options) -> str:
    """Lines of at most `options.width` columns, taken as between 60 and 160, but for what is to be pasted. Names and
    digests are whole.

    With a baseline new failures come first: they are what the log of a job has to show.
    """
    width = columns_for(options.width)
    folder = shared_folder(report.findings)
    marked = marks(options.comparison)
    findings = relative(report.findings, folder)
    failures = [finding for finding in findings if finding.status == "fail"]
    questions = [tagged(f, "new" if marked.is_new(f) else "") for f in findings if f.cause == "judgment"]
    several = bool(report.clusters)

    def wrong(title: str, own: Sequence[Finding]) -> Iterable[str]:
        return section(f"{title} ({len(own):,})", one_each(own), "what is wrong", width, options.colour, several)

    fresh = [finding for finding in failures if marked.is_new(finding)]
    known = [finding for finding in failures if not marked.is_new(finding)]
    sections: tuple[Iterable[str], ...] = (
        heading(report, folder, width),
        wrong("NEW FAILURES", fresh),
        clusters(report, width),
        namespaces(report, width),
        enforcement(report, width),
        wrong("STILL FAILING" if options.comparison else "FAILURES", known),
        section(
            f"TO JUDGE BY HAND ({len(questions):,})",
            alike(questions),
            "what to find out",
            width,
            options.colour,
            several,
        ),
        what_to_do(report, failures, width),
        not_judged(report, width),
        broken(report, width),
        waived(report, width, marked),
        *_changes(options, width),
        listing("WARNINGS", report.warnings, width),
        gaps(report, width),
        _since(options, width),
        exit_text(report, options, width),
    )
    return joined(sections)


def _changes(options: Options, width: int) -> Iterator[Iterable[str]]:
    """What the baseline holds and this report does not."""
    if found := options.comparison:
        several = found.several
        yield short(f"GONE ({len(found.gone):,})", found.gone, width, options.colour, several)
        yield short(
            f"NOT SEEN ({len(found.unseen):,}): this audit could not tell", found.unseen, width, options.colour, several
        )
        yield listing("ABOUT THE BASELINE", found.warnings, width)


def _since(options: Options, width: int) -> Iterator[str]:
    if found := options.comparison:
        told = f"{since(found)}: {outcome(found)}." + (_LEGEND if found.new else "")
        yield from wrap_text(told[:1].upper() + told[1:], width, "  ")


def columns_for(width: int) -> int:
    return min(max(width, NARROWEST), WIDEST)


def joined(sections: Iterable[Iterable[str]]) -> str:
    """Sections with an empty line between them, the empty ones left out; ends with a line feed."""
    texts = ("\n".join(section) for section in sections)
    return "\n\n".join(text for text in texts if text) + "\n"
