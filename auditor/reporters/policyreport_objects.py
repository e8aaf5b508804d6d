"""A report as objects of a policy report API, one for each namespace, or several where one would be too large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditor.errors import UsageError
from auditor.escape import escape
from auditor.publish_apis import MANAGED_BY, MANAGER, PART, UNREAD, ReportApi
from auditor.report import Counts, Finding, Report
from auditor.reporters.policyreport_parts import WHOLE, parts
from auditor.reporters.policyreport_results import Gap, entry, gaps, timestamp, unread_entries

_RESULTS = ("fail", "warn", "error", "skip")
Blind = Mapping[str | None, Mapping[str, Gap]]


def unread(blind: Blind, namespace: str | None) -> tuple[str, ...]:
    """The resources (of `gaps`) that could not be read for a namespace, or for what has none; sorted."""
    names = {*blind.get(None, ()), *blind.get(namespace, ())}
    return tuple(sorted(map(escape, names)))


def objects(report: Report, api: ReportApi) -> Iterator[dict[str, Any]]:
    """First the cluster's reports, then the namespaces' by name, each as plain values in the API's words.

    A report without results says how many subjects passed. `summary.pass` counts subjects, as an audit keeps no
    passes; it stands in the first part. The other counts are those of the results.

    Raises UsageError for a report on several clusters: their objects would have the same names.
    """
    if report.clusters:
        raise UsageError(
            "policy reports are objects of one cluster, and this report is about several",
            "Write them for each cluster by itself.",
        )
    found: dict[str | None, list[Finding]] = {None: [], **{name or None: [] for name in report.summary.by_namespace}}
    for finding in report.findings:
        found.setdefault(finding.namespace or None, []).append(finding)
    when, blind = timestamp(report.cluster.collected_at), gaps(report)
    for namespace in sorted(found, key=lambda name: name or ""):
        entries = [*(unread_entries(blind[None], namespace, when) if namespace else ())]
        entries += [entry(finding, when) for finding in found[namespace]]
        counts = report.summary.by_namespace.get(namespace or "", Counts())
        for number, (part, results) in enumerate(parts(entries)):
            yield {
                "apiVersion": api.api_version,
                "kind": api.kind_in(namespace),
                "metadata": _metadata(part, namespace, unread(blind, namespace)),
                **({"source": MANAGER} if api.names_source else {}),
                "summary": _summary(0 if number else counts.passed, results),
                "results": results,
            }


def _metadata(part: str, namespace: str | None, missing: Sequence[str]) -> dict[str, Any]:
    return {
        "name": MANAGER if part == WHOLE else f"{MANAGER}-{part}",
        **({"namespace": escape(namespace)} if namespace else {}),
        "labels": {MANAGED_BY: MANAGER, PART: part},
        **({"annotations": {UNREAD: ",".join(missing)}} if missing else {}),
    }


def _summary(passed: int, results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counts = Counter(result["result"] for result in results)
    return {"pass": passed, **{name: counts[name] for name in _RESULTS}}
