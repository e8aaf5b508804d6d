"""Network policies and the Prometheus operator's objects, as the Snapshot keeps them: what is read of their specs."""

from __future__ import annotations

from typing import Any

from auditor import wire
from auditor.model import WatchedObject
from auditor.monitoring.alert_files import rules_of_group
from auditor.monitoring.facts import MAX_FACTS, PrometheusRule

_READ = {
    "NetworkPolicy": ("podSelector", "policyTypes", "egress"),
    "Prometheus": ("ruleSelector", "ruleNamespaceSelector"),
    "ThanosRuler": ("ruleSelector", "ruleNamespaceSelector"),
}
"""The parts of a spec by kind. Of a Prometheus the rest may hold passwords of receivers and scraped programs."""


def watched_object(item: wire.WatchedObject, resource: wire.Resource, origin: str = "") -> WatchedObject:
    metadata, spec = item.metadata or wire.Metadata(), item.spec or {}
    labels = {key: value or "" for key, value in sorted((metadata.labels or {}).items())}
    return WatchedObject(
        resource.name,
        resource.kind,
        metadata.namespace or "",
        metadata.name or metadata.generate_name or "",
        labels,
        {key: spec[key] for key in _READ.get(resource.kind, ()) if key in spec},
        _rules(spec) if resource.kind == "PrometheusRule" else (),
        origin,
    )


def _rules(spec: dict[str, Any]) -> tuple[PrometheusRule, ...]:
    groups = spec.get("groups")
    found = [rule for group in (groups if isinstance(groups, list) else ()) for rule in rules_of_group(group)]
    return tuple(found[:MAX_FACTS])
