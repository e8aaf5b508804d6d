"""The report as Markdown for a pull request or a ticket: short at first sight, the whole list folded below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from auditor.diff import Diff
from auditor.quantity import quantity
from auditor.report import CoverageRow, Finding, Report, Severity
from auditor.reporters import Options, clusters
from auditor.reporters.changes import Marks, marks, outcome, since
from auditor.reporters.closing import exit_text
from auditor.reporters.clusters import COLUMNS as COLUMNS_OF_CLUSTERS
from auditor.reporters.clusters import NOT_AUDITED
from auditor.reporters.markdown_changes import changed
from auditor.reporters.markdown_folds import folds
from auditor.reporters.markdown_table import folded, table
from auditor.reporters.markdown_text import code, place, prose, subject
from auditor.reporters.overview import is_choice, is_gap, titled
from auditor.reporters.rows import counted, severest_first, worst_first
from auditor.reporters.spaces import spaces

# GitHub takes 65,536 characters in a comment (GitLab a million). Bytes are never fewer, however characters are counted.
LIMIT = 65_000
# What the tables that are open may take, in bytes, and how many rows they have at most.
_WORST, _WORST_ROOM = 10, 12_000
_NAMESPACES, _NAMESPACES_ROOM = 20, 6_000
_GAPS = 6
# With a baseline, what is gone has its room from the worst failures.
_COMPARED_ROOM = 8_000
COLUMNS = ("severity", "namespace", "check", "subject", "what is wrong")


def render(report: Report, options: Options) -> str:
    """At most `LIMIT` bytes of UTF-8. Where something is cut, it says how much. With a baseline new failures come
    first."""
    marked, several = marks(options.comparison), bool(report.clusters)
    failures = marked.new_first(sorted((f for f in report.findings if f.status == "fail"), key=severest_first))
    before = _joined(map("\n".join, _head(report, options, failures, marked)))
    after = _joined([*changed(options.comparison), *folds(report, failures, marked)])
    heading = f"All {len(failures):,} failures"
    room = LIMIT - len(f"{before}\n\n{folded(heading, ' ')}\n\n{after}\n".encode())
    rows = [_marked(found, several, marked) for found in failures] if len(failures) > _WORST else []
    return _joined([before, folded(heading, table(COLUMNS, rows, room)), after]) + "\n"


def _joined(sections: Iterable[str]) -> str:
    return "\n\n".join(filter(None, sections))


def _head(report: Report, options: Options, failures: Sequence[Finding], marked: Marks) -> Iterator[list[str]]:
    yield ["## Image security audit"]
    yield [prose(titled(report)) + "."]
    yield [_result(report, failures)]
    if options.comparison:
        yield [_since(options.comparison)]
    yield _unread(report)
    yield table(COLUMNS_OF_CLUSTERS, _clusters(report), _NAMESPACES_ROOM // 2, right=(3, 4, 5))
    yield [f"{prose(line[:1].upper() + line[1:])}." for line in [" ".join(exit_text(report, options, 1_000))] if line]
    columns = ("namespace", *map(str, Severity), "manual", "waived")
    room = _NAMESPACES_ROOM // 2 if report.clusters else _NAMESPACES_ROOM
    yield table(columns, _namespaces(report), room, right=range(1, len(columns)))
    yield _clean(report)
    if failures:
        first, room = ("first", _COMPARED_ROOM) if options.comparison else ("worst", _WORST_ROOM)
        heading = (
            f"### The {first} {_WORST} of {len(failures):,} failures" if len(failures) > _WORST else "### Failures"
        )
        yield [heading + (", new ones first" if options.comparison else "")]
        yield table(COLUMNS, [_marked(found, bool(report.clusters), marked) for found in failures[:_WORST]], room)


def _since(comparison: Diff) -> str:
    told = since(comparison)
    new, _, rest = outcome(comparison).partition(", ")
    return f"{told[:1].upper()}{prose(told[1:])}: **{new}**, {rest}."


def _result(report: Report, failures: Sequence[Finding]) -> str:
    summary, causes = report.summary, [found.cause for found in report.findings]
    if not summary.passed + summary.fail + summary.manual + summary.waived:
        return "**Nothing was judged:** there is nothing in it that the checks run on."
    judge, unjudged = causes.count("judgment"), causes.count("unreadable") + causes.count("error")
    waived = sum(found.status == "waived" for found in report.findings)
    parts = [f"**{quantity(len(failures), 'failure')}** ({counted(failures)})" if failures else "**No failures**"]
    parts += [f"{judge:,} to judge by hand"] if judge else []
    parts += [f"**{unjudged:,} not judged**"] if unjudged else []
    parts += [f"{waived:,} waived"] if waived else []
    return ", ".join([*parts, f"{summary.passed:,} passed."])


def _unread(report: Report) -> list[str]:
    """What nobody may miss; the reasons are folded."""
    gaps = list(dict.fromkeys(_gap(row) for row in report.coverage if is_gap(row)))
    if not gaps:
        return []
    shown = gaps[:_GAPS]
    shown += [f"{len(gaps) - _GAPS:,} more"] if len(gaps) > _GAPS else []
    return [f"> **Not everything was read:** {', '.join(shown)}. What was not read is not passed."]


def _gap(row: CoverageRow) -> str:
    if row.resource == "*":
        return f"other namespaces ({prose(row.state[:20])})" if is_choice(row) else f"all of {code(row.cluster)}"
    where = f" in {code(row.cluster)}" if row.cluster else ""
    return f"{prose(row.resource[:63])} ({prose(row.state[:20])}{where})"


def _clusters(report: Report) -> list[list[str]]:
    return [[code(line.cluster.name), *map(_cell, line.cells[1:])] for line in clusters.lines(report)]


def _cell(text: str) -> str:
    return f"**{text}**" if text == NOT_AUDITED else text if text == "-" else prose(text)


def _namespaces(report: Report) -> list[list[str]]:
    """Counts by namespace and severity, the worst first; the last row sums up the others where there are many."""
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(place(finding, bool(report.clusters)), []).append(finding)
    failures = {name: [f for f in own if f.status == "fail"] for name, own in found.items()}
    names = sorted(found, key=lambda name: (worst_first(failures[name]), name))
    rows = [[name, *_counts(found[name])] for name in names[:_NAMESPACES]]
    if others := [f for name in names[_NAMESPACES:] for f in found[name]]:
        rows.append([f"{len(names) - _NAMESPACES:,} more", *_counts(others)])
    return rows


def _counts(findings: Sequence[Finding]) -> list[str]:
    severities = [found.severity for found in findings if found.status == "fail"]
    statuses = [found.status for found in findings]
    counts = [
        *(severities.count(severity) for severity in Severity),
        statuses.count("manual"),
        statuses.count("waived"),
    ]
    return [f"{count:,}" if count else "-" for count in counts]


def _clean(report: Report) -> list[str]:
    clean = sum(not space.findings for space in spaces(report).values())
    return [f"{quantity(clean, 'namespace')} without a finding."] if clean else []


def _marked(finding: Finding, several: bool, marked: Marks) -> list[str]:
    return row(finding, several, "new" if marked.is_new(finding) else "")


def row(finding: Finding, several: bool, remark: str) -> list[str]:
    """The cells of COLUMNS."""
    return [
        f"{finding.severity}, **{prose(remark)}**" if remark else str(finding.severity),
        place(finding, several),
        code(finding.check),
        subject(finding),
        prose(finding.message),
    ]
