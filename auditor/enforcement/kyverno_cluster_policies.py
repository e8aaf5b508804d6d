"""Kyverno's ClusterPolicy and Policy: what their validate rules make of images in each namespace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.enforcement.chain import Goal
from auditor.enforcement.fields import mapping, mappings
from auditor.enforcement.kyverno_drafts import Draft, Stage, alike, lenient
from auditor.enforcement.kyverno_reach import Applies, Reach
from auditor.enforcement.kyverno_rules import Place, Rule
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.readings import Reading, read
from auditor.enforcement.sample_pods import Judge, Sample
from auditor.model import PolicyObject
from auditor.policy import Policy as AuditPolicy

_ANYWHERE = Place("sample", None)


def validating(found: PolicyObject, known: Namespaces, audit: AuditPolicy) -> Iterator[Draft]:
    """What the validate rules about images of a policy come to; nothing where it has none."""
    raw = [one for one in mappings(found.spec.get("rules")) if mapping(one.get("validate"))]
    pairs = [(one, rule) for one, rule in ((one, Rule(one)) for one in raw) if rule.about_images]
    if not pairs:
        return
    policy, rules = Reach(found, [one for one, _ in pairs], known), [rule for _, rule in pairs]
    one = found.spec.get("applyRules") == "One" and len(rules) > 1
    readings: dict[Any, Reading] = {}

    def reading(applies: tuple[Applies, ...], place: Place) -> Reading:
        key = (applies, place.namespace if any(rule.by_namespace for rule in rules) else "")
        if key not in readings:
            readings[key] = read(
                _judge(rules, applies, place, one=one),
                [hint for rule in rules for hint in rule.hints],
                [str(entry) for entry in audit.registries.allowed or ()],
                images_alone=all(rule.images_alone for rule in rules),
            )
        return readings[key]

    everything = ((True, True, True),) * len(rules)
    base = reading(everything, _ANYWHERE)
    if any(rule.by_namespace for rule in rules):
        places = (Place(name, known.labels_read(name)) for name in known.names)
        base = max([base, *(reading(everything, place) for place in places)], key=lambda found: found.strength)
    if not base.goals:
        return
    stages: dict[Any, Stage] = {}

    def stage(namespace: str) -> Stage:
        applies = policy.applies(namespace)
        key = (applies, namespace if any(rule.by_namespace for rule in rules) else "")
        if key not in stages:
            place = Place(namespace, known.labels_read(namespace))
            everywhere = tuple((create, update, True) for create, update, _ in applies)
            anything = any(create is not False for create, _, _ in applies)
            stages[key] = Stage(reading(everywhere, place), reading(applies, place), anything)
        return stages[key]

    links, facts = policy.links
    facts = (*facts, *policy.self_service, *base.facts())
    for goals, by_namespace in alike(base, known.names, stage):
        yield Draft(
            found,
            goals,
            by_namespace,
            links,
            (*facts, *lenient(by_namespace)),
            base.allowed if Goal.REGISTRIES in goals else None,
            (policy.webhooks("validate.kyverno.svc"),),
        )
        facts = ()


def _judge(rules: list[Rule], applies: tuple[Applies, ...], place: Place, *, one: bool) -> Judge:
    def judge(sample: Sample) -> bool | None:
        doubt = False
        for rule, (create, update, blocks) in zip(rules, applies, strict=True):
            meant = update if sample.ephemeral else create
            if meant is False or blocks is False:
                continue
            denied = rule.denies(sample, place)
            if denied and meant and blocks:
                return None if doubt else True
            # Where one rule is enough, the others may not be asked once one was meant.
            doubt = doubt or one or denied is not False
        return None if doubt else False

    return judge
