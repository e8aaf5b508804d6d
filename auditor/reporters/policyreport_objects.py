"""A report as objects of a policy report API, one for each namespace, or several where one would be too large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from auditor.errors import UsageError
from auditor.escape import escape
from auditor.publish_apis import CHECKS, MANAGED_BY, MANAGER, PART, ReportApi
from auditor.report import Counts, Finding, Report
from auditor.reporters.policyreport_parts import WHOLE, parts
from auditor.reporters.policyreport_results import entry, gaps, timestamp, unread_entries

_RESULTS = ("fail", "warn", "error", "skip")


def objects(report: Report, api: ReportApi, also: Iterable[str] = ()) -> Iterator[dict[str, Any]]:
    """First the cluster's reports, then the namespaces' by name, each as plain values in the API's words.

    A report without results says how many subjects passed. `summary.pass` counts subjects, as an audit keeps no
    passes; it stands in the first part. The other counts are those of the results. `also` names namespaces that get a
    report even where the audit says nothing of them.

    Raises UsageError for a report on several clusters: their objects would have the same names.
    """
    if report.clusters:
        raise UsageError(
            "policy reports are objects of one cluster, and this report is about several",
            "Write them for each cluster by itself.",
        )
    names = {name or None for name in (*report.summary.by_namespace, *also)}
    found: dict[str | None, list[Finding]] = {name: [] for name in (None, *names)}
    for finding in report.findings:
        found.setdefault(finding.namespace or None, []).append(finding)
    when, blind = timestamp(report.cluster.collected_at), gaps(report)
    checks = ",".join(sorted(escape(row.id) for row in report.checks))
    for namespace in sorted(found, key=lambda name: name or ""):
        entries = [*(unread_entries(blind, namespace, when) if namespace else ())]
        entries += [entry(finding, when) for finding in found[namespace]]
        counts = report.summary.by_namespace.get(namespace or "", Counts())
        for number, (part, results) in enumerate(parts(entries)):
            yield {
                "apiVersion": api.api_version,
                "kind": api.kind_in(namespace),
                "metadata": _metadata(part, namespace, checks),
                **({"source": MANAGER} if api.names_source else {}),
                "summary": _summary(0 if number else counts.passed, results),
                "results": results,
            }


def _metadata(part: str, namespace: str | None, checks: str) -> dict[str, Any]:
    return {
        "name": MANAGER if part == WHOLE else f"{MANAGER}-{part}",
        **({"namespace": escape(namespace)} if namespace else {}),
        "labels": {MANAGED_BY: MANAGER, PART: part},
        "annotations": {CHECKS: checks},
    }


def _summary(passed: int, results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counts = Counter(result["result"] for result in results)
    return {"pass": passed, **{name: counts[name] for name in _RESULTS}}
