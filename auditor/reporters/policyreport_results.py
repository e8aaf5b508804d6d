"""One finding as a result of a policy report; what was not read as results of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from auditor.escape import escape
from auditor.publish_apis import MANAGER
from auditor.report import AppliedWaiver, Finding, Report, Severity
from auditor.reporters.policyreport_parts import Entry
from auditor.wire import RESOURCES

Verdict = Literal["fail", "warn", "error", "skip"]

CATEGORY = "Image security"
UNREAD_POLICY = "unread"
"""The policy of results that are about what could not be read: no check has this name."""

_LONGEST = 4096  # characters of any text: one result never fills a report
_NAMED = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# A kind that several groups have says nothing of its apiVersion; nor do Image, which Auditor also calls references
# that are used, and Service, which may be Knative's.
_VERSIONS = {resource.kind: resource.api_version for resource in RESOURCES}
_AMBIGUOUS = {r.kind for r in RESOURCES if _VERSIONS[r.kind] != r.api_version} | {"", "Image", "Service"}


def verdict(finding: Finding) -> Verdict:
    """A failure is `fail`. What a person has to judge is `warn`: the API means by it what is not met and not scored,
    and Policy Reporter shows it among the open results, where `skip` would hide it. What could not be read and a check
    that broke are `error`, in the API's words "could not be evaluated": never passed. Waived is `skip`, as Kyverno has
    it for its exceptions.
    """
    if finding.status == "fail":
        return "fail"
    if finding.status == "waived":
        return "skip"
    return "warn" if finding.cause == "judgment" else "error"


def entry(finding: Finding, when: Mapping[str, int] | None) -> Entry:
    """The result of a finding. Without a timestamp where it is not known when the cluster was read."""
    found = verdict(finding)
    properties = {
        # Policy Reporter tells old results from new ones by this: what fails again after a waiver is a new one.
        "resultID": f"{finding.id}-{found}",
        "id": finding.id,
        "cause": finding.cause,
        "container": finding.subject.container,
        "image": finding.image,
        "waiver": _waiver(finding.waiver),
    }
    result = {
        **_head(finding.check, finding.subject.container, finding.severity, found),
        "message": _text(finding.message),
        "resources": [_resource(finding)],
        **({"timestamp": when} if when else {}),
        "properties": {name: _text(value) for name, value in properties.items() if value} | _remediation(finding),
    }
    return Entry(finding.id, result)


class Gap:
    """Something that was not read, or a check that could not begin: why, and which checks gave no verdict for it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.checks: list[str] = []
        self.severity = Severity.LOW

    def add(self, finding: Finding) -> None:
        self.checks.append(finding.check)
        self.severity = min(self.severity, finding.severity, key=lambda severity: severity.rank)


def gaps(report: Report) -> dict[str, Gap]:
    """What was read nowhere, by resource (or check, where one broke), so that nobody knows what would have been found
    in any namespace."""
    found: dict[str, Gap] = {}
    for finding in report.findings:
        if finding.cause in ("unreadable", "error") and finding.subject.kind == "Cluster":
            for name, reason in _reasons(finding).items():
                found.setdefault(name, Gap(reason)).add(finding)
    return found


def unread_entries(everywhere: Mapping[str, Gap], namespace: str, when: Mapping[str, int] | None) -> Iterator[Entry]:
    """For a namespace what was read nowhere: the findings about that have no namespace, and would be told only where
    those who answer for this one do not look."""
    for name, gap in sorted(everywhere.items()):
        more = len(gap.checks) - _NAMED
        checks = ", ".join(gap.checks[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        result = {
            **_head(UNREAD_POLICY, name, gap.severity, "error"),
            "message": _text(f"{gap.reason} Without a verdict for want of it: {checks}."),
            "resources": [{"apiVersion": "v1", "kind": "Namespace", "name": _text(namespace)}],
            **({"timestamp": when} if when else {}),
        }
        yield Entry(f"{UNREAD_POLICY}/{name}", result)


def timestamp(when: str | None) -> dict[str, int] | None:
    """An RFC 3339 time as the API has it; None where there is none."""
    try:
        moment = datetime.fromisoformat(when or "")
    except ValueError:
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return {"seconds": since.days * 86400 + since.seconds, "nanos": since.microseconds * 1000}


def _head(policy: str, rule: str | None, severity: Severity, found: Verdict) -> dict[str, Any]:
    return {
        "source": MANAGER,
        "policy": _text(policy),
        **({"rule": _text(rule)} if rule else {}),
        "category": CATEGORY,
        "severity": str(severity),
        "result": found,
        **({"scored": True} if found == "fail" else {}),
    }


def _resource(finding: Finding) -> dict[str, str]:
    """An ObjectReference, also to what is no object of the API (a repository, the cluster): consumers list by it."""
    subject = finding.subject
    reference = {}
    if subject.kind not in _AMBIGUOUS and subject.kind in _VERSIONS:
        reference["apiVersion"] = _VERSIONS[subject.kind]
    reference["kind"] = _text(subject.kind)
    if finding.namespace is not None and subject.kind != "Namespace":
        reference["namespace"] = _text(finding.namespace)
    if name := subject.name or finding.cluster:
        reference["name"] = _text(name)
    return reference


def _waiver(waiver: AppliedWaiver | None) -> str | None:
    if waiver is None:
        return None
    owner = f", {waiver.owner}" if waiver.owner else ""
    return f"{'expired' if waiver.expired else 'until'} {waiver.expires}{owner}: {waiver.reason}"


def _reasons(finding: Finding) -> dict[str, str]:
    """By resource a sentence on why it is missing, as the engine puts it into evidence."""
    resources = finding.evidence.get("resources")
    if isinstance(resources, dict) and resources:
        return {str(name): f"Not judged: {name} {reason}." for name, reason in resources.items()}
    return {finding.check: finding.message}


def _remediation(finding: Finding) -> dict[str, str]:
    lines = map(escape, finding.remediation.split("\n"))
    return {"remediation": _cut("\n".join(lines))} if finding.remediation else {}


def _text(text: str) -> str:
    return _cut(escape(text))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text) - _LONGEST:,} characters more)"
