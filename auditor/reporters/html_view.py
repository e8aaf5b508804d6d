"""What the HTML report shows, as values: headline, gaps, heat map and checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from auditor.report import CheckRow, CoverageRow, Finding, Report, Severity
from auditor.reporters.overview import is_gap
from auditor.reporters.resources import named
from auditor.reporters.rows import counted, place, worst_first
from auditor.reporters.unsettled import listed

# From so many failures on, a cell of the heat map is one shade stronger. Fixed, so that two reports compare.
_SHADES = (1, 2, 5, 20)

STANDINGS = {"fail": "Failures", "judge": "To judge by hand", "unjudged": "Not judged", "waived": "Waived"}


class Gap(Struct, frozen=True):
    """Something that may exist unseen, or was left out, and how much could not be judged for want of it."""

    what: str
    state: str
    where: str
    why: str
    checks: int
    subjects: str


class Shade(Struct, frozen=True):
    severity: str
    count: int
    level: int


class Heat(Struct, frozen=True):
    """A namespace's findings; `passed` counts subjects."""

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
        count = f"{len(failures):,} {'failure' if len(failures) == 1 else 'failures'}"
        return f"{count}: {counted(failures)}", "bad"
    if not summary.passed + summary.fail + summary.manual + summary.waived:
        return "Nothing was judged: there is nothing in it that the checks run on", "open"
    if report.incomplete or any(row.state in ("forbidden", "failed") for row in report.coverage):
        return "No failures in what could be read", "open"
    return "No failures", "good"


def gaps(report: Report) -> list[Gap]:
    """What was not read or left out, most serious first, then what findings say was missing beside that."""
    costs = _Costs(report.findings)
    found: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for row in filter(is_gap, report.coverage):
        resources = found.setdefault((row.state, row.namespaces, row.detail), [])
        resources += [] if row.resource in resources else [row.resource]
    told = {resource for resources in found.values() for resource in resources}
    rows = [
        Gap(_what(resources), state, _where(resources, spaces), detail, *costs.of(resources, spaces))
        for (state, spaces, detail), resources in sorted(found.items(), key=lambda item: _ORDER.get(item[0][0], 0))
    ]
    return rows + [
        Gap(resource, "not judged", _where((resource,), tuple(sorted(spaces))), why, *costs.of((resource,), ()))
        for (resource, why), spaces in costs.reasons.items()
        if resource not in told
    ]


_ORDER = {"failed": 0, "forbidden": 1, "excluded": 2}


class _Costs:
    """What the engine could not judge, by the resource that it names as missing."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._by_resource: dict[str, list[Finding]] = {}
        self.reasons: dict[tuple[str, str], set[str]] = {}
        for finding in findings:
            if finding.cause == "unreadable":
                for resource, why in _missing(finding).items():
                    self._by_resource.setdefault(resource, []).append(finding)
                    self.reasons.setdefault((resource, why), set()).update(filter(None, [finding.namespace]))

    def of(self, resources: Sequence[str], namespaces: Sequence[str]) -> tuple[int, str]:
        """How many checks, and of how many subjects as far as known."""
        found = {
            (finding.cluster, finding.id): finding
            for resource in resources
            for finding in self._by_resource.get(resource, ())
            if not namespaces or finding.namespace is None or finding.namespace in namespaces
        }.values()
        counts = [finding.evidence.get("count") for finding in found]
        known = [count for count in counts if type(count) is int]
        if not found:
            return 0, ""
        more = "+" if len(known) < len(counts) else ""
        return len({finding.check for finding in found}), f"{sum(known):,}{more}" if known else "unknown"


def _missing(finding: Finding) -> dict[str, str]:
    resources = finding.evidence.get("resources")
    if isinstance(resources, dict) and resources:
        return {str(resource): str(why) for resource, why in resources.items()}
    return {"": finding.message}


def _what(resources: Sequence[str]) -> str:
    return ", ".join("everything" if name == "*" else name for name in named(resources))


def _where(resources: Sequence[str], namespaces: tuple[str, ...]) -> str:
    if namespaces:
        return listed(namespaces)
    return "everywhere else" if "*" in resources else "everywhere"


def remarks(report: Report) -> list[CoverageRow]:
    """Lists that were read, with something to say about them."""
    return [row for row in report.coverage if row.state == "read" and row.detail]


def read(report: Report) -> list[tuple[str, int]]:
    """Resource and number of objects, empty lists last."""
    counts: dict[str, int] = {}
    for row in report.coverage:
        if row.state == "read" or row.count:
            counts[row.resource] = counts.get(row.resource, 0) + row.count
    empty = named(resource for resource, count in counts.items() if not count)
    return [*((resource, count) for resource, count in counts.items() if count), *((name, 0) for name in empty)]


def absent(report: Report) -> list[str]:
    return list(named(sorted({row.resource for row in report.coverage if row.state == "absent"})))


def heat(report: Report) -> list[Heat]:
    """A row per namespace of the audit, the worst one first."""
    found: dict[str, list[Finding]] = {name: [] for name in report.summary.by_namespace}
    for finding in report.findings:
        found.setdefault(finding.namespace or "", []).append(finding)
    passed = {name: counts.passed for name, counts in report.summary.by_namespace.items()}
    failures = {name: [finding for finding in own if finding.status == "fail"] for name, own in found.items()}
    names = sorted(found, key=lambda name: (worst_first(failures[name]), -len(found[name]), name))
    return [_heat(name, found[name], passed.get(name, 0)) for name in names]


def _heat(namespace: str, findings: Sequence[Finding], passed: int) -> Heat:
    failures = [finding.severity for finding in findings if finding.status == "fail"]
    shades = tuple(Shade(str(s), count, sum(count >= n for n in _SHADES)) for s, count in _by_severity(failures))
    of = Counter(map(standing, findings))
    return Heat(namespace, place(namespace), shades, of["judge"], of["unjudged"], of["waived"], passed)


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
