"""What the checks of admission run on and ask for: namespaces, image policies, webhooks and what stands behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import msgspec

from auditor.coverage import Gaps
from auditor.enforcement.backends import backend
from auditor.enforcement.chain import ImagePolicy, State, verdict
from auditor.enforcement.matrix import Enforcement
from auditor.enforcement.mechanisms import RESOURCES
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.rules import covers
from auditor.enforcement.webhooks import MUTATING, VALIDATING, Hook
from auditor.enforcement.world import World
from auditor.image import Entry, MalformedReference, parse_entry
from auditor.model import PolicyObject, Snapshot

_ADMISSION_POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io"
_NOT_POLICIES = ("services", "endpointslices.discovery.k8s.io", "configmaps", "params", "pods", "nodes", "namespaces")
POLICY_LISTS = tuple(resource for resource in RESOURCES if resource not in _NOT_POLICIES)
"""The lists that image policies come from."""


class AdmissionWebhook(msgspec.Struct, frozen=True):
    """A webhook of a configuration. `called`: it has rules, and does not leave out every namespace with its pods;
    `service` is namespace/name, empty where it calls a URL."""

    name: str
    service: str
    fails_open: bool
    called: bool
    matches_pods: bool
    hook: Hook


class AdmissionWebhooks(msgspec.Struct, frozen=True):
    """A ValidatingWebhookConfiguration or MutatingWebhookConfiguration, whatever it is for."""

    kind: str
    name: str
    hooks: tuple[AdmissionWebhook, ...]


class Backends:
    """What stands behind webhooks."""

    def __init__(self, world: World, gaps: Gaps) -> None:
        self._world = world
        self._gaps = gaps

    def of(self, webhook: AdmissionWebhook) -> tuple[State, str]:
        """Whether a webhook's Service can answer (`broken`: it cannot), and why; Unread where that was not read."""
        namespace, _, name = webhook.service.partition("/")
        service = self._world.service(namespace, name)
        if service is not None and service.ready is None:
            self._gaps.require("endpointslices.discovery.k8s.io", namespace)
        return backend(self._world, webhook.hook.entry.get("clientConfig"))


class NamespaceLabels:
    """The namespaces and their labels."""

    def __init__(self, world: World, snapshot: Snapshot, gaps: Gaps) -> None:
        self._labels = {namespace.name: namespace.labels for namespace in snapshot.namespaces}
        self._gaps = gaps
        self.names = tuple(namespace.name for namespace in world.namespaces)

    def of(self, namespace: str) -> Mapping[str, str]:
        """The labels, none where the namespace does not exist; Unread where it may exist."""
        if namespace not in self._labels:
            self._gaps.require("namespaces", everywhere=True)
        return self._labels.get(namespace, {})


class OwnNamespaces:
    """Where the mechanisms themselves run, by the Services that their webhooks call."""

    def __init__(self, world: World, enforcement: Enforcement) -> None:
        self._world = world
        self._enforcement = enforcement

    def mechanism(self, namespace: str) -> str:
        """The mechanism that runs in a namespace, empty where none is known to."""
        return self._places.get(namespace, "")

    @cached_property
    def _places(self) -> Mapping[str, str]:
        engines = {
            policy.about.subject.name: policy.mechanism
            for policy in self._enforcement.policies
            if policy.about.subject.kind.endswith("WebhookConfiguration")
        }
        return {
            hook.service[0]: engines[configuration.name]
            for resource in (VALIDATING, MUTATING)
            for configuration in self._world.readable(resource)
            if configuration.name in engines
            for hook in _hooks(configuration)
            if hook.service[0]
        }


class Allowlists:
    """What image policies let in, where that could be read, and in which namespaces it counts."""

    def __init__(self, world: World, enforcement: Enforcement) -> None:
        self._names = [namespace.name for namespace in world.namespaces]
        self._policies = [policy for policy in enforcement.policies if policy.allowed is not None]

    def effective(self, policy: ImagePolicy) -> tuple[str, ...]:
        """The namespaces where the policy takes effect, or may."""
        return tuple(name for name in self._names if verdict(policy.chain(name)) != "not-enforced")

    def others(self, policy: ImagePolicy, namespace: str) -> Iterator[tuple[Entry, ...]]:
        """What the other policies let in that are enforced in a namespace: an image has to be in all of these."""
        own = self.entries(policy)
        return (entries for entries in self._enforced[namespace] if entries != own)

    def entries(self, policy: ImagePolicy) -> tuple[Entry, ...] | None:
        """What the policy lets in, None where it is not expressed in entries."""
        try:
            return None if policy.allowed is None else tuple(parse_entry(entry) for entry in policy.allowed)
        except MalformedReference:
            return None

    @cached_property
    def _enforced(self) -> Mapping[str, tuple[tuple[Entry, ...], ...]]:
        read = [(policy, self.entries(policy)) for policy in self._policies]
        return {
            name: tuple(
                dict.fromkeys(
                    entries for found, entries in read if entries and verdict(found.chain(name)) == "enforced"
                )
            )
            for name in self._names
        }


class PodAdmission:
    """What is asked about pods at admission, whether or not it looks at images."""

    def __init__(self, world: World) -> None:
        self._world = world

    def seen(self) -> tuple[str, ...]:
        """Webhook configurations and admission policies whose rules match the creation of pods, as `Kind/name`."""
        found = [
            f"{configuration.kind}/{configuration.name}"
            for resource in (VALIDATING, MUTATING)
            for configuration in self._world.readable(resource)
            if any(_creates_pods(hook.entry.get("rules")) for hook in _hooks(configuration))
        ]
        for policy in self._world.readable(_ADMISSION_POLICIES):
            constraints = policy.spec.get("matchConstraints")
            if isinstance(constraints, dict) and _creates_pods(constraints.get("resourceRules")):
                found.append(f"{policy.kind}/{policy.name}")
        return tuple(sorted(found))


def webhook_configurations(world: World) -> Iterator[tuple[PolicyObject, AdmissionWebhooks]]:
    namespaces = Namespaces(world)
    for resource in (VALIDATING, MUTATING):
        for configuration in world.readable(resource):
            hooks = tuple(_webhook(hook, namespaces) for hook in _hooks(configuration))
            yield configuration, AdmissionWebhooks(configuration.kind, configuration.name, hooks)


def _hooks(configuration: PolicyObject) -> Iterator[Hook]:
    mutating = configuration.resource == MUTATING
    return (Hook(configuration, entry, mutating) for entry in configuration.webhooks)


def _webhook(hook: Hook, namespaces: Namespaces) -> AdmissionWebhook:
    namespace, name, _ = hook.service
    rules, selector = hook.entry.get("rules"), hook.entry.get("namespaceSelector")
    pods = _creates_pods(rules)
    # What has no namespace is not left out by the selector; pods are.
    nowhere = pods and not any(namespaces.selected(selector, known) is not False for known in namespaces.names)
    return AdmissionWebhook(
        name=hook.name,
        service=f"{namespace}/{name}" if namespace and name else "",
        fails_open=hook.fails_open,
        called=bool(rules) and not (nowhere and bool(namespaces.names)),
        matches_pods=pods,
        hook=hook,
    )


def _creates_pods(rules: object) -> bool:
    return covers(rules, operation="CREATE")
