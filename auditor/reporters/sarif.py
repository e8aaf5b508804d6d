"""The report as SARIF 2.1.0, for code scanning: rules, results with stable fingerprints, and what was not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.diff import Diff
from auditor.escape import escape
from auditor.report import ClusterPart, CoverageRow, Finding, Report
from auditor.reporters import Options
from auditor.reporters.changes import marks
from auditor.reporters.json_text import document
from auditor.reporters.overview import is_choice, is_gap
from auditor.reporters.sarif_places import Bases, location, namespace_location
from auditor.reporters.sarif_rules import LEVELS, rank, rules
from auditor.reporters.unsettled import listed

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

# A person has to look (`review`), or nobody can tell (`open`); only what failed has a level (SARIF 2.1.0 §3.27.9-10).
_KINDS = {None: "fail", "judgment": "review", "unreadable": "open", "error": "open"}
_NOTICES = {
    "coverage": ("Something was not read", "What was not read is not judged, and never passed."),
    "broken-check": ("A check broke", "A fault of the check, not of the cluster: its subject is not judged."),
    "policy": (
        "Something about the policy",
        "Checks that it switches off, waivers that match nothing or have expired.",
    ),
}
# Unread is never gone: what the baseline holds and this audit could not look for is not `absent` (§3.27.24).
_BASELINE_STATES = {"new": "new", "still": "unchanged"}
_GAPS = {"failed": "error", "forbidden": "warning", "excluded": "note", "read": "note"}


def render(report: Report, options: Options) -> str:
    """One log with one run; the same report gives the same bytes."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, options)]}
    return document(log)


def _run(report: Report, options: Options) -> dict[str, Any]:
    made = rules(report)
    places = {rule["id"]: index for index, rule in enumerate(made)}
    bases = Bases.of(report.findings)
    cluster = report.cluster
    return {
        "tool": {
            "driver": {
                "name": "Auditor",
                "version": report.auditor.version,
                "semanticVersion": report.auditor.version,
                "shortDescription": {"text": "Audits the image security of Kubernetes clusters."},
                "rules": made,
                "notifications": [
                    {"id": name, "shortDescription": {"text": title}, "fullDescription": {"text": about}}
                    for name, (title, about) in _NOTICES.items()
                ],
            }
        },
        "automationDetails": {"id": f"auditor/{escape(cluster.name or cluster.source)}/"},
        "invocations": [_invocation(report, options, places)],
        "originalUriBaseIds": bases.named(),
        "columnKind": "unicodeCodePoints",
        "results": list(_results(report, options, places, bases)),
        "properties": {
            "cluster": cluster.name,
            "clusterUid": cluster.uid,
            "kubernetesVersion": cluster.version,
            "collectedAt": cluster.collected_at,
            "source": cluster.source,
            "subjects": {
                "pass": report.summary.passed,
                "fail": report.summary.fail,
                "manual": report.summary.manual,
                "waived": report.summary.waived,
            },
            **({"clusters": list(map(_cluster, report.clusters))} if report.clusters else {}),
            **({"baseline": _baseline(options.comparison)} if options.comparison else {}),
        },
    }


def _cluster(part: ClusterPart) -> dict[str, Any]:
    return {
        "cluster": part.name,
        "clusterUid": part.uid,
        "kubernetesVersion": part.version,
        "collectedAt": part.collected_at,
        "source": part.source,
        "error": part.error,
    }


def _baseline(comparison: Diff) -> dict[str, Any]:
    return {
        "collectedAt": comparison.before.cluster.collected_at,
        "new": len(comparison.new),
        "gone": len(comparison.gone),
        "still": len(comparison.still),
        "unseen": len(comparison.unseen),
        "warnings": list(comparison.warnings),
    }


def _results(report: Report, options: Options, places: Mapping[str, int], bases: Bases) -> Iterator[dict[str, Any]]:
    marked, several = marks(options.comparison), bool(report.clusters)
    for finding in report.findings:
        state = _BASELINE_STATES.get(marked.of(finding))
        yield _result(finding, places[finding.check], bases, several) | ({"baselineState": state} if state else {})
    for finding in options.comparison.gone if options.comparison else ():
        yield _result(finding, places[finding.check], bases, several) | {"baselineState": "absent"}


def _result(finding: Finding, rule: int, bases: Bases, several: bool) -> dict[str, Any]:
    """An id is the same in every cluster: where there are several, the cluster belongs to the fingerprint."""
    kind = _KINDS[finding.cause]
    return {
        "ruleId": finding.check,
        "ruleIndex": rule,
        "kind": kind,
        "level": LEVELS[finding.severity] if kind == "fail" else "none",
        "rank": rank(finding.severity),
        "message": _message(finding.message),
        "locations": [location(finding, bases)],
        "partialFingerprints": {
            "auditorFindingId/v1": finding.id,
            **({"auditorCluster/v1": escape(finding.cluster)} if several else {}),
        },
        "suppressions": list(_suppressions(finding)),
        "properties": {
            "status": finding.status,
            "cause": finding.cause,
            "severity": str(finding.severity),
            "cluster": finding.cluster,
            "namespace": finding.namespace,
            "image": finding.image,
            "evidence": finding.evidence,
            "waiverExpired": finding.waiver.expires if finding.waiver and finding.waiver.expired else None,
        },
    }


def _suppressions(finding: Finding) -> Iterator[dict[str, Any]]:
    """The live waiver. None at all means not suppressed, where a missing list would mean not known (§3.27.23)."""
    if finding.status == "waived" and (waiver := finding.waiver):
        terms = {"expires": waiver.expires, "owner": waiver.owner}
        yield {
            "kind": "external",
            "status": "accepted",
            "justification": escape(waiver.reason),
            "properties": terms,
        }


def _invocation(report: Report, options: Options, places: Mapping[str, int]) -> dict[str, Any]:
    """How the audit went. Not all of it worked where something could not be read for a fault, or a check broke."""
    notices = [*_coverage(report), *_broken(report, places)]
    invocation: dict[str, Any] = {
        "executionSuccessful": not any(notice["level"] == "error" for notice in notices),
        "toolExecutionNotifications": notices,
        "toolConfigurationNotifications": [_notice("policy", "warning", warning) for warning in report.warnings],
    }
    if options.exit_code is not None:
        invocation["exitCode"] = options.exit_code
    return invocation


def _coverage(report: Report) -> Iterator[dict[str, Any]]:
    for row in report.coverage:
        if is_gap(row) or (row.state == "read" and row.detail):
            notice = _notice("coverage", _GAPS.get(row.state, "warning"), _gap(row))
            names = [f"{row.cluster}/{name}" for name in row.namespaces] if row.cluster else row.namespaces
            notice["locations"] = [namespace_location(name) for name in dict.fromkeys(map(escape, names))]
            notice["properties"] = {"resource": row.resource, "state": row.state, "namespaces": list(row.namespaces)}
            if row.cluster:
                notice["properties"]["cluster"] = row.cluster
            yield notice


def _gap(row: CoverageRow) -> str:
    what = "everything" if row.resource == "*" else row.resource
    rest = "elsewhere" if is_choice(row) else "everywhere"
    where = f"in {listed(row.namespaces)}" if row.namespaces else rest
    where += f" of {row.cluster}" if row.cluster else ""
    return f"{what} {where}: {row.state}{f' ({row.detail})' if row.detail else ''}"


def _broken(report: Report, places: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for finding in report.findings:
        if finding.cause == "error":
            where = f"{finding.cluster}/" if report.clusters else ""
            notice = _notice("broken-check", "error", f"{finding.check} on {where}{finding.subject}: {finding.message}")
            notice["associatedRule"] = {"id": finding.check, "index": places[finding.check]}
            yield notice


def _notice(kind: str, level: str, text: str) -> dict[str, Any]:
    descriptor = {"id": kind, "index": list(_NOTICES).index(kind)}
    return {"descriptor": descriptor, "level": level, "message": _message(text)}


def _message(text: str) -> dict[str, str]:
    """Plain text: brackets are escaped where a viewer would else make a link of them (§3.11.6)."""
    shown = escape(text)
    if "](" in shown:
        shown = shown.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return {"text": shown}
