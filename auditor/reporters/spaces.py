"""The namespaces of a report, of each cluster if it is of several, with what was found in them."""

from __future__ import annotations

from msgspec import Struct

from auditor.report import Finding, Report
from auditor.reporters.rows import place

Where = tuple[str, str]
"""Cluster, empty in a report of one, and namespace, empty for what is in none."""


class Space(Struct, frozen=True):
    """`passed` counts subjects."""

    label: str
    passed: int
    findings: list[Finding]


def spaces(report: Report) -> dict[Where, Space]:
    """Those that were looked at, without a finding or with some."""
    several = bool(report.clusters)
    summaries = [(cluster.name, cluster.summary) for cluster in report.clusters] or [("", report.summary)]
    found = {
        (cluster, namespace): Space(_label(cluster, namespace, several), counts.passed, [])
        for cluster, summary in summaries
        for namespace, counts in summary.by_namespace.items()
    }
    for finding in report.findings:
        cluster, namespace = finding.cluster if several else "", finding.namespace or ""
        space = found.get((cluster, namespace))
        if space is None:
            space = found[cluster, namespace] = Space(_label(cluster, namespace, several), 0, [])
        space.findings.append(finding)
    return found


def _label(cluster: str, namespace: str, several: bool) -> str:
    return f"{cluster}/{place(namespace)}" if several else place(namespace)
