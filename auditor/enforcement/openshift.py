"""OpenShift's image configuration: what CRI-O on the nodes refuses to pull, or to pull unsigned."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.check import About
from auditor.enforcement import outcomes
from auditor.enforcement.chain import Fact, Flaw, Goal, ImagePolicy, Link
from auditor.enforcement.fields import condition, mapping, text, texts
from auditor.enforcement.outcomes import Outcome
from auditor.enforcement.world import World
from auditor.image import MalformedReference, Reference, parse, parse_entry
from auditor.model import PolicyObject
from auditor.report import Subject

MECHANISM = "OpenShift image configuration"
_GROUP = "config.openshift.io"
_IMAGES, _CLUSTER, _NAMESPACED = f"images.{_GROUP}", f"clusterimagepolicies.{_GROUP}", f"imagepolicies.{_GROUP}"
RESOURCES = (_IMAGES, _CLUSTER, _NAMESPACED)
_ROOTS = ("PublicKey", "FulcioCAWithRekor", "PKI")


class Scoped(Struct, frozen=True):
    """A ClusterImagePolicy, or an ImagePolicy of a namespace. `outcome` is what becomes of an unsigned image there."""

    source: PolicyObject
    scopes: tuple[str, ...]
    outcome: Outcome


class Registries(Struct, frozen=True):
    """registrySources of the Image named cluster; `readable` is False where they are of another shape."""

    allowed: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    readable: bool = True


def image_policies(world: World) -> Iterator[ImagePolicy]:
    """Pods are admitted and their images refused at the pull: that stops them too, and the links say so."""
    image = next((found for found in world.objects(_IMAGES) if found.name == "cluster"), None)
    scoped = [_scoped(found) for resource in (_CLUSTER, _NAMESPACED) for found in world.objects(resource)]
    registries = _registries(image)
    if not registries.allowed and not registries.blocked and registries.readable and not scoped:
        return
    common = (_nodes(world), *_places())

    def decided(name: str, namespace: str) -> Outcome:
        return _decide(parse(name), namespace, registries, scoped)

    names = [namespace.name for namespace in world.namespaces]
    if image is not None:
        yield ImagePolicy(
            MECHANISM,
            About(None, Subject(image.kind, image.name)),
            frozenset({Goal.REGISTRIES}),
            common,
            {name: (outcomes.link(Goal.REGISTRIES, world.policy, name, decided),) for name in names},
            allowed=_entries(registries),
            origin=image.origin,
        )
    if scoped:
        # Together they answer; the first one stands for all in reports.
        links = {name: (outcomes.link(Goal.SIGNATURES, world.policy, name, decided),) for name in names}
        first = scoped[0].source
        yield ImagePolicy(MECHANISM, _about(first), frozenset({Goal.SIGNATURES}), common, links, origin=first.origin)
    for policy in scoped:
        facts = tuple(_facts(policy))
        yield ImagePolicy(MECHANISM, _about(policy.source), frozenset(), facts=facts, origin=policy.source.origin)


def scope_covers(scope: str, image: Reference) -> int:
    """How specific a scope is for an image, 0 where it does not cover it.

    A host, a path below it at whole segments, one image by tag or digest, or `*.domain` for all hosts below a domain.
    Source: containers-policy.json(5), the docker transport; the most specific scope alone counts.
    """
    if scope.startswith("*."):
        host = image.registry.partition(":")[0]
        return 1 + scope.count(".") if host.endswith(scope[1:]) else 0
    exact = (f"{image.name}@{image.digest}" if image.digest else "", f"{image.name}:{image.tag}" if image.tag else "")
    if scope == image.name or image.name.startswith(f"{scope}/") or scope in exact:
        return 1000 + len(scope)
    return 0


def _registries(image: PolicyObject | None) -> Registries:
    sources = image.spec.get("registrySources") if image else None
    if sources is None:
        return Registries()
    found = mapping(sources)
    lists = [found.get(key) for key in ("allowedRegistries", "blockedRegistries")]
    readable = isinstance(sources, dict) and all(entries is None or texts(entries) == entries for entries in lists)
    allowed, blocked = (tuple(entry.rstrip("/") for entry in texts(entries)) for entries in lists)
    return Registries(allowed, blocked, readable)


def _scoped(source: PolicyObject) -> Scoped:
    root = text(mapping(mapping(source.spec.get("policy")).get("rootOfTrust")).get("policyType"))
    outcome = Outcome.VERIFIED if root in _ROOTS else Outcome.UNKNOWN
    # Pending: its scope is also one of a ClusterImagePolicy, or of the release's own images.
    if condition(source.status, "Pending") == "True":
        outcome = Outcome.UNKNOWN
    return Scoped(source, tuple(texts(source.spec.get("scopes"))), outcome)


def _decide(image: Reference, namespace: str, registries: Registries, scoped: list[Scoped]) -> Outcome:
    if not registries.readable:
        return Outcome.UNKNOWN
    if any(scope_covers(entry, image) for entry in registries.blocked):
        return Outcome.DENIED
    if registries.allowed and not any(scope_covers(entry, image) for entry in registries.allowed):
        return Outcome.DENIED
    # A ClusterImagePolicy goes before the ImagePolicies of namespaces, of all that cover an image the most specific.
    for candidates in (
        [policy for policy in scoped if policy.source.resource == _CLUSTER],
        [policy for policy in scoped if policy.source.resource == _NAMESPACED and policy.source.namespace == namespace],
    ):
        ranked = [(scope_covers(scope, image), policy) for policy in candidates for scope in policy.scopes]
        best = max(ranked, key=lambda pair: pair[0], default=None)
        if best and best[0]:
            return best[1].outcome
    return Outcome.LET_IN


def _nodes(world: World) -> Link:
    """CRI-O alone reads this configuration; Windows nodes run containerd."""
    others = sorted(
        node.name for node in world.snapshot.nodes if node.runtime_version.partition("://")[0] not in ("", "cri-o")
    )
    if not others:
        return Link("nodes", "holds", "no node of another runtime than CRI-O is seen", essential=False)
    every = len(others) == len(world.snapshot.nodes)
    if len(others) == 1:
        detail = f"node {others[0]} does not run CRI-O, which alone reads it"
    else:
        detail = f"{len(others)} nodes such as {others[0]} do not run CRI-O, which alone reads it"
    return Link("nodes", "broken", detail, essential=every)


def _places() -> Iterator[Link]:
    detail = "pods are admitted and fail at the pull: an image that a node already holds may still start"
    yield Link("admission", "broken", detail, essential=False)
    yield Link("pods updated", "holds", "whatever is pulled is judged", essential=False)
    yield Link("ephemeral containers", "holds", "whatever is pulled is judged", essential=False)
    yield Link("init containers", "holds", "whatever is pulled is judged", essential=False)
    yield Link("image volumes", "holds", "whatever is pulled is judged", essential=False)


def _entries(registries: Registries) -> tuple[str, ...] | None:
    if not registries.allowed or not registries.readable:
        return None
    try:
        return tuple(sorted({str(parse_entry(_repository(entry))) for entry in registries.allowed}))
    except MalformedReference:
        return None


def _repository(entry: str) -> str:
    if "/" not in entry:
        return entry
    try:
        return parse(entry).name
    except MalformedReference:
        return entry


def _about(source: PolicyObject) -> About:
    return About(source.namespace or None, Subject(source.kind, source.name))


def _facts(policy: Scoped) -> Iterator[Fact]:
    if condition(policy.source.status, "Pending") == "True":
        what = f"{policy.source.kind} {policy.source.name}"
        yield Fact(Flaw.BROKEN, f"{what} is not in use for all of its scopes: its condition Pending is True.", False)
