"""Gatekeeper: which constraints deny pods for their images, and in which namespaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import structs

from auditor.check import About
from auditor.enforcement.chain import Fact, Flaw, Goal, ImagePolicy, Link, State
from auditor.enforcement.fields import mapping, mappings, strings, text, texts
from auditor.enforcement.gatekeeper_match import exempt, namespaces, pods
from auditor.enforcement.gatekeeper_templates import Template, errors, stale, template
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.readings import Reading, read
from auditor.enforcement.sample_pods import Sample, pod
from auditor.enforcement.webhooks import RESOURCES as LAYER
from auditor.enforcement.webhooks import Hook, Layer, hooks, layer
from auditor.enforcement.world import World
from auditor.model import PolicyObject
from auditor.report import Subject
from auditor.wire import CONSTRAINTS

MECHANISM = "Gatekeeper"
_TEMPLATES = "constrainttemplates.templates.gatekeeper.sh"
_CONFIGS = "configs.config.gatekeeper.sh"
RESOURCES = (_TEMPLATES, CONSTRAINTS, _CONFIGS, *LAYER)
_WEBHOOK = "validation.gatekeeper.sh"
_ALL = frozenset(Goal)


def image_policies(world: World) -> Iterator[ImagePolicy]:
    """Every constraint that says something about images, every template about images that has none, and the webhook."""
    templates = {found.kind: found for found in map(template, world.objects(_TEMPLATES)) if found.about_images}
    if not templates:
        return
    constraints = [found for found in world.objects(CONSTRAINTS) if found.kind in templates]
    known = Namespaces(world)
    mine = [hook for hook in hooks(world) if _mine(hook)]
    below = layer(world, mine, engine=MECHANISM, namespaces=known)
    out = exempt(world.objects(_CONFIGS), frozenset(hook.service[0] for hook in mine if hook.service[0]), known)
    judged = [_Judged(world, templates[found.kind], found, known) for found in constraints]
    told = [policy for one in judged for policy in one.policies(below, out)]
    yield from told
    used = {found.kind for found in constraints}
    idle = [_idle(found) for kind, found in templates.items() if kind not in used and _plausible(found)]
    yield from idle
    if told:
        yield from below.policies


def _mine(hook: Hook) -> bool:
    """Gatekeeper's validating webhook has this name whatever its configuration is called."""
    return hook.name == _WEBHOOK and not hook.mutating


class _Judged:
    """A constraint of a template about images, tried on sample pods."""

    def __init__(self, world: World, found: Template, constraint: PolicyObject, known: Namespaces) -> None:
        self.world = world
        self.template = found
        self.constraint = constraint
        self.known = known
        self.parameters = constraint.spec.get("parameters") or {}
        self.audited = [str(entry) for entry in world.policy.registries.allowed or ()]

    def policies(self, below: Layer, out: Mapping[str, tuple[Link, ...]]) -> Iterator[ImagePolicy]:
        readings = self._readings()
        goals = {goal for reading in readings.values() for goal in reading.goals}
        if not goals:
            return
        match = self.constraint.spec.get("match")
        matched, facts = pods(match)
        action, action_facts = _action(self.constraint)
        health, health_facts = _health(self.constraint)
        links = (*self.template.links, health, action, matched)
        left = namespaces(match, self.known)
        facts = (*self.template.facts, *health_facts, *action_facts, *facts, *_common(readings.values()))
        for wanted in _alike(goals, readings):
            contents = {place: _content(reading, wanted) for place, reading in readings.items()}
            own = {
                name: (*left.get(name, ()), *out.get(name, ()), *contents.get(name, contents[""]))
                for name in self.known.names
            }
            yield ImagePolicy(
                MECHANISM,
                About(None, Subject(self.constraint.kind, self.constraint.name)),
                frozenset(wanted),
                by_namespace=below.chains(links, own),
                facts=facts,
                allowed=_allowed(readings.values()) if Goal.REGISTRIES in wanted else None,
                origin=self.constraint.origin,
            )
            facts = ()

    def _readings(self) -> dict[str, Reading]:
        """By namespace where the template reads that, else one for all under the empty name."""
        if not self.template.by_namespace:
            return {"": self._read("sample")}
        return {"": self._read("sample"), **{name: self._read(name) for name in self.known.names}}

    def _read(self, namespace: str) -> Reading:
        if self.template.external:
            asks: tuple[State, str] = ("unknown", "it asks an external data provider, whose answer is not seen")
            return Reading(dict.fromkeys(Goal, asks))
        if self.template.program is None and self.template.cel is None:
            unread: tuple[State, str] = ("unknown", self.template.unread or "the template does not run")
            return Reading(dict.fromkeys((Goal.REGISTRIES, Goal.DIGESTS), unread))
        hints = [*strings(self.parameters), *self.template.texts]
        return read(
            lambda sample: self.template.violates(self._review(sample, namespace), self.parameters),
            [hint for hint in hints if len(hint) < 300],
            self.audited,
            images_alone=self.template.images_alone,
        )

    def _review(self, sample: Sample, namespace: str) -> dict[str, Any]:
        """The admission request as Gatekeeper hands it to templates."""
        metadata = {"name": namespace, "labels": dict(self.known.labels(namespace))}
        about = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        found = pod(sample, namespace)
        return {
            "uid": "00000000-0000-0000-0000-000000000000",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "subResource": "ephemeralcontainers" if sample.ephemeral else "",
            "operation": "UPDATE" if sample.ephemeral else "CREATE",
            "name": "sample",
            "namespace": namespace,
            "userInfo": {"username": "sample", "groups": ["system:authenticated"]},
            "object": found,
            "oldObject": pod(structs.replace(sample, ephemeral=()), namespace) if sample.ephemeral else None,
            "dryRun": False,
            "namespaceObject": about,
            "_unstable": {"namespace": about},
        }


def _alike(goals: Iterable[Goal], readings: Mapping[str, Reading]) -> Iterator[list[Goal]]:
    """Goals of which a policy says the same wherever it is asked: a policy has one chain for all of its goals."""
    grouped: dict[tuple[str | None, ...], list[Goal]] = {}
    for goal in sorted(goals):
        said = tuple(reading.goals.get(goal, (None, ""))[0] for reading in readings.values())
        grouped.setdefault(said, []).append(goal)
    yield from grouped.values()


def _content(reading: Reading, goals: list[Goal]) -> tuple[Link, ...]:
    said = dict.fromkeys(reading.goals[goal] for goal in goals if goal in reading.goals)
    if not said:
        return (Link("images", "broken", "it says nothing about images there"),)
    state = next(state for state, _ in said)
    return (Link("images", state, "; ".join(detail for _, detail in said)), *reading.places)


def _common(readings: Iterable[Reading]) -> Iterator[Fact]:
    seen = dict.fromkeys(fact for reading in readings for fact in reading.facts())
    yield from {(fact.flaw, fact.part): fact for fact in seen}.values()


def _allowed(readings: Iterable[Reading]) -> tuple[str, ...] | None:
    found = {reading.allowed for reading in readings}
    return found.pop() if len(found) == 1 else None


def _action(constraint: PolicyObject) -> tuple[Link, tuple[Fact, ...]]:
    """What a violation leads to. Source: gatekeeper pkg/util/enforcement_action.go: deny is the default, a name that is
    not known does nothing, and the scoped actions count only where the action is scoped."""
    action = constraint.spec.get("enforcementAction")
    if action is not None and not isinstance(action, str):
        return Link("action", "unknown", "its enforcementAction is not understood"), ()
    found, detail = {action or "deny"}, f"enforcementAction is {action or 'deny'}"
    if action == "scoped":
        scoped = mappings(constraint.spec.get("scopedEnforcementActions"))
        found = {text(one.get("action")) for one in scoped if _points(one) & {_WEBHOOK, "*"}}
        detail = f"its scoped actions for the webhook are {', '.join(sorted(found)) or 'none'}"
    if "deny" in found:
        return Link("action", "holds", detail), ()
    return Link("action", "broken", detail), (Fact(Flaw.NON_BLOCKING, f"{detail}: pods are let in.", part="action"),)


def _points(scoped: Mapping[str, Any]) -> set[str]:
    return {text(point.get("name")) for point in mappings(scoped.get("enforcementPoints"))}


def _health(constraint: PolicyObject) -> tuple[Link, tuple[Fact, ...]]:
    """What the pods that answer the webhook say of the constraint: status.byPod."""
    said = mappings(constraint.status.get("byPod"))
    if not said:
        if constraint.generation is None:
            return Link("constraint", "holds", f"constraint {constraint.name}"), ()
        return Link("constraint", "unknown", "Gatekeeper has said nothing of the constraint in its status"), ()
    serving = [one for one in said if "webhook" in texts(one.get("operations")) or not texts(one.get("operations"))]
    broken = ""
    if not serving:
        broken = "none of the pods that have it answers the webhook"
    elif all(one.get("enforced") is not True for one in serving):
        broken = f"Gatekeeper does not enforce the constraint{_because(errors(serving))}"
    if broken:
        return Link("constraint", "broken", broken), (Fact(Flaw.BROKEN, f"{broken}.", part="constraint"),)
    generation = constraint.generation
    if generation is not None and all(stale(one, generation) for one in serving):
        return Link("constraint", "unknown", "Gatekeeper has not yet taken in what the constraint says now"), ()
    if any(one.get("enforced") is not True for one in serving):
        return Link("constraint", "unknown", "some of Gatekeeper's pods do not enforce the constraint"), ()
    return Link("constraint", "holds", f"constraint {constraint.name} is enforced"), ()


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _plausible(found: Template) -> bool:
    """Whether a template without a constraint is about images above all: it reads little else, or cannot be read."""
    return found.images_alone or found.external or (found.program is None and found.cel is None)


def _idle(found: Template) -> ImagePolicy:
    detail = f"there is no constraint of kind {found.kind}"
    missing = Fact(Flaw.BROKEN, f"{detail}: the template does nothing.", part="constraint")
    return ImagePolicy(
        MECHANISM,
        About(None, Subject("ConstraintTemplate", found.object.name)),
        _guess(found),
        links=(Link("constraint", "broken", detail), *found.links),
        facts=(missing, *found.facts),
        origin=found.object.origin,
    )


def _guess(found: Template) -> frozenset[Goal]:
    """What it may be for, by its words: nothing but the nearest thing to enforcement depends on it."""
    words = " ".join(strings(mapping(found.object.spec))).lower()
    if found.external:
        return _ALL
    return frozenset({Goal.DIGESTS}) if "digest" in words or "sha256" in words else frozenset({Goal.REGISTRIES})
