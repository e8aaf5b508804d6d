"""sigstore policy-controller: ClusterImagePolicies, and what happens to images that none of them matches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import structs

from auditor.check import About
from auditor.coverage import Unread
from auditor.enforcement import outcomes
from auditor.enforcement.chain import Fact, Flaw, Goal, ImagePolicy, Link
from auditor.enforcement.configmaps import settings
from auditor.enforcement.fields import mapping, text
from auditor.enforcement.outcomes import Outcome
from auditor.enforcement.policy_controller_images import ImagesPolicy, decide, entry, open_ended, read
from auditor.enforcement.webhooks import RESOURCES as LAYER
from auditor.enforcement.webhooks import Hook, hooks, layer
from auditor.enforcement.world import World
from auditor.image import DOCKER_HUB
from auditor.model import PolicyObject
from auditor.report import Subject

MECHANISM = "sigstore policy-controller"
POLICIES = "clusterimagepolicies.policy.sigstore.dev"
RESOURCES = (*LAYER, POLICIES, "configmaps")
_WEBHOOK = "policy.sigstore.dev"
_CONFIGMAP = "config-policy-controller"
# What the controller writes into its webhooks when it starts (policy-controller cmd/webhook/main.go, `types`).
_RULES = [
    {
        "operations": ["CREATE", "UPDATE"],
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "resources": ["pods/ephemeralcontainers", "pods"],
    }
]


def image_policies(world: World) -> Iterator[ImagePolicy]:
    """The validating webhook decides; it looks at containers, init and ephemeral containers.

    Digests are no goal of it: its mutating webhook writes the digest of a tag into the pod and lets it in.
    """
    chosen = [_with_rules(hook) for hook in hooks(world) if _validates(hook)]
    try:
        objects = world.objects(POLICIES)
    except Unread:
        if chosen:
            raise
        return  # whatever they say, nothing asks the controller about pods
    if not chosen and not objects:
        return
    found = [(policy, read(policy, manifest=policy.generation is None)) for policy in objects]
    no_match, reason, warned = _no_match(world, chosen)
    below = layer(world, chosen, engine=MECHANISM)
    yield from below.policies
    policies = tuple(policy for _, policy in found)
    about, origin = _about(chosen, objects)
    decided = _decision(policies, no_match)
    names = ", ".join(policy.name for policy in policies) or "none"
    common = (
        Link("policies", "holds", f"ClusterImagePolicies: {names}; {reason}", essential=False),
        Link("init containers", "holds", "it looks at init containers", essential=False),
        Link("image volumes", "unknown", "older releases of it do not look at image volumes", essential=False),
    )
    for goal in (Goal.REGISTRIES, Goal.SIGNATURES):
        links = {name: (outcomes.link(goal, world.policy, name, decided),) for name in below.by_namespace}
        yield ImagePolicy(
            MECHANISM,
            about,
            frozenset({goal}),
            by_namespace=below.chains(common, links),
            facts=warned if goal is Goal.REGISTRIES else (),
            allowed=_allowed(policies, no_match) if goal is Goal.REGISTRIES else None,
            origin=origin,
        )
    for policy, used in found:
        about = About(None, Subject(policy.kind, policy.name))
        yield ImagePolicy(MECHANISM, about, frozenset(), facts=tuple(_facts(used, no_match)), origin=policy.origin)


def _validates(hook: Hook) -> bool:
    """The webhook about images, by its usual name or by the path that its controller gives it."""
    if hook.mutating or "clusterimagepolicy" in hook.name:
        return False
    namespace, _, path = hook.service
    return _WEBHOOK in hook.name or (namespace == "cosign-system" and path.startswith("/validations"))


def _with_rules(hook: Hook) -> Hook:
    """As it will be: its manifest has no rules, the controller writes them. A stored one without rules stays so."""
    if hook.entry.get("rules") or hook.configuration.generation is not None:
        return hook
    return structs.replace(hook, entry={**hook.entry, "rules": _RULES})


def _about(chosen: list[Hook], objects: tuple[PolicyObject, ...]) -> tuple[About, str]:
    if chosen:
        return chosen[0].about, chosen[0].configuration.origin
    return About(None, Subject(objects[0].kind, objects[0].name)), objects[0].origin


def _no_match(world: World, chosen: list[Hook]) -> tuple[str, str, tuple[Fact, ...]]:
    """What happens to images that no policy matches: deny unless the ConfigMap says warn or allow.

    Source: policy-controller pkg/config/store.go (anything else is deny, so is a missing ConfigMap).
    """
    namespace = next((hook.service[0] for hook in chosen if hook.service[0]), "cosign-system")
    configured = settings(world, namespace, _CONFIGMAP)
    if not configured.known:
        return "", f"ConfigMap {namespace}/{_CONFIGMAP}, which says what others get, was not read", ()
    said = text(mapping(configured.found.data if configured.found else {}).get("no-match-policy"))
    if said not in ("warn", "allow"):
        return "deny", "images that none matches are denied", ()
    verb = "let in with a warning" if said == "warn" else "let in"
    message = f"no-match-policy is {said}: images that no ClusterImagePolicy matches are {verb}."
    facts = (Fact(Flaw.NON_BLOCKING, message, part="no-match-policy"),) if said == "warn" else ()
    return said, f"images that none matches are {verb}", facts


def _decision(policies: tuple[ImagesPolicy, ...], no_match: str) -> outcomes.Decide:
    @lru_cache(maxsize=65536)
    def of(image: str) -> Outcome:
        return decide(image, policies, no_match)

    return lambda image, _: of(image)


def _allowed(policies: tuple[ImagesPolicy, ...], no_match: str) -> tuple[str, ...] | None:
    """What has a chance to get in, where that ends with the globs."""
    letting_in = [p for p in policies if p.outcome in (Outcome.LET_IN, Outcome.VERIFIED, Outcome.UNKNOWN)]
    if no_match != "deny" or any(policy.outcome is Outcome.UNKNOWN for policy in letting_in):
        return None
    entries = [entry(_plain(glob)) for policy in letting_in for glob in policy.globs]
    if None in entries:
        return None
    return tuple(sorted({str(found) for found in entries}))


def _plain(glob: str) -> str:
    return glob.removeprefix("index.") if glob.startswith(f"index.{DOCKER_HUB}/") else glob


def _facts(policy: ImagesPolicy, no_match: str) -> Iterable[Fact]:
    if policy.broken:
        yield Fact(Flaw.BROKEN, f"ClusterImagePolicy {policy.name} is not in use: {policy.broken}.", _sure(policy))
    if policy.warns:
        yield Fact(Flaw.NON_BLOCKING, f"ClusterImagePolicy {policy.name} only warns: its mode is warn.")
    if policy.labelled and no_match != "deny":
        message = f"ClusterImagePolicy {policy.name} applies to pods by their labels, which their authors choose."
        yield Fact(Flaw.SELF_SERVICE, message)
    if policy.anyone:
        message = f"ClusterImagePolicy {policy.name} accepts keyless signatures of any subject."
        yield Fact(Flaw.OPEN_ENDED, message, part="identities")
    for glob in policy.globs if policy.static else ():
        if open_ended(glob):
            message = (
                f"ClusterImagePolicy {policy.name} lets in {glob}, which ends in the middle of a name: "
                "what else begins like that is let in too."
            )
            yield Fact(Flaw.OPEN_ENDED, message, part=glob)


def _sure(policy: ImagesPolicy) -> bool:
    return policy.outcome is None
