"""What to do about the checks that failed: once per check, however many findings it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.escape import escape
from auditor.report import Finding, Report
from auditor.reporters.cells import wrap_text
from auditor.reporters.rows import counted, worst_first

_INDENT = "  "


def what_to_do(report: Report, failures: Sequence[Finding], width: int) -> Iterator[str]:
    """For each check that failed, the worst first: its title and the first paragraph of its remediation. What is
    indented there is meant to be pasted, so its lines stay whole, however wide they are."""
    if not failures:
        return
    by_check: dict[str, list[Finding]] = {}
    for finding in failures:
        by_check.setdefault(finding.check, []).append(finding)
    names = {row.id: row.title for row in report.checks}
    yield "WHAT TO DO"
    for check, own in sorted(by_check.items(), key=lambda item: (worst_first(item[1]), item[0])):
        title = f": {names[check]}" if names.get(check) else ""
        yield ""
        yield from wrap_text(f"{check} ({counted(own)}){title}", width, _INDENT)
        yield from _remediation(own[0].remediation, width)
    yield ""
    more = "`auditor checks ID` tells all about a check: why it matters, what else to do, and its sources."
    whole = "The JSON report (-o json) holds the evidence of every finding, and its id, which `auditor waive` takes."
    yield from wrap_text(f"{more} {whole}", width)


def _remediation(text: str, width: int) -> Iterator[str]:
    for line in _lines(_opening(text)):
        if line.startswith(" "):
            yield _INDENT + escape(line)
        else:
            yield from (_INDENT + part for part in wrap_text(line, width - len(_INDENT)))


def _opening(text: str) -> list[str]:
    """The lines of the first paragraph, and of the next one as well where the first only leads up to it."""
    opening: list[str] = []
    for paragraph in text.strip("\n").split("\n\n"):
        opening += paragraph.split("\n")
        if not opening[-1].rstrip().endswith(":"):
            break
    return opening


def _lines(lines: Sequence[str]) -> Iterator[str]:
    """Lines that belong to one running text, joined; indented lines as they are."""
    running: list[str] = []
    for line in lines:
        if line.startswith((" ", "\t")):
            if running:
                yield " ".join(running)
            running = []
            yield line.expandtabs(2)
        elif line:
            running.append(line.strip())
    if running:
        yield " ".join(running)
