"""The report as Markdown for a pull request or a ticket: short at first sight, the whole list folded below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from auditor.report import Finding, Report, Severity
from auditor.reporters import Options
from auditor.reporters.closing import exit_text
from auditor.reporters.markdown_folds import folds
from auditor.reporters.markdown_table import folded, table
from auditor.reporters.markdown_text import code, place, prose, subject
from auditor.reporters.overview import is_gap, title
from auditor.reporters.rows import counted, severest_first, worst_first

# GitHub takes 65,536 characters in a comment (GitLab a million). Bytes are never fewer, however characters are counted.
LIMIT = 65_000
# What the tables that are open may take, in bytes, and how many rows they have at most.
_WORST, _WORST_ROOM = 10, 12_000
_NAMESPACES, _NAMESPACES_ROOM = 20, 6_000
_GAPS = 6
_COLUMNS = ("severity", "namespace", "check", "subject", "what is wrong")


def render(report: Report, options: Options) -> str:
    """At most `LIMIT` bytes of UTF-8. Where something is cut, it says how much."""
    failures = sorted((found for found in report.findings if found.status == "fail"), key=severest_first)
    before = _joined(map("\n".join, _head(report, options, failures)))
    after = _joined(folds(report, failures))
    heading = f"All {len(failures):,} failures"
    room = LIMIT - len(f"{before}\n\n{folded(heading, ' ')}\n\n{after}\n".encode())
    rows = [_row(found) for found in failures] if len(failures) > _WORST else []
    return _joined([before, folded(heading, table(_COLUMNS, rows, room)), after]) + "\n"


def _joined(sections: Iterable[str]) -> str:
    return "\n\n".join(filter(None, sections))


def _head(report: Report, options: Options, failures: Sequence[Finding]) -> Iterator[list[str]]:
    yield ["## Image security audit"]
    yield [prose(title(report.cluster)) + "."]
    yield [_result(report, failures)]
    yield _unread(report)
    yield [f"{prose(line[:1].upper() + line[1:])}." for line in [" ".join(exit_text(report, options, 1_000))] if line]
    columns = ("namespace", *map(str, Severity), "manual", "waived")
    yield table(columns, _namespaces(report), _NAMESPACES_ROOM, right=range(1, len(columns)))
    yield _clean(report)
    if failures:
        yield [f"### The worst {_WORST} of {len(failures):,} failures" if len(failures) > _WORST else "### Failures"]
        yield table(_COLUMNS, [_row(found) for found in failures[:_WORST]], _WORST_ROOM)


def _result(report: Report, failures: Sequence[Finding]) -> str:
    summary, causes = report.summary, [found.cause for found in report.findings]
    if not summary.passed + summary.fail + summary.manual + summary.waived:
        return "**Nothing was judged:** there is nothing in it that the checks run on."
    judge, unjudged = causes.count("judgment"), causes.count("unreadable") + causes.count("error")
    waived = sum(found.status == "waived" for found in report.findings)
    parts = [f"**{_number(len(failures), 'failure')}** ({counted(failures)})" if failures else "**No failures**"]
    parts += [f"{judge:,} to judge by hand"] if judge else []
    parts += [f"**{unjudged:,} not judged**"] if unjudged else []
    parts += [f"{waived:,} waived"] if waived else []
    return ", ".join([*parts, f"{summary.passed:,} passed."])


def _unread(report: Report) -> list[str]:
    """What nobody may miss; the reasons are folded."""
    gaps = list(dict.fromkeys((row.resource, row.state) for row in report.coverage if is_gap(row)))
    if not gaps:
        return []
    shown = [
        f"{'other namespaces' if resource == '*' else prose(resource[:63])} ({prose(state[:20])})"
        for resource, state in gaps[:_GAPS]
    ]
    shown += [f"{len(gaps) - _GAPS:,} more"] if len(gaps) > _GAPS else []
    return [f"> **Not everything was read:** {', '.join(shown)}. What was not read is not passed."]


def _namespaces(report: Report) -> list[list[str]]:
    """Counts by namespace and severity, the worst first; the last row sums up the others where there are many."""
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(place(finding), []).append(finding)
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
    spoken_of = {found.namespace or "" for found in report.findings}
    clean = sum(name not in spoken_of for name in report.summary.by_namespace)
    return [f"{_number(clean, 'namespace')} without a finding."] if clean else []


def _row(finding: Finding) -> list[str]:
    return [
        str(finding.severity),
        place(finding),
        code(finding.check),
        subject(finding),
        prose(finding.message),
    ]


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
