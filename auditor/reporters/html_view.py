"""What the HTML report shows, as values: headline, heat map and checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from auditor.quantity import quantity
from auditor.report import CheckRow, Finding, Report, Severity
from auditor.reporters.rows import counted, place, worst_first
from auditor.reporters.spaces import Space, Where, spaces

# From so many failures on, a cell of the heat map is one shade stronger. Fixed, so that two reports compare.
_SHADES = (1, 2, 5, 20)

STANDINGS = {"fail": "Failures", "judge": "To judge by hand", "unjudged": "Not judged", "waived": "Waived"}


class Shade(Struct, frozen=True):
    severity: str
    count: int
    level: int


class Heat(Struct, frozen=True):
    """A namespace's findings; `passed` counts subjects. `cluster` is None unless there are several."""

    cluster: str | None
    namespace: str
    label: str
    shades: tuple[Shade, ...]
    judge: int
    unjudged: int
    waived: int
    passed: int


class CheckLine(Struct, frozen=True):
    """A check and its findings by standing; `passed` counts subjects."""

    id: str
    title: str
    severity: str
    fail: int
    judge: int
    unjudged: int
    waived: int
    passed: int
    remediation: str
    references: tuple[str, ...]


def standing(finding: Finding) -> str:
    """A key of STANDINGS."""
    if finding.status == "manual":
        return "judge" if finding.cause == "judgment" else "unjudged"
    return finding.status


def headline(report: Report) -> tuple[str, str]:
    """The result in one sentence, and its tone: bad, good or open."""
    failures = [finding for finding in report.findings if finding.status == "fail"]
    summary = report.summary
    if failures:
        return f"{quantity(len(failures), 'failure')}: {counted(failures)}", "bad"
    if not summary.passed + summary.fail + summary.manual + summary.waived:
        return "Nothing was judged: there is nothing in it that the checks run on", "open"
    if report.incomplete or any(row.state in ("forbidden", "failed") for row in report.coverage):
        return "No failures in what could be read", "open"
    return "No failures", "good"


def heat(report: Report) -> list[Heat]:
    """A row per namespace of the audit, the worst one first, several clusters one after the other."""
    found = spaces(report)
    failures = {where: [f for f in space.findings if f.status == "fail"] for where, space in found.items()}

    def order(where: Where) -> tuple[object, ...]:
        return where[0], worst_first(failures[where]), -len(found[where].findings), where[1]

    return [_heat(where, found[where], bool(report.clusters)) for where in sorted(found, key=order)]


def _heat(where: Where, space: Space, several: bool) -> Heat:
    cluster, namespace = where
    failures = [finding.severity for finding in space.findings if finding.status == "fail"]
    shades = tuple(Shade(str(s), count, sum(count >= n for n in _SHADES)) for s, count in _by_severity(failures))
    of = Counter(map(standing, space.findings))
    counts = of["judge"], of["unjudged"], of["waived"], space.passed
    return Heat(cluster if several else None, namespace, space.label, shades, *counts)


def choices(rows: Sequence[Heat]) -> list[tuple[str, str]]:
    """Namespaces with findings, each once, and what they are called."""
    found = {
        row.namespace: place(row.namespace)
        for row in rows
        if row.judge or row.unjudged or row.waived or any(shade.count for shade in row.shades)
    }
    return sorted(found.items(), key=lambda item: item[1].lower())


def _by_severity(severities: Sequence[Severity]) -> Iterator[tuple[Severity, int]]:
    return ((severity, severities.count(severity)) for severity in Severity)


def checks(report: Report) -> list[CheckLine]:
    """Every check of the report, those with the worst failures first."""
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(finding.check, []).append(finding)
    rows = {row.id: row for row in report.checks}
    for check, own in found.items():
        rows.setdefault(check, CheckRow(check, "", own[0].severity))
    lines = [(_check(row, found.get(row.id, ())), row) for row in rows.values()]
    lines.sort(key=lambda item: (*_weight(found.get(item[1].id, ())), item[1].severity.rank, item[1].id))
    return [line for line, _ in lines]


def _weight(findings: Sequence[Finding]) -> tuple[int, ...]:
    failures = [finding for finding in findings if finding.status == "fail"]
    judge = sum(standing(finding) == "judge" for finding in findings)
    return (*worst_first(failures), -judge, -len(findings))


def _check(row: CheckRow, findings: Sequence[Finding]) -> CheckLine:
    of = Counter(map(standing, findings))
    worst = min((f.severity for f in findings if f.status == "fail"), key=lambda s: s.rank, default=row.severity)
    return CheckLine(
        row.id,
        row.title,
        str(worst),
        of["fail"],
        of["judge"],
        of["unjudged"],
        of["waived"],
        row.passed,
        findings[0].remediation if findings else "",
        findings[0].references if findings else (),
    )
