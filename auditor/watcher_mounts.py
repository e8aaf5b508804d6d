"""Which workloads mount a ConfigMap, or take it from the API server, and whether they load rules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from auditor.model import Owner
from auditor.watcher_pods import API_SERVERS, POLICY_SIDECARS, RULERS, SIDECARS, runs
from auditor.wire import WORKLOADS

if TYPE_CHECKING:
    from auditor.views import Views

PODS = ("pods", *WORKLOADS)


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


def admits(owner: Owner) -> bool:
    """Whether a workload is an API server, which alone reads the files of its admission plugins."""
    return runs(owner.shapes, {}, API_SERVERS)
