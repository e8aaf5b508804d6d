"""Kyverno: which of its policies deny pods for their images, and in which namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from auditor.enforcement.chain import ImagePolicy, Link
from auditor.enforcement.configmaps import settings
from auditor.enforcement.fields import text
from auditor.enforcement.kyverno_cluster_policies import validating
from auditor.enforcement.kyverno_drafts import Draft, generated
from auditor.enforcement.kyverno_exceptions import excepted
from auditor.enforcement.kyverno_match import filtered
from auditor.enforcement.kyverno_patterns import glob
from auditor.enforcement.kyverno_policies import drafts
from auditor.enforcement.kyverno_verifying import verifying
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.webhooks import RESOURCES as LAYER
from auditor.enforcement.webhooks import Hook, Layer, hooks, layer
from auditor.enforcement.world import World

MECHANISM = "Kyverno"
_CLUSTER_POLICIES = ("clusterpolicies.kyverno.io", "policies.kyverno.io")
_POLICIES = tuple(
    f"{kind}.policies.kyverno.io"
    for kind in (
        "validatingpolicies",
        "imagevalidatingpolicies",
        "namespacedvalidatingpolicies",
        "namespacedimagevalidatingpolicies",
    )
)
_EXCEPTIONS = ("policyexceptions.kyverno.io", "policyexceptions.policies.kyverno.io")
RESOURCES = (*_CLUSTER_POLICIES, *_POLICIES, *_EXCEPTIONS, "configmaps", *LAYER)
# What Kyverno leaves alone where its ConfigMap says nothing else (its chart's config.resourceFilters).
_USUAL_FILTERS = "[*/*,kube-system,*][*/*,kube-public,*][*/*,kube-node-lease,*]"
_MARK = ".kyverno.svc"


def image_policies(world: World) -> Iterator[ImagePolicy]:
    """Every policy that says something about images, and the webhooks that carry them."""
    known = Namespaces(world)
    found: list[Draft] = []
    for resource in _CLUSTER_POLICIES:
        for one in world.objects(resource):
            found += [*validating(one, known, world.policy), *verifying(one, known, world.policy)]
    for resource in _POLICIES:
        for one in world.objects(resource):
            found += drafts(one, known, world.policy)
    if not found:
        return
    mine = [hook for hook in hooks(world) if _MARK in hook.name]
    exceptions = [one for resource in _EXCEPTIONS for one in world.objects(resource)]
    exempt = _exempt(world, mine, known)
    layers: dict[tuple[str, ...], Layer] = {}
    told: dict[object, ImagePolicy] = {}
    for draft in found:
        carriers = _carriers(mine, draft)
        key = tuple(sorted(hook.name for hook in carriers))
        if key not in layers:
            layers[key] = layer(world, carriers, engine=MECHANISM, namespaces=known)
            told |= {policy.about: policy for policy in layers[key].policies}
        out = excepted(draft, exceptions, known)
        own = {
            name: (
                *draft.by_namespace[name],
                *exempt.everywhere,
                *exempt.by_namespace.get(name, ()),
                *out.get(name, ()),
            )
            for name in known.names
        }
        links = (*draft.links, *_elsewhere(draft))
        yield ImagePolicy(
            MECHANISM,
            draft.about,
            draft.goals,
            by_namespace=layers[key].chains(links, own),
            facts=draft.facts,
            allowed=draft.allowed,
            origin=draft.object.origin,
        )
    yield from told.values()


def _carriers(mine: list[Hook], draft: Draft) -> list[Hook]:
    """The webhooks of a policy: of each group of names the first that there is. Those of the newer kinds name their
    policies in their path."""
    found: list[Hook] = []
    for group in draft.webhooks:
        named = ([hook for hook in mine if glob(name, hook.name)] for name in group)
        found += next(filter(None, named), [])
    own = [hook for hook in found if draft.object.name in hook.service[2].split("/")]
    return own or found


def _elsewhere(draft: Draft) -> tuple[Link, ...]:
    if not generated(draft.object):
        return ()
    detail = "Kyverno has made a ValidatingAdmissionPolicy of it, which does the work in its place"
    return (Link("generated", "broken", detail),)


class _Exempt(Struct, frozen=True):
    everywhere: tuple[Link, ...] = ()
    by_namespace: Mapping[str, tuple[Link, ...]] = {}


def _exempt(world: World, mine: list[Hook], known: Namespaces) -> _Exempt:
    """What Kyverno's ConfigMap takes away from it: `resourceFilters` namespaces, `excludeGroups` and
    `excludeUsernames` people. Source: kyverno pkg/config/config.go."""
    home = next((hook.service[0] for hook in mine if hook.service[0]), "kyverno")
    found = settings(world, home, "kyverno")
    data = found.found.data if found.found is not None else {}
    filters = text(data.get("resourceFilters")) if found.found is not None else _USUAL_FILTERS
    left = (Link("resource filters", "broken", "Kyverno's resourceFilters leave pods of the namespace out"),)
    by_namespace = {name: left for name in known.names if filtered(filters, name)}
    if not found.known:
        unread = Link("resource filters", "unknown", f"ConfigMap {home}/kyverno with resourceFilters was not read")
        return _Exempt((unread,), by_namespace)
    groups = [part.strip() for part in text(data.get("excludeGroups")).split(",")]
    users = [part.strip() for part in text(data.get("excludeUsernames")).split(",")]
    if any(glob(group, "system:authenticated") for group in groups if group) or "*" in users:
        return _Exempt((Link("excluded users", "broken", "Kyverno's ConfigMap excludes everybody"),), by_namespace)
    return _Exempt((), by_namespace)
