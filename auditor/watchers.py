"""What watches the cluster, as checks see it: Falco's rules, alerts, network policies, nodes, and who loads what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.coverage import Unread
from auditor.enforcement.selectors import matches
from auditor.model import Node, Owner, Snapshot, WatchedObject
from auditor.monitoring.facts import FalcoItem, KeyFacts, PrometheusRule, RuleConfigMap
from auditor.monitoring.falco import Engine, RuleSet
from auditor.watcher_pods import FALCO, POLICY_SIDECARS, RULERS, SIDECARS, runs
from auditor.wire import ALL_CONFIGMAPS, RULE_CONFIGMAPS, WATCHED, WORKLOADS

if TYPE_CHECKING:
    from auditor.views import Views

POLICIES, ALERTS, PROMETHEUSES, THANOS = (resource.name for resource in WATCHED)
CONFIGMAPS, EVERY_CONFIGMAP = RULE_CONFIGMAPS.name, ALL_CONFIGMAPS.name
PODS = ("pods", *WORKLOADS)
_STOCK_ARTIFACTS = (
    "falco-rules", "falco-incubating-rules", "falco-sandbox-rules", "falco-deprecated-rules", "k8saudit-rules",
    "application-rules",
)  # fmt: skip


class FalcoRules(Struct, frozen=True):
    """A ConfigMap with files of Falco's rules."""

    configmap: RuleConfigMap

    @property
    def namespace(self) -> str:
        return self.configmap.namespace

    @property
    def name(self) -> str:
        return self.configmap.name

    @property
    def files(self) -> tuple[KeyFacts, ...]:
        """Its keys with rules, in the order in which Falco reads a folder."""
        return tuple(key for key in self.configmap.keys if key.form == "falco rules")

    @property
    def items(self) -> tuple[FalcoItem, ...]:
        return tuple(item for key in self.files for item in key.falco)


class AlertRules(Struct, frozen=True):
    """Prometheus' rules: a PrometheusRule, a ConfigMap with rule files, or a rule file. `faults`: why Prometheus
    refuses a file, by its key."""

    kind: str
    namespace: str
    name: str
    rules: tuple[PrometheusRule, ...]
    labels: dict[str, str] = {}
    faults: dict[str, str] = {}


class StoredRules(Struct, frozen=True):
    """A ConfigMap in which rules or policies lie."""

    configmap: RuleConfigMap


class EgressPolicy(Struct, frozen=True):
    """A NetworkPolicy."""

    policy: WatchedObject


def falco_rules(snapshot: Snapshot) -> Iterator[FalcoRules]:
    for found in snapshot.configmaps:
        if any(key.form == "falco rules" for key in found.keys):
            yield FalcoRules(found)


def alert_rules(snapshot: Snapshot) -> Iterator[tuple[AlertRules, str]]:
    """Each with its origin."""
    for found in snapshot.configmaps:
        rules = tuple(rule for key in found.keys for rule in key.prometheus)
        if rules:
            faults = {key.key: key.fault for key in found.keys if key.prometheus and key.fault}
            yield AlertRules(found.kind, found.namespace, found.name, rules, faults=faults), found.origin
    for watched in snapshot.watched:
        if watched.resource == ALERTS:
            made = AlertRules(watched.kind, watched.namespace, watched.name, watched.rules, watched.labels)
            yield made, watched.origin


class FalcoLoading:
    """What is known of the Falco that loads a ConfigMap's rules, and what other rules it loads."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._configmaps = views.snapshot.configmaps

    def rules(self, found: FalcoRules) -> RuleSet:
        """The ConfigMap's rules, beside those of the namespace's other ConfigMaps."""
        beside = [c for c in self._configmaps if c.namespace == found.namespace]
        elsewhere = [item for c in beside if c.name != found.name for key in c.keys for item in key.falco]
        settings = [key.settings for c in beside for key in c.keys if key.settings]
        plugins = [each.plugins for each in settings if each.plugins is not None]
        artifacts = tuple(ref for each in settings for ref in each.artifacts)
        known = not self._gaps.gap(CONFIGMAPS, found.namespace) or not self._gaps.gap(EVERY_CONFIGMAP, found.namespace)
        stock = all(_is_stock(ref) for ref in artifacts)
        engine = Engine(
            tuple(name for names in plugins for name in names) if plugins else None, artifacts, known and stock
        )
        return RuleSet(found.items, elsewhere, engine)


def _is_stock(reference: str) -> bool:
    """Whether an artifact is a rules file of the Falco project, or no rules file: falcoctl's short or whole names."""
    name = reference.rpartition("/")[2].partition(":")[0].partition("@")[0]
    return name in _STOCK_ARTIFACTS or "/plugin/" in reference or not name.endswith("rules")


class Mounts:
    """Which workloads mount a ConfigMap."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._owners = views.snapshot.owners

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], list[Owner]]:
        found: dict[tuple[str, str], list[Owner]] = {}
        for owner in self._owners:
            for name in {name for shape in owner.shapes for name in shape.configmaps}:
                found.setdefault((owner.namespace, name), []).append(owner)
        return found

    def of(self, namespace: str, name: str) -> tuple[Owner, ...]:
        """Those that mount it; Unread where there are none, and others could not be read."""
        found = tuple(self._by_name.get((namespace, name), ()))
        if not found:
            for resource in PODS:
                self._gaps.require(resource, namespace)
        return found

    @cached_property
    def alert_takers(self) -> tuple[str, ...]:
        """Workloads (`namespace/Kind/name`) that evaluate rules, and take ConfigMaps from the API server for that."""
        return tuple(_shown(owner) for owner in self._owners if loads_alerts(owner) and _takes(owner, SIDECARS))

    @cached_property
    def policy_takers(self) -> tuple[str, ...]:
        """Workloads that take policies out of ConfigMaps by the API server."""
        return tuple(_shown(owner) for owner in self._owners if _takes(owner, POLICY_SIDECARS))


def _shown(owner: Owner) -> str:
    return f"{owner.namespace}/{owner.kind}/{owner.name}"


def _takes(owner: Owner, programs: frozenset[str]) -> bool:
    return runs(owner.shapes, {}, programs)


def loads_alerts(owner: Owner) -> bool:
    """Whether a workload evaluates Prometheus' rules."""
    return runs(owner.shapes, owner.labels, RULERS)


class AlertLoading:
    """Which metrics recording rules make, and whether anything loads a PrometheusRule."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._snapshot = views.snapshot

    @cached_property
    def recorded(self) -> frozenset[str]:
        """Names that recording rules make, wherever these were seen."""
        return frozenset(
            rule.name for found, _ in alert_rules(self._snapshot) for rule in found.rules if rule.kind == "record"
        )

    def all_recorded(self) -> bool:
        """Whether recording rules of objects were all read. Those in files of a Prometheus outside are not seen."""
        return self._gaps.gap(ALERTS, everywhere=True) is None

    @cached_property
    def _rulers(self) -> tuple[WatchedObject, ...]:
        return tuple(w for w in self._snapshot.watched if w.resource in (PROMETHEUSES, THANOS))

    def rulers(self, found: AlertRules) -> tuple[str, ...] | None:
        """The Prometheus and ThanosRuler objects that select a PrometheusRule, as `Kind namespace/name`; None where
        there is none of them at all. Unread where others, or labels of namespaces, could not be read."""
        chosen: list[str] = []
        unknown = False
        for ruler in self._rulers:
            verdict = self._selects(ruler, found)
            if verdict:
                chosen.append(f"{ruler.kind} {ruler.namespace}/{ruler.name}")
            unknown |= verdict is None
        if not chosen:
            for resource in (PROMETHEUSES, THANOS):
                self._gaps.require(resource, everywhere=True)
            if unknown:
                self._gaps.require("namespaces")
                raise Unread("namespaces", None, "failed", f"the labels of {found.namespace} are not known")
        return tuple(chosen) if self._rulers else None

    def _selects(self, ruler: WatchedObject, found: AlertRules) -> bool | None:
        """By the operator's rules: no ruleSelector selects nothing, no ruleNamespaceSelector the own namespace alone
        (prometheus-operator Documentation/api.md); empty ones select everything."""
        rules, spaces = ruler.spec.get("ruleSelector"), ruler.spec.get("ruleNamespaceSelector")
        if rules is None or _matches(rules, found.labels) is False:
            return False
        if spaces is None:
            return ruler.namespace == found.namespace
        if not spaces:
            return True
        labels = next((n.labels for n in self._snapshot.namespaces if n.name == found.namespace), None)
        return None if labels is None else _matches(spaces, labels)


def _matches(selector: object, labels: Mapping[str, str]) -> bool | None:
    """As `selectors.matches`, of a selector whose expressions may leave out what is empty."""
    if isinstance(selector, dict) and isinstance(selector.get("matchExpressions"), list):
        expressions = [{"values": [], **e} if isinstance(e, dict) else e for e in selector["matchExpressions"]]
        selector = {**selector, "matchExpressions": expressions}
    return matches(selector, labels)


class NamespaceSelection:
    """Labels of namespaces, for selectors of network policies."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self.readable = tuple(namespace.labels for namespace in views.snapshot.namespaces)

    @property
    def all_known(self) -> bool:
        return self._gaps.gap("namespaces") is None


class RuntimeDetection:
    """Which programs that detect what containers do run on a node."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        names = frozenset(views.policy.runtime_detection)
        wanted = names | (FALCO if "falco" in names else frozenset())
        self._daemons = frozenset(
            f"{owner.namespace}/{owner.name}"
            for owner in views.snapshot.owners
            if owner.kind == "DaemonSet" and (owner.name in names or runs(owner.shapes, owner.labels, wanted))
        )

    def on(self, node: Node) -> tuple[str, ...]:
        """The DaemonSets of them that run there; Unread where there are none, and pods could not be read."""
        found = tuple(name for name in node.daemons if name in self._daemons)
        if not found:
            self._gaps.require("pods", everywhere=True)
        return found

    def works(self, node: Node) -> bool:
        """Whether workloads run there, too; Unread where none was seen, and pods could not be read."""
        if not node.works:
            self._gaps.require("pods", everywhere=True)
        return node.works

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """All of them that the cluster has."""
        return tuple(sorted(self._daemons))
