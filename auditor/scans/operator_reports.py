"""Trivy Operator's VulnerabilityReports become scans, while they stream in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from auditor import wire
from auditor.scans.contents import Scanned, packed
from auditor.scans.results import (
    Level,
    Scan,
    ScannedContainer,
    Vulnerability,
    clipped,
    level_of,
    named,
    stamp,
)

_LABEL = "trivy-operator."


class ReportFold:
    """The reports of one list. `faults` tell, as (origin, why), of reports that are none."""

    def __init__(self) -> None:
        self.scanned: list[Scanned] = []
        self.faults: list[tuple[str, str]] = []

    def add(self, item: wire.VulnerabilityReport, origin: str = "") -> None:
        """Takes in a report; one that says nothing of its scan, or of less than it counts, is a fault."""
        report = item.report
        metadata = item.metadata or wire.Metadata()
        place = origin or f"VulnerabilityReport {metadata.namespace or ''}/{metadata.name or ''}"
        if report is None:
            self.faults.append((place, "without a report"))
            return
        found = list(map(_vulnerability, report.vulnerabilities or ()))
        if missing := _missing(report.summary, found):
            self.faults.append((place, f"its summary counts {missing} that it does not list"))
            return
        self.scanned.append((_scan(report, metadata, place), packed(found)))


def _vulnerability(each: wire.ReportVulnerability) -> Vulnerability:
    return Vulnerability(
        each.id or "",
        each.resource or "",
        each.installed_version or "",
        each.fixed_version or "",
        level_of(each.severity),
        stamp(each.published_date),
    )


def _missing(summary: wire.ReportSummary | None, found: Iterable[Vulnerability]) -> int:
    """How many vulnerabilities the summary knows of beyond the list, which was cut, or edited."""
    if summary is None:
        return 0
    listed = Counter(each.severity for each in found)
    counted: dict[Level, int | None] = {
        "critical": summary.critical_count,
        "high": summary.high_count,
        "medium": summary.medium_count,
        "low": summary.low_count,
        "unknown": summary.unknown_count,
    }
    return sum(max(0, (number or 0) - listed[level]) for level, number in counted.items())


def _scan(report: wire.ReportContent, metadata: wire.Metadata, origin: str) -> Scan:
    scanner, artifact, system = report.scanner, report.artifact, report.os
    names: list[str] = []
    digest = ""
    if artifact is not None and artifact.repository:
        server = report.registry.server if report.registry else None
        name = f"{server}/{artifact.repository}" if server else artifact.repository
        digest = artifact.digest or ""
        if artifact.tag:
            names.append(f"{name}:{artifact.tag}")
        elif not digest:
            names.append(name)
    known = named(names, [digest])
    return Scan(
        scanner=clipped(scanner.name if scanner and scanner.name else "Trivy"),
        version=clipped(scanner.version) if scanner else "",
        at=stamp(report.update_timestamp),
        tags=known.tags,
        digests=known.digests,
        system=clipped(" ".join(filter(None, (system.family, system.name)))) if system else "",
        end_of_life=bool(system and system.eosl),
        container=_container(metadata),
        origin=origin,
    )


def _container(metadata: wire.Metadata) -> ScannedContainer | None:
    """Whose container it is: the owner that a reference names, else the labels, whose name a hash may stand for."""
    labels = metadata.labels or {}
    container = labels.get(f"{_LABEL}container.name")
    owner = next((ref for ref in metadata.owner_references or () if ref.controller), None)
    kind = (owner.kind if owner else None) or labels.get(f"{_LABEL}resource.kind")
    name = (owner.name if owner else None) or labels.get(f"{_LABEL}resource.name") or wire.resource_name(metadata)
    if not (container and kind and name):
        return None
    namespace = labels.get(f"{_LABEL}resource.namespace") or metadata.namespace or ""
    return ScannedContainer(namespace, kind, name, container)
