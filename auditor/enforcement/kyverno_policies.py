"""Kyverno's policies in CEL: ValidatingPolicy, ImageValidatingPolicy and their namespaced twins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.enforcement.admission_objects import Definition, definition
from auditor.enforcement.admission_review import Context
from auditor.enforcement.chain import Goal, Link
from auditor.enforcement.conditions import Conditions
from auditor.enforcement.fields import mapping, mappings, strings, text, texts
from auditor.enforcement.kyverno_drafts import Draft, Stage, alike, doubted, hints, lenient, ready
from auditor.enforcement.kyverno_patterns import glob
from auditor.enforcement.kyverno_rules import judged
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.outcomes import Outcome
from auditor.enforcement.outcomes import link as verified
from auditor.enforcement.readings import Reading, read
from auditor.enforcement.rules import covers, understood
from auditor.enforcement.selectors import matches
from auditor.model import PolicyObject
from auditor.policy import Policy as AuditPolicy

_IMAGE = re.compile(r"(?<![A-Za-z])images?(?![A-Za-z])")
# Every image of the place has a signature of one of the attestors.
_USUAL = re.compile(
    r"images\.(\w+)\.map\((\w+),verifyImageSignatures\(\2,\[attestors\.\w+(?:,attestors\.\w+)*\]\)\)"
    r"\.all\((\w+),\3>0\)"
)
_IMAGES_ALONE = frozenset({"containers", "ephemeralContainers", "image", "initContainers", "name", "spec"})


def drafts(found: PolicyObject, known: Namespaces, audit: AuditPolicy) -> Iterator[Draft]:
    """What a policy says about images, nothing where it says nothing."""
    if "Image" in found.kind:
        yield from _image_validating(found, known, audit)
    else:
        yield from _validating(found, known, audit)


def _validating(found: PolicyObject, known: Namespaces, audit: AuditPolicy) -> Iterator[Draft]:
    parts = [found.spec.get(key) for key in ("matchConditions", "variables", "validations")]
    if not any(_IMAGE.search(word) for word in strings(parts)):
        return
    policy = definition(found)
    if policy.fault is not None:
        unread: Reading = Reading(
            dict.fromkeys((Goal.REGISTRIES, Goal.DIGESTS), ("unknown", f"it is not understood: {policy.fault.detail}"))
        )
        yield from _drafts(found, known, unread, dict.fromkeys(known.names, unread))
        return
    roots = {path[0] for one in policy.expressions for path in one.tree.paths}
    namespaced = "namespaceObject" in roots or any("namespace" in one.tree.fields for one in policy.expressions)
    base = _read(policy, Context("sample", None), audit)
    readings = {
        name: _read(policy, Context(name, known.labels_read(name)), audit) if namespaced else base
        for name in known.names
    }
    base = max([base, *readings.values()], key=lambda reading: reading.strength)
    if base.goals:
        yield from _drafts(found, known, base, readings)


def _read(policy: Definition, context: Context, audit: AuditPolicy) -> Reading:
    context = Context(context.namespace, context.labels, None if policy.param_kind else (None,))
    fields = {field for one in policy.expressions for field in one.tree.fields}
    return read(
        lambda sample: judged(policy, sample, context),
        hints(sorted(word for one in policy.expressions for word in one.tree.literals)),
        [str(entry) for entry in audit.registries.allowed or ()],
        images_alone=fields <= _IMAGES_ALONE,
    )


def _drafts(found: PolicyObject, known: Namespaces, base: Reading, readings: Mapping[str, Reading]) -> Iterator[Draft]:
    """The policy with what holds everywhere, and in each namespace whether it is meant and blocks."""
    actions = set(texts(found.spec.get("validationActions")))
    blocks = not actions or "Deny" in actions
    silent = Reading({})
    reach = _Reach(found, known)
    stages: dict[Any, Stage] = {}

    def stage(namespace: str) -> Stage:
        meant = reach.covers(namespace)
        reading = readings[namespace]
        key = (meant, id(reading))
        if key not in stages:
            shown = silent if meant is False else doubted(reading) if meant is None else reading
            stages[key] = Stage(shown, shown if blocks else silent, meant is not False)
        return stages[key]

    link, facts = ready(found)
    links = (link, *_evaluation(found), *reach.links())
    short = ("n" if found.namespace else "") + ("ivpol" if "Image" in found.kind else "vpol")
    ways = ("ignore",) if found.spec.get("failurePolicy") == "Ignore" else ("fail", "ignore")
    # The namespaced image policies are called through the webhooks of the others.
    webhooks = tuple(f"{name}.validate.kyverno.svc-{way}*" for way in ways for name in (short, short.removeprefix("n")))
    facts = (*facts, *base.facts())
    for goals, by_namespace in alike(base, known.names, stage):
        allowed = base.allowed if Goal.REGISTRIES in goals else None
        told = (*facts, *lenient(by_namespace))
        yield Draft(found, goals, by_namespace, links, told, allowed, (webhooks,))
        facts = ()


def _evaluation(found: PolicyObject) -> Iterator[Link]:
    evaluation = mapping(found.spec.get("evaluation"))
    if mapping(evaluation.get("admission")).get("enabled") is False:
        yield Link("admission", "broken", "the policy is not for admission: evaluation.admission.enabled is false")
    if text(evaluation.get("mode")) == "JSON":
        yield Link("admission", "broken", "the policy is for JSON payloads, not for admission")


class _Reach:
    """The matchConstraints of a policy, which are those of a ValidatingAdmissionPolicy."""

    def __init__(self, found: PolicyObject, known: Namespaces) -> None:
        self.namespace = found.namespace
        self.known = known
        self.constraints = mapping(found.spec.get("matchConstraints"))
        self.rules = self.constraints.get("resourceRules")
        self.out = self.constraints.get("excludeResourceRules")
        # A ValidatingPolicy's conditions are tried together with its validations.
        conditions = found.spec.get("matchConditions") if "Image" in found.kind else None
        self.conditions = Conditions(conditions, fails_open=found.spec.get("failurePolicy") == "Ignore")

    def covers(self, namespace: str) -> bool | None:
        """Whether it is for pods that are created in a namespace."""
        if self.namespace and self.namespace != namespace:
            return False
        selector = self.constraints.get("namespaceSelector")
        selected = self.known.selected(selector, namespace)
        condition = self.conditions.links(namespace)[0].state
        states = [
            self._request("CREATE"),
            selected,
            matches(self.constraints.get("objectSelector"), {}),
            {"holds": True, "broken": False, "unknown": None}[condition],
        ]
        return False if False in states else None if None in states else True

    def _request(self, operation: str, subresource: str = "") -> bool | None:
        if covers(self.out, operation=operation, subresource=subresource, name="sample"):
            return False
        if covers(self.rules, operation=operation, subresource=subresource):
            return True
        return False if understood(self.rules) and understood(self.out) else None

    def links(self) -> Iterator[Link]:
        """What does not decide about the creation of pods, and is told beside it."""
        for name, subresource in (("updates of pods", ""), ("ephemeral containers", "ephemeralcontainers")):
            if self._request("UPDATE", subresource) is False:
                yield Link(f"matches {name}", "broken", f"its matchConstraints leave out {name}", essential=False)


def _image_validating(found: PolicyObject, known: Namespaces, audit: AuditPolicy) -> Iterator[Draft]:
    outcome, places = _verification(found)

    def decide(image: str, _: str) -> Outcome:
        wanted = mappings(found.spec.get("matchImageReferences"))
        if any(glob(text(one.get("glob")), image) for one in wanted if text(one.get("glob"))):
            return outcome
        return Outcome.UNKNOWN if any(text(one.get("expression")) for one in wanted) else Outcome.LET_IN

    links = {Goal.SIGNATURES: verified(Goal.SIGNATURES, audit, "", decide)}
    elsewhere = verified(Goal.REGISTRIES, audit, "", decide)
    if elsewhere.state != "broken":
        links[Goal.REGISTRIES] = elsewhere
    reading = Reading({goal: (link.state, link.detail) for goal, link in links.items()}, places)
    yield from _drafts(found, known, reading, dict.fromkeys(known.names, reading))


def _verification(found: PolicyObject) -> tuple[Outcome, tuple[Link, ...]]:
    """What becomes of an unsigned image that the policy is for. Only the usual expression is understood; `required`,
    which is the default, refuses images of which no expression asked a signature, though not in all versions."""
    usual = [
        shape[1]
        for one in mappings(found.spec.get("validations"))
        if (shape := _USUAL.fullmatch(re.sub(r"\s", "", text(one.get("expression")))))
    ]
    if "containers" not in usual:
        return Outcome.UNKNOWN, ()
    places = tuple(
        Link(f"reads {told}", "broken", f"it verifies no images of {told}", essential=False)
        for place, told in (("initContainers", "init containers"), ("ephemeralContainers", "ephemeral containers"))
        if place not in usual
    )
    return Outcome.VERIFIED, places
