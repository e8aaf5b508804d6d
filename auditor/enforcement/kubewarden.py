"""Kubewarden: admission policies and groups of them, each behind a webhook configuration of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from auditor.check import About
from auditor.coverage import Unread
from auditor.enforcement import outcomes
from auditor.enforcement.chain import Fact, Flaw, Goal, ImagePolicy, Link
from auditor.enforcement.fields import mapping, text
from auditor.enforcement.kubewarden_groups import evaluate
from auditor.enforcement.kubewarden_modules import SIGNATURES, TRUSTED_REPOS, Module, allowed, decide, loose, module
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.outcomes import Outcome
from auditor.enforcement.rules import covers, understood
from auditor.enforcement.webhooks import RESOURCES as LAYER
from auditor.enforcement.webhooks import Hook, Layer, hooks, layer
from auditor.enforcement.world import World
from auditor.model import PolicyObject
from auditor.report import Subject

MECHANISM = "Kubewarden"
_GROUP = "policies.kubewarden.io"
_KINDS = {
    f"clusteradmissionpolicies.{_GROUP}": "clusterwide-",
    f"admissionpolicies.{_GROUP}": "namespaced-",
    f"clusteradmissionpolicygroups.{_GROUP}": "clusterwide-group-",
    f"admissionpolicygroups.{_GROUP}": "namespaced-group-",
}
"""The resources, and how the name of a policy's webhook configuration begins (api/policies/v1, GetUniqueName)."""
_SERVERS = f"policyservers.{_GROUP}"
RESOURCES = (*LAYER, *_KINDS, _SERVERS)


class _Policy(Struct, frozen=True):
    """A policy or group: its modules, and what it makes of an image; `outcome` is of (image)."""

    source: PolicyObject
    modules: tuple[Module, ...]
    goals: frozenset[Goal]
    outcome: Callable[[str], Outcome]

    @property
    def about(self) -> About:
        return About(self.source.namespace or None, Subject(self.source.kind, self.source.name))

    @property
    def configuration(self) -> str:
        source = self.source
        return _KINDS[source.resource] + (f"{source.namespace}-" if source.namespace else "") + source.name


def image_policies(world: World) -> Iterator[ImagePolicy]:
    """Those that say something about images of pods; the others are not told."""
    known = hooks(world)
    objects = list(_objects(world, known))
    if not objects:
        return
    servers = {server.name for server in world.objects(_SERVERS)}
    namespaces = Namespaces(world)
    configurations: dict[str, list[Hook]] = {}
    for hook in known:
        configurations.setdefault(hook.configuration.name, []).append(hook)
    for source in objects:
        policy = _read(source)
        rules = source.spec.get("rules")
        if policy.goals and (covers(rules, operation="CREATE") or _any_pods(rules)):
            chosen = configurations.get(policy.configuration, [])
            yield from _told(world, policy, chosen, servers, namespaces)


def _objects(world: World, known: tuple[Hook, ...]) -> Iterator[PolicyObject]:
    for resource in _KINDS:
        try:
            yield from world.objects(resource)
        except Unread:
            # Without a webhook nobody asks a policy server, whatever the policies say.
            if any(".kubewarden.admission" in hook.name for hook in known):
                raise


def _any_pods(rules: Any) -> bool:
    return (
        covers(rules, operation="UPDATE")
        or covers(rules, operation="UPDATE", subresource="ephemeralcontainers")
        or not understood(rules)
    )


def _read(source: PolicyObject) -> _Policy:
    members = source.spec.get("policies")
    if not source.resource.startswith(("clusteradmissionpolicygroups", "admissionpolicygroups")):
        used = module(source.spec)
        return _Policy(source, (used,), used.goals, lambda image: decide(used, image))
    modules = {name: module(mapping(member)) for name, member in mapping(members).items()}
    goals = frozenset(goal for used in modules.values() for goal in used.goals)
    expression = text(source.spec.get("expression"))

    def outcome(image: str) -> Outcome:
        return evaluate(expression, {name: decide(used, image) for name, used in modules.items()})

    return _Policy(source, tuple(modules.values()), goals, outcome)


def _told(
    world: World, policy: _Policy, chosen: list[Hook], servers: set[str], namespaces: Namespaces
) -> Iterator[ImagePolicy]:
    below = layer(world, chosen, engine=MECHANISM, namespaces=namespaces) if chosen else None
    below = below or _unseen(world, policy, namespaces)
    yield from below.policies
    common = tuple(_links(policy, servers))
    facts = tuple(_facts(policy, servers))
    lets_in = allowed(policy.modules[0]) if len(policy.modules) == 1 else None
    remembered: dict[str, Outcome] = {}

    def decided(image: str, _: str) -> Outcome:
        if image not in remembered:
            remembered[image] = policy.outcome(image)
        return remembered[image]

    for index, goal in enumerate(sorted(policy.goals)):
        links = {name: tuple(_local(world, policy, chosen, goal, name, decided)) for name in below.by_namespace}
        yield ImagePolicy(
            MECHANISM,
            policy.about,
            frozenset({goal}),
            by_namespace=below.chains(common, links),
            facts=facts if index == 0 else (),
            allowed=lets_in if goal is Goal.REGISTRIES else None,
            origin=policy.source.origin,
        )


def _unseen(world: World, policy: _Policy, namespaces: Namespaces) -> Layer:
    """Its webhook configuration is not there: proof on a live cluster, while files may just leave it out."""
    files = world.snapshot.cluster.source == "files"
    if files and policy.source.status.get("policyStatus") in ("active", None):
        detail = f"the webhook configuration {policy.configuration} is not in the input"
        link = Link("webhook", "unknown", detail)
    else:
        link = Link("webhook", "broken", f"the webhook configuration {policy.configuration} does not exist")
    names = [namespace.name for namespace in world.namespaces]
    return Layer({name: (link, *_elsewhere(policy.source, name, namespaces)) for name in names})


def _elsewhere(source: PolicyObject, namespace: str, namespaces: Namespaces) -> Iterator[Link]:
    if source.namespace not in ("", namespace):
        yield Link("namespace", "broken", f"it is a policy of namespace {source.namespace}")
    elif not source.namespace and namespaces.selected(source.spec.get("namespaceSelector"), namespace) is False:
        yield Link("namespace", "broken", "its namespaceSelector leaves it out")


def _local(
    world: World, policy: _Policy, chosen: list[Hook], goal: Goal, namespace: str, decided: outcomes.Decide
) -> Iterator[Link]:
    if any(hook.service[0] == namespace for hook in chosen):
        detail = "a policy server accepts everything in its own namespace unless it is told not to"
        yield Link("exemptions", "unknown", detail)
    if goal is Goal.DIGESTS:
        yield Link("images", "unknown", f"what module {policy.modules[0].name} makes of tags cannot be read")
    else:
        yield outcomes.link(goal, world.policy, namespace, decided)


def _links(policy: _Policy, servers: set[str]) -> Iterator[Link]:
    """Mode, status and server: kubewarden-controller internal/controller/policy_subreconciler.go."""
    spec, status = policy.source.spec, policy.source.status
    names = ", ".join(used.name for used in policy.modules)
    yield Link("module", "holds", f"it runs {names}", essential=False)
    mode, running = spec.get("mode"), status.get("mode")
    if mode == "monitor" or running == "monitor":
        yield Link("action", "broken", "its mode is monitor: it only logs")
    elif mode in (None, "", "protect") and running in (None, "", "protect"):
        yield Link("action", "holds", "its mode is protect")
    else:
        yield Link("action", "unknown", "its mode is not understood, or not yet that of its policy server")
    said = status.get("policyStatus")
    if said == "active":
        yield Link("status", "holds", "it is active")
    elif isinstance(said, str) and said:
        yield Link("status", "broken", f"it is {said}, not active")
    else:
        yield Link("status", "unknown", "its status does not say whether it is active")
    server = _server(spec)
    if server in servers:
        yield Link("policy server", "holds", f"PolicyServer {server} exists")
    else:
        yield Link("policy server", "broken", f"PolicyServer {server} does not exist")
    yield Link("init containers", "holds", "it looks at init containers", essential=False)
    known = all(used.name in (TRUSTED_REPOS, SIGNATURES) for used in policy.modules)
    detail = "its modules do not look at image volumes" if known else "whether image volumes are looked at is not known"
    yield Link("image volumes", "broken" if known else "unknown", detail, essential=False)


def _facts(policy: _Policy, servers: set[str]) -> Iterator[Fact]:
    source = policy.source
    what = f"{source.kind} {source.name}"
    if source.spec.get("mode") == "monitor" or source.status.get("mode") == "monitor":
        yield Fact(Flaw.NON_BLOCKING, f"{what} only logs: its mode is monitor.")
    said = source.status.get("policyStatus")
    server = _server(source.spec)
    if server not in servers:
        yield Fact(Flaw.BROKEN, f"{what} is for PolicyServer {server}, which does not exist.", part="server")
    elif isinstance(said, str) and said not in ("", "active"):
        yield Fact(Flaw.BROKEN, f"{what} is {said}, not active.", part="status")
    for used in policy.modules:
        if used.name in (TRUSTED_REPOS, SIGNATURES):
            message = f"{what}: its module {used.name} does not look at the images of image volumes."
            yield Fact(Flaw.PARTIAL, message, part="volumes")
        for image in loose(used):
            message = (
                f"{what} allows the image {image}, which the module compares by its path alone: "
                "it is let in from any registry."
            )
            yield Fact(Flaw.OPEN_ENDED, message, part=image)


def _server(spec: Mapping[str, Any]) -> str:
    return text(spec.get("policyServer")) or "default"
