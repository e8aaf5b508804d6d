"""What an audit read and did not read, as the HTML report shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from auditor.report import CoverageRow, Finding, Report
from auditor.reporters.overview import is_gap
from auditor.reporters.resources import named
from auditor.reporters.unsettled import listed


class Gap(Struct, frozen=True):
    """Something that may exist unseen, or was left out, and how much could not be judged for want of it."""

    what: str
    state: str
    where: str
    why: str
    checks: int
    subjects: str


def gaps(report: Report) -> list[Gap]:
    """What was not read or left out, most serious first, then what findings say was missing beside that."""
    if not report.clusters:
        return _gaps(report.coverage, report.findings)
    coverage: dict[str, list[CoverageRow]] = {}
    findings: dict[str, list[Finding]] = {}
    for row in report.coverage:
        coverage.setdefault(row.cluster, []).append(row)
    for finding in report.findings:
        findings.setdefault(finding.cluster, []).append(finding)
    rows = [
        replace(gap, where=f"{cluster.name}: {gap.where}")
        for cluster in report.clusters
        for gap in _gaps(coverage.get(cluster.name, ()), findings.get(cluster.name, ()))
    ]
    return sorted(rows, key=lambda gap: _ORDER.get(gap.state, len(_ORDER)))


def _gaps(coverage: Sequence[CoverageRow], findings: Sequence[Finding]) -> list[Gap]:
    costs = _Costs(findings)
    found: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for row in filter(is_gap, coverage):
        resources = found.setdefault((row.state, row.namespaces, row.detail), [])
        resources += [] if row.resource in resources else [row.resource]
    told = {resource for resources in found.values() for resource in resources}
    rows = [
        Gap(_what(resources), state, _where(resources, state, spaces), detail, *costs.of(resources, spaces))
        for (state, spaces, detail), resources in sorted(found.items(), key=lambda item: _ORDER.get(item[0][0], 0))
    ]
    return rows + [
        Gap(resource, "not judged", _where((resource,), "", tuple(sorted(spaces))), why, *costs.of((resource,), ()))
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


def _where(resources: Sequence[str], state: str, namespaces: tuple[str, ...]) -> str:
    if namespaces:
        return listed(namespaces)
    return "everywhere else" if "*" in resources and state == "excluded" else "everywhere"


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
    absent = {row.resource for row in report.coverage if row.state == "absent"}
    if report.clusters:  # what one cluster lacks another may have
        absent -= {row.resource for row in report.coverage if row.state == "read"}
    return list(named(sorted(absent)))
