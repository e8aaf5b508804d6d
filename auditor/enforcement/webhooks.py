"""Admission webhooks as the layer under the engines: which pods reach one, and what happens when it is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from auditor.check import About
from auditor.enforcement.backends import BACKENDS, backend
from auditor.enforcement.chain import ImagePolicy, Link, verdict
from auditor.enforcement.conditions import Conditions
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.rules import covers, understood
from auditor.enforcement.selectors import matches
from auditor.enforcement.webhook_flaws import flaws
from auditor.enforcement.world import World
from auditor.model import PolicyObject
from auditor.report import Subject

VALIDATING = "validatingwebhookconfigurations.admissionregistration.k8s.io"
MUTATING = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
RESOURCES = (VALIDATING, MUTATING, *BACKENDS)
Ranked = tuple[tuple[int, int, int], tuple[Link, ...]]
_ORDER = {"enforced": 0, "unknown": 1, "not-enforced": 2}


class Hook(Struct, frozen=True):
    """One entry of a webhook configuration. A mutating one may deny as well."""

    configuration: PolicyObject
    entry: Mapping[str, Any]
    mutating: bool

    @property
    def name(self) -> str:
        found = self.entry.get("name")
        return found if isinstance(found, str) else ""

    @property
    def fails_open(self) -> bool:
        """What an error of the call means; the default of admissionregistration.k8s.io/v1 is Fail."""
        return self.entry.get("failurePolicy") == "Ignore"

    @property
    def service(self) -> tuple[str, str, str]:
        """Namespace, name and path of the Service that it calls, empty where it calls a URL."""
        config = self.entry.get("clientConfig")
        service = config.get("service") if isinstance(config, dict) else None
        if not isinstance(service, dict):
            return "", "", ""
        namespace, name, path = (service.get(key) for key in ("namespace", "name", "path"))
        return _text(namespace), _text(name), _text(path)

    @property
    def about(self) -> About:
        return About(None, Subject(self.configuration.kind, self.configuration.name))


class Layer(Struct, frozen=True):
    """What the webhooks of one engine make of the pods of each namespace.

    `by_namespace` holds the links of the best hook there. In the namespaces of `closed` every pod is denied whatever
    the engine's policies say, because a hook that fails closed calls a backend that is not there. `policies` carry what
    is wrong with the configurations themselves; they serve no goal of their own.
    """

    by_namespace: Mapping[str, tuple[Link, ...]]
    closed: frozenset[str] = frozenset()
    policies: tuple[ImagePolicy, ...] = ()

    def chains(
        self, links: tuple[Link, ...], by_namespace: Mapping[str, tuple[Link, ...]] | None = None
    ) -> dict[str, tuple[Link, ...]]:
        """For each namespace the layer's links, and then an engine's own: those that hold everywhere and others.

        Namespaces with the very same links share one chain.
        """
        own = by_namespace or {}
        shared: dict[tuple[int, ...], tuple[Link, ...]] = {}
        found: dict[str, tuple[Link, ...]] = {}
        for name, layer in self.by_namespace.items():
            more = own.get(name, ())
            key = (id(layer), name in self.closed, *map(id, more))
            if key not in shared:
                shared[key] = (*layer, *self._content(name, (*links, *more)))
            found[name] = shared[key]
        return found

    def _content(self, namespace: str, links: tuple[Link, ...]) -> tuple[Link, ...]:
        if namespace not in self.closed:
            return links
        return tuple(structs.replace(link, essential=False) for link in links)


def hooks(world: World) -> tuple[Hook, ...]:
    """Every entry of every webhook configuration; Unread where they were not all read."""
    return tuple(
        Hook(configuration, entry, resource == MUTATING)
        for resource in (VALIDATING, MUTATING)
        for configuration in world.objects(resource)
        for entry in configuration.webhooks
    )


def creates_pods(hook: Hook) -> bool:
    """Whether it is called for the creation of a pod, or has rules that are not understood."""
    rules = hook.entry.get("rules")
    return covers(rules, operation="CREATE") or not understood(rules)


def changes_pods(hook: Hook) -> bool:
    """Whether it is called for updates of pods, or for their ephemeral containers."""
    rules = hook.entry.get("rules")
    return any(covers(rules, operation="UPDATE", subresource=below) for below in ("", "ephemeralcontainers"))


def layer(world: World, chosen: Iterable[Hook], *, engine: str, namespaces: Namespaces | None = None) -> Layer:
    """The layer that these hooks of an engine make together: a pod is judged if one of them sees it.

    Selectors, scope and operations as in k8s apiserver pkg/admission/plugin/webhook/generic/webhook.go; no namespace is
    exempt by itself, kube-system neither.
    """
    asked = namespaces or Namespaces(world)
    views = [_View(world, hook) for hook in chosen]
    if not views:
        missing = (Link("webhook", "broken", f"no webhook of {engine} is called for pods"),)
        return Layer(dict.fromkeys(asked.names, missing))
    by_namespace: dict[str, tuple[Link, ...]] = {}
    closed: set[str] = set()
    for name in asked.names:
        best: Ranked | None = None
        for view in views:
            selected = asked.selected(view.hook.entry.get("namespaceSelector"), name)
            rank, chain = view.chain(selected, name)
            if best is None or rank < best[0]:
                best = rank, chain
            if view.dead and rank[0] == 0:
                closed.add(name)
        by_namespace[name] = best[1] if best else ()
    return Layer(by_namespace, frozenset(closed), tuple(_configurations(views, engine)))


class _View:
    """A hook and its chains. `dead`: it fails closed and nothing is behind it."""

    def __init__(self, world: World, hook: Hook) -> None:
        self.hook = hook
        self.backend, self.reason = backend(world, hook.entry.get("clientConfig"))
        links = tuple(self._links())
        self.facts = tuple(flaws(hook.name, links, fails_open=hook.fails_open))
        self.dead = self.backend == "broken" and not hook.fails_open
        self._links_known = links
        self._conditions = Conditions(hook.entry.get("matchConditions"), fails_open=hook.fails_open)
        self._chains: dict[tuple[bool | None, tuple[Link, ...]], Ranked] = {}

    def chain(self, selected: bool | None, namespace: str) -> Ranked:
        """The chain in a namespace, by whether the namespace selector picks it."""
        conditions = self._conditions.links(namespace)
        key = (selected, conditions)
        if key not in self._chains:
            self._chains[key] = _ranked((*self._links_known, *conditions, self._namespace(selected)))
        return self._chains[key]

    def _links(self) -> Iterator[Link]:
        entry, name = self.hook.entry, self.hook.name
        yield Link("webhook", "holds", f"webhook {name} of {self.hook.configuration.name}")
        rules = entry.get("rules")
        yield _covered(rules, "pods created", "the creation of pods", operation="CREATE")
        yield _pod_labels(entry.get("objectSelector"))
        # With a backend that is down, failing open lets everything in, and failing closed nothing.
        yield Link("backend", self.backend, self.reason, essential=self.hook.fails_open)
        yield _covered(rules, "pods updated", "updates of pods", operation="UPDATE", essential=False)
        yield _covered(
            rules,
            "ephemeral containers",
            "pods/ephemeralcontainers",
            operation="UPDATE",
            subresource="ephemeralcontainers",
            essential=False,
        )
        if self.hook.fails_open:
            yield Link("failure policy", "broken", "failurePolicy is Ignore: an error lets the pod in", essential=False)
        else:
            yield Link("failure policy", "holds", "failurePolicy is Fail", essential=False)

    def _namespace(self, selected: bool | None) -> Link:
        if selected is None:
            return Link("namespace", "unknown", f"the namespaceSelector of webhook {self.hook.name} cannot be decided")
        if not selected:
            return Link("namespace", "broken", f"the namespaceSelector of webhook {self.hook.name} leaves it out")
        return Link("namespace", "holds", f"webhook {self.hook.name} is called for it")


def _covered(
    rules: Any, name: str, what: str, *, operation: str, subresource: str = "", essential: bool = True
) -> Link:
    if covers(rules, operation=operation, subresource=subresource):
        return Link(name, "holds", f"its rules cover {what}", essential)
    if not understood(rules):
        return Link(name, "unknown", "its rules are not of the API's shape", essential)
    return Link(name, "broken", f"its rules leave out {what}", essential)


def _pod_labels(selector: Any) -> Link:
    """A pod that carries no label is the one that an author can always make; labels are theirs to set."""
    if not selector and (selector is None or isinstance(selector, dict)):
        return Link("pod labels", "holds", "pods of any labels are judged")
    plain = matches(selector, {})
    if plain is None:
        return Link("pod labels", "unknown", "its objectSelector is not understood")
    if not plain:
        return Link("pod labels", "broken", "its objectSelector picks only pods whose author labels them so")
    if not isinstance(selector, dict) or not any(selector.values()):
        return Link("pod labels", "holds", "pods of any labels are judged")
    return Link(
        "pod labels", "broken", "its objectSelector lets the author of a pod opt out by a label", essential=False
    )


def _configurations(views: Iterable[_View], engine: str) -> Iterator[ImagePolicy]:
    grouped: dict[tuple[str, str], list[_View]] = {}
    for view in views:
        grouped.setdefault((view.hook.configuration.kind, view.hook.configuration.name), []).append(view)
    for found in grouped.values():
        facts = tuple(fact for view in found for fact in view.facts)
        yield ImagePolicy(
            engine, found[0].hook.about, frozenset(), facts=facts, origin=found[0].hook.configuration.origin
        )


def _ranked(chain: tuple[Link, ...]) -> Ranked:
    """How good a chain is, as enforcement answers rank them: the least is the best."""
    broken = sum(link.state == "broken" and link.essential for link in chain)
    against = sum(link.state != "holds" for link in chain)
    return (_ORDER[verdict(chain)], broken, against), chain


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
