"""Which ConfigMaps hold settings of engines that are there, and in which namespaces they may lie."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct

from auditor.model import PolicyObject
from auditor.wire import CONFIGMAPS

VALIDATING = "validatingwebhookconfigurations.admissionregistration.k8s.io"
MUTATING = "mutatingwebhookconfigurations.admissionregistration.k8s.io"


class _Engine(Struct, frozen=True):
    """The API groups of an engine, and how the names of its webhook configurations begin; the mutating ones tell of an
    engine that has no group."""

    groups: tuple[str, ...]
    hooks: str


_CONNAISSEUR = _Engine((), "connaisseur")
_ENGINES = {
    "kyverno": _Engine(("kyverno.io", "policies.kyverno.io"), "kyverno-"),
    "config-policy-controller": _Engine(("policy.sigstore.dev",), "policy.sigstore.dev"),
    "connaisseur-app-config": _CONNAISSEUR,
    "connaisseur-env": _CONNAISSEUR,
}


class Place(Struct, frozen=True):
    """Where a ConfigMap usually lies, and where its engine's webhooks lead; nowhere if the engine is not there."""

    name: str
    usual: str
    namespaces: tuple[str, ...]


def places(
    groups: Collection[str] | None, hooks: Collection[PolicyObject], *, hooks_known: bool = True
) -> Iterator[Place]:
    """For each ConfigMap, by the API groups that are served (None: not known) and the webhook configurations (perhaps
    not all): where an engine may be there, it counts as there."""
    for usual, name in CONFIGMAPS:
        engine = _ENGINES[name]
        own = [found for found in hooks if found.name.startswith(engine.hooks)]
        if engine.groups:
            there = groups is None or any(group in groups for group in engine.groups)
        else:
            there = not hooks_known or any(found.resource == MUTATING for found in own)
        named = {namespace for found in own for namespace in backend_namespaces(found)}
        yield Place(name, usual, tuple(sorted({usual, *named})) if there else ())


def backend_namespaces(found: PolicyObject) -> Iterator[str]:
    """The namespaces of the Services that a webhook configuration calls, as far as a namespace can have the name."""
    for webhook in found.webhooks:
        config: Any = webhook.get("clientConfig")
        service = config.get("service") if isinstance(config, dict) else None
        namespace = service.get("namespace") if isinstance(service, dict) else None
        if isinstance(namespace, str) and _possible(namespace):
            yield namespace


def _possible(namespace: str) -> bool:
    return len(namespace) <= 63 and namespace.replace("-", "").isalnum() and namespace.isascii()
