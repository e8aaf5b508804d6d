"""Answers into findings for the engine: what status each gets, how its subject stands, and where it is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

from auditor.check import Check, Fail, Manual
from auditor.policy import Policy
from auditor.report import Finding, Status, Subject, identity
from auditor.tally import Answer, Key
from auditor.waivers import WaiverBook

Standing = Literal["pass", "fail", "manual", "waived"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)  # in the order of a report's counts
_WORST_FIRST: tuple[Status, ...] = ("fail", "manual", "waived")


def finding_of(check: Check, policy: Policy, waivers: WaiverBook, key: Key, answer: Answer, cluster: str) -> Finding:
    about, repository = key
    result, evidence = answer.result, answer.evidence
    if len(answer.images) > 1:
        evidence = {**evidence, "images": sorted(answer.images)}
    own = result.severity if isinstance(result, Fail) else None
    severity = policy.setting(check.id).severity or own or check.severity
    waiver = None
    if isinstance(result, Fail):
        waiver = waivers.apply(check.id, about.namespace, about.subject)
    message = result.message
    if waiver and waiver.expired:
        message += f" The waiver for it expired on {waiver.expires}."
    unit = answer.unit
    known = Subject(about.subject.kind, unit.known_as) if unit and unit.known_as else about.subject
    return Finding(
        id=identity(check.id, about.namespace, known, result.part, repository),
        cluster=cluster,
        check=check.id,
        status="manual" if isinstance(result, Manual) else "waived" if waiver and not waiver.expired else "fail",
        cause=answer.cause,  # type: ignore[arg-type]
        severity=severity,
        namespace=about.namespace,
        subject=about.subject,
        image=unit.image if unit else None,
        message=message,
        evidence=evidence,
        remediation=check.remediation,
        references=check.references,
        waiver=waiver,
        origin=(unit.origin or None) if unit else None,
    )


def standing_of(findings: Iterable[Finding]) -> Standing:
    """How a subject stands: it counts once, by the worst that is said of it."""
    said = {finding.status for finding in findings}
    return next((status for status in _WORST_FIRST if status in said), "pass")


def order_of(finding: Finding, key: Key) -> tuple[Any, ...]:
    subject = finding.subject
    return (
        finding.namespace or "",
        finding.check,
        subject.kind,
        subject.name,
        subject.container or "",
        key[1],
        finding.id,
    )
