"""What watches the cluster, as checks see it: Falco's rules, alerts, stored policies, and network policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.model import Snapshot, WatchedObject
from auditor.monitoring.facts import MAX_FACTS, FalcoItem, KeyFacts, PrometheusRule, RuleConfigMap
from auditor.wire import ALL_CONFIGMAPS, RULE_CONFIGMAPS, WATCHED

if TYPE_CHECKING:
    from auditor.views import Views

POLICIES, ALERTS, PROMETHEUSES, THANOS = (resource.name for resource in WATCHED)
CONFIGMAPS, EVERY_CONFIGMAP = RULE_CONFIGMAPS.name, ALL_CONFIGMAPS.name


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
    refuses a file, by its key. Not `complete`: there are more rules than were read."""

    kind: str
    namespace: str
    name: str
    rules: tuple[PrometheusRule, ...]
    labels: dict[str, str] = {}
    faults: dict[str, str] = {}
    complete: bool = True


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
            complete = not any(key.unread for key in found.keys if key.prometheus)
            made = AlertRules(found.kind, found.namespace, found.name, rules, {}, faults, complete)
            yield made, found.origin
    for watched in snapshot.watched:
        if watched.resource == ALERTS:
            complete = len(watched.rules) < MAX_FACTS
            made = AlertRules(
                watched.kind, watched.namespace, watched.name, watched.rules, watched.labels, complete=complete
            )
            yield made, watched.origin


class NamespaceSelection:
    """Labels of namespaces, for selectors of network policies."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self.names = tuple(namespace.name for namespace in views.snapshot.namespaces)
        self.readable = tuple(namespace.labels for namespace in views.snapshot.namespaces)

    @property
    def all_known(self) -> bool:
        return self._gaps.gap("namespaces") is None
