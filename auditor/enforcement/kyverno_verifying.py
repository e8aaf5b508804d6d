"""Kyverno's ClusterPolicy and Policy: what their verifyImages rules come to in each namespace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.enforcement.chain import Goal, Link
from auditor.enforcement.fields import mappings
from auditor.enforcement.kyverno_conditions import hold
from auditor.enforcement.kyverno_drafts import Draft, Stage, alike, doubted, lenient
from auditor.enforcement.kyverno_images import references, refuses_tags, unsigned
from auditor.enforcement.kyverno_patterns import Unreadable
from auditor.enforcement.kyverno_reach import Applies, Reach
from auditor.enforcement.kyverno_values import Absent
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.outcomes import Outcome
from auditor.enforcement.outcomes import link as verified
from auditor.enforcement.readings import Reading
from auditor.model import PolicyObject
from auditor.policy import Policy as AuditPolicy


def verifying(found: PolicyObject, known: Namespaces, audit: AuditPolicy) -> Iterator[Draft]:
    """What the verifyImages rules of a policy come to; nothing where it has none."""
    rules = [one for one in mappings(found.spec.get("rules")) if mappings(one.get("verifyImages"))]
    if not rules:
        return
    policy = Reach(found, rules, known)

    def decide(image: str, _: str) -> Outcome:
        outcomes = [unsigned(rule, image) for rule in rules]
        return next((one for one in (Outcome.VERIFIED, Outcome.UNKNOWN) if one in outcomes), Outcome.LET_IN)

    base: dict[Goal, Link] = {Goal.SIGNATURES: verified(Goal.SIGNATURES, audit, "", decide)}
    elsewhere = verified(Goal.REGISTRIES, audit, "", decide)
    if elsewhere.state != "broken":
        base[Goal.REGISTRIES] = elsewhere
    if tags := _tags(rules, audit):
        base[Goal.DIGESTS] = tags
    reading = Reading({goal: (link.state, link.detail) for goal, link in base.items()})
    silent = Reading({})
    stages: dict[tuple[Applies, ...], Stage] = {}

    def stage(namespace: str) -> Stage:
        applies = policy.applies(namespace)
        if applies not in stages:
            create = {one for one, _, _ in applies}
            blocks = {blocking for meant, _, blocking in applies if meant is not False}
            stages[applies] = Stage(
                (doubted(reading) if None in create else reading) if True in create or None in create else silent,
                (doubted(reading) if None in create | blocks else reading) if blocks & {True, None} else silent,
                create != {False},
            )
        return stages[applies]

    links, facts = policy.links
    conditioned = not all(_always(rule) for rule in rules)
    links += (
        (Link("preconditions", "unknown", "its rules have preconditions that are not tried"),) if conditioned else ()
    )
    webhooks = (policy.webhooks("mutate.kyverno.svc"), policy.webhooks("validate.kyverno.svc"))
    for goals, by_namespace in alike(reading, known.names, stage):
        told = (*facts, *policy.self_service, *lenient(by_namespace))
        yield Draft(found, goals, by_namespace, links, told, None, webhooks)
        facts = ()


def _always(rule: dict[str, Any]) -> bool:
    """Whether a rule has no precondition that turns on the request."""
    try:
        return not rule.get("context") and hold(rule.get("preconditions"), {})
    except (Absent, Unreadable):
        return False


def _tags(rules: list[dict[str, Any]], audit: AuditPolicy) -> Link | None:
    """What becomes of tags of the images that the audit allows; None where no rule refuses tags."""
    if not any(entry.get("mutateDigest") is False for rule in rules for entry in mappings(rule.get("verifyImages"))):
        return None
    names = [f"{entry}/app:1.0" for entry in audit.registries.allowed or ()] or ["registry.invalid/app:1.0"]
    let_in = next((name for name in names if not any(refuses_tags(rule, name) for rule in rules)), None)
    if let_in is None:
        return Link("images", "holds", "images without a digest are denied")
    covered = any(references(entry) for rule in rules for entry in mappings(rule.get("verifyImages")))
    return Link("images", "broken", f"it lets in tags, such as {let_in}") if covered else None
