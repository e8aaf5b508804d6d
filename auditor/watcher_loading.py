"""Which rules are loaded together: Falco's files of a namespace, and what the Prometheus operator's objects select."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from auditor.coverage import Unread
from auditor.enforcement.selectors import matches
from auditor.model import WatchedObject
from auditor.monitoring.beside import Beside
from auditor.monitoring.engine import Engine, only_stock
from auditor.monitoring.facts import RuleConfigMap
from auditor.monitoring.falco import RuleSet
from auditor.monitoring.series import empty_records
from auditor.watchers import (
    ALERTS,
    CONFIGMAPS,
    EVERY_CONFIGMAP,
    PROMETHEUSES,
    THANOS,
    AlertRules,
    FalcoRules,
    alert_rules,
)

if TYPE_CHECKING:
    from auditor.views import Views


class FalcoFiles:
    """What the ConfigMaps of one namespace say of Falco, read once for all of them."""

    def __init__(self, configmaps: list[RuleConfigMap], *, listed: bool) -> None:
        self.beside = Beside({c.name: [item for key in c.keys for item in key.falco] for c in configmaps})
        settings = [key.settings for c in configmaps for key in c.keys if key.settings]
        plugins = [each.plugins for each in settings if each.plugins is not None]
        unread = any(key.unread for c in configmaps for key in c.keys)
        artifacts = tuple(ref for each in settings for ref in each.artifacts)
        told = {each.rules_files for each in settings if each.rules_files}
        self._paths = next(iter(told)) if len(told) == 1 else ()  # of several Falcos, which loads a file is not known
        self._engine = Engine(
            tuple(name for names in plugins for name in names) if plugins else None,
            artifacts,
            all_files=listed and not unread and only_stock(artifacts),
        )

    def rules(self, found: FalcoRules) -> RuleSet:
        """A ConfigMap's files, in the order in which Falco takes them: those that falco.yaml names in its order, others
        in that of their names, in which it reads a folder (userspace/falco, configuration.cpp)."""
        named = {path.rpartition("/")[2]: place for place, path in enumerate(self._paths)}
        folders = [place for place, path in enumerate(self._paths) if not path.endswith((".yaml", ".yml"))]
        mixed = len({key.key in named for key in found.files}) == 2
        ordered = bool(self._paths) and not (mixed and len(folders) != 1)
        others = folders[0] if folders else len(self._paths)
        places = {file.key: named.get(file.key, others) for file in found.files if ordered}
        files = sorted(found.files, key=lambda file: (places.get(file.key, 0), file.key))
        engine = msgspec.structs.replace(self._engine, ordered=ordered)
        return RuleSet([file.falco for file in files], engine, self.beside, found.name)


class FalcoLoading:
    """What is known of the Falco that loads a ConfigMap's rules, and what other rules it loads."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._configmaps = views.snapshot.configmaps
        self._namespaces: dict[str, FalcoFiles] = {}

    def rules(self, found: FalcoRules) -> RuleSet:
        """The ConfigMap's rules, beside those of the namespace's other ConfigMaps."""
        if found.namespace not in self._namespaces:
            gaps = [self._gaps.gap(resource, found.namespace) for resource in (CONFIGMAPS, EVERY_CONFIGMAP)]
            beside = self._by_namespace.get(found.namespace, [])
            self._namespaces[found.namespace] = FalcoFiles(beside, listed=None in gaps)
        return self._namespaces[found.namespace].rules(found)

    @cached_property
    def _by_namespace(self) -> dict[str, list[RuleConfigMap]]:
        found: dict[str, list[RuleConfigMap]] = {}
        for configmap in self._configmaps:
            found.setdefault(configmap.namespace, []).append(configmap)
        return found


class AlertLoading:
    """Which metrics recording rules make, and whether anything loads a PrometheusRule."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._snapshot = views.snapshot

    @cached_property
    def recorded(self) -> Mapping[str, tuple[str, ...]]:
        """Names that recording rules make, wherever these were seen, with the expressions."""
        found: dict[str, tuple[str, ...]] = {}
        for alerts, _ in alert_rules(self._snapshot):
            for rule in alerts.rules:
                if rule.kind == "record":
                    found[rule.name] = (*found.get(rule.name, ()), rule.expr)
        return found

    @cached_property
    def empty(self) -> frozenset[str]:
        """Those of the names that no rule can give a series."""
        return empty_records(self.recorded)

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
