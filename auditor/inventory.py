"""Lists become the Snapshot: pods are folded into root owners, secrets redacted, gaps noted. Thread-safe per list."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TypeVar

from auditor import redact, wire
from auditor.daemons import running_on
from auditor.fold import Controller, Group
from auditor.listed import Listing, Value
from auditor.model import (
    ClusterInfo,
    ControlPlanePod,
    Coverage,
    Namespace,
    Node,
    OtherSecret,
    PolicyObject,
    Service,
    ServiceAccount,
    Shape,
    Snapshot,
    State,
    WatchedObject,
)
from auditor.monitoring.facts import RuleConfigMap
from auditor.nodes import with_use
from auditor.owners import WantedOwner, Workloads
from auditor.scans.contents import Scanned, put_together
from auditor.services import Slice, with_endpoints
from auditor.watcher_pods import is_watcher

_N = TypeVar("_N", Namespace, ServiceAccount, RuleConfigMap)


class Inventory:
    """What has been read so far, from any number of lists."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coverage: dict[tuple[str, State, str, bool], tuple[set[str], int]] = {}
        self._groups: dict[Controller, dict[Shape, Group]] = {}
        self._workloads = Workloads()
        self._secrets: dict[tuple[str, str], redact.ReadSecret] = {}
        self._others: dict[tuple[str, str], OtherSecret] = {}
        self._values: dict[tuple[type, str, str], Value] = {}
        self._policies: dict[tuple[str, ...], PolicyObject] = {}
        self._control_plane: dict[tuple[str, str, str, str], ControlPlanePod] = {}
        self._scans: list[Scanned] = []
        self._watched: dict[tuple[str, str, str], WatchedObject] = {}

    def begin(self, resource: wire.Resource) -> Listing:
        return Listing(resource)

    def end(
        self, listing: Listing, *, state: State = "read", namespace: str = "", detail: str = "", complete: bool = True
    ) -> None:
        """Takes in what a list holds. A list that broke off has state `failed`: what it gave still counts."""
        with self._lock:
            if faults := listing.reports.faults:
                complete, detail = False, detail or f"{len(faults)} that cannot be used; {': '.join(faults[0])}"
            self._note(listing.resource.coverage, state, namespace, detail, complete and state == "read", listing.count)
            for controller, found in listing.pods.groups.items():
                groups = self._groups.setdefault(controller, {})
                for shape, group in found.items():
                    groups.setdefault(shape, Group()).merge(group)
            for pod in listing.pods.control_plane:
                self._control_plane[pod.component, pod.node, pod.name, pod.origin] = pod
            for workload in listing.workloads:
                self._workloads.add(workload)
            for secret in listing.secrets:
                self._secrets[secret.namespace, secret.name] = secret
            for value in listing.values:
                self._values[type(value), getattr(value, "namespace", ""), value.name] = value
            for policy in listing.policies:
                self._policies[_place(policy)] = policy
            self._scans += listing.reports.scanned
            for watched in listing.watched:
                self._watched[watched.resource, watched.namespace, watched.name] = watched

    def cover(self, resource: str, state: State, *, namespace: str = "", detail: str = "") -> None:
        """Notes a list that gave nothing, and why."""
        with self._lock:
            self._note(resource, state, namespace, detail, complete=False, count=0)

    def _note(self, resource: str, state: State, namespace: str, detail: str, complete: bool, count: int) -> None:
        namespaces, before = self._coverage.get((resource, state, detail, complete), (set(), 0))
        self._coverage[resource, state, detail, complete] = (namespaces | {namespace}, before + count)

    def policies(self, *resources: str) -> tuple[PolicyObject, ...]:
        """The objects of these resources (names in coverage) that were read until now, ordered."""
        with self._lock:
            return tuple(found for _, found in sorted(self._policies.items()) if found.resource in resources)

    def wanted_owners(self) -> list[WantedOwner]:
        """Controllers that ownerReferences name and nobody has read, of kinds that are not listed anyway."""
        with self._lock:
            return self._workloads.wanted(self._groups)

    def add_owner(self, wanted: WantedOwner, metadata: wire.Metadata) -> None:
        """An owner read as metadata: its own controller, if it has one, is the next to ask for."""
        with self._lock:
            self._workloads.add_metadata(wanted, metadata)

    def watcher_namespaces(self) -> tuple[str, ...]:
        """Where Falco's or a Prometheus' pods or templates are."""
        with self._lock:
            found = {
                controller[0]
                for controller, groups in self._groups.items()
                for shape, group in groups.items()
                if is_watcher(shape, group.labels or {})
            }
            found |= {w.namespace for w in self._workloads.all() if w.shape and is_watcher(w.shape, w.labels)}
            return tuple(sorted(found))

    def wanted_secrets(self) -> list[tuple[str, str]]:
        """(namespace, name) of what is named as a pull secret and stands in neither list of registry secrets."""
        with self._lock:
            return [key for key in self._pull_secret_names() if key not in self._others and not self._is_registry(key)]

    def secret_found(self, namespace: str, name: str, type: str = "") -> None:  # noqa: A002
        with self._lock:
            self._others[namespace, name] = OtherSecret(namespace, name, type)

    def secret_missing(self, namespace: str, name: str) -> None:
        with self._lock:
            self._others[namespace, name] = OtherSecret(namespace, name, missing=True)

    def _is_registry(self, key: tuple[str, str]) -> bool:
        return key in self._secrets and self._secrets[key].registry

    def _pull_secret_names(self) -> list[tuple[str, str]]:
        names = {
            (controller[0], name)
            for controller, groups in self._groups.items()
            for shape in groups
            for name in shape.pull_secrets
        }
        names |= {(w.namespace, name) for w in self._workloads.all() if w.shape for name in w.shape.pull_secrets}
        for value in self._values.values():
            if isinstance(value, ServiceAccount):
                names |= {(value.namespace, name) for name in value.pull_secrets}
        return sorted(key for key in names if key[1])

    def snapshot(self, cluster: ClusterInfo) -> Snapshot:
        """All of it, ordered: the same objects give the same Snapshot in whatever order they came."""
        with self._lock:
            nodes = {value.name: value for value in self._values.values() if isinstance(value, Node)}
            daemons, working = running_on(self._groups, self._workloads)
            return Snapshot(
                cluster=cluster,
                coverage=self._rows(),
                namespaces=_ordered(v for v in self._values.values() if isinstance(v, Namespace)),
                owners=self._workloads.fold(self._groups, nodes),
                secrets=redact.number([secret for secret in self._secrets.values() if secret.registry]),
                other_secrets=self._other_secrets(files=cluster.source == "files"),
                service_accounts=_ordered(v for v in self._values.values() if isinstance(v, ServiceAccount)),
                nodes=with_use(nodes, self._groups, daemons, working),
                control_plane=tuple(self._control_plane[key] for key in sorted(self._control_plane)),
                services=with_endpoints(
                    (value for value in self._values.values() if isinstance(value, Service)),
                    (value for value in self._values.values() if isinstance(value, Slice)),
                ),
                policies=tuple(self._policies[key] for key in sorted(self._policies)),
                scans=put_together(self._scans),
                watched=tuple(self._watched[key] for key in sorted(self._watched)),
                configmaps=_ordered(v for v in self._values.values() if isinstance(v, RuleConfigMap)),
            )

    def _rows(self) -> tuple[Coverage, ...]:
        rows = [
            Coverage(resource, state, () if "" in names else tuple(sorted(names)), count, detail, complete)
            for (resource, state, detail, complete), (names, count) in self._coverage.items()
        ]
        order = {name: index for index, name in enumerate(wire.BY_NAME)}
        return tuple(sorted(rows, key=lambda r: (order.get(r.resource, len(order)), r.resource, r.state, r.namespaces)))

    def _other_secrets(self, *, files: bool) -> tuple[OtherSecret, ...]:
        """The named secrets that are none for the kubelet. Files hold Secrets of all types: absence there is known."""
        others = dict(self._others)
        everything = files and any(row.resource == "secrets" and row.complete for row in self._rows())
        for key in self._pull_secret_names():
            if key in self._secrets and not self._secrets[key].registry:
                others[key] = OtherSecret(*key, self._secrets[key].type)
            elif everything and key not in self._secrets:
                others[key] = OtherSecret(*key, missing=True)
        return tuple(others[key] for key in sorted(others))


def _place(policy: PolicyObject) -> tuple[str, ...]:
    """What tells an object from all others: one group serves a kind in several versions."""
    group = policy.api_version.rpartition("/")[0]
    return policy.resource, group, policy.kind, policy.namespace, policy.name


def _ordered(values: Iterable[_N]) -> tuple[_N, ...]:
    return tuple(sorted(values, key=lambda value: (getattr(value, "namespace", ""), value.name)))
