"""Lists become the Snapshot: pods are folded into root owners, secrets redacted, gaps noted. Thread-safe per list."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from auditor import redact, wire
from auditor.configmaps import rules_in
from auditor.daemons import running_on
from auditor.fold import Controller, Group, PodFold, used_names
from auditor.image import MalformedReference, parse
from auditor.model import (
    ClusterInfo,
    ControlPlanePod,
    Coverage,
    Namespace,
    Node,
    NodeImage,
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
from auditor.owners import WantedOwner, Workload, Workloads, workload_of
from auditor.policy_objects import parameter_object, policy_object
from auditor.scans.operator_reports import ReportFold
from auditor.scans.results import Scanned, put_together
from auditor.services import Slice, service_of, slice_of, with_endpoints
from auditor.watched import watched_object
from auditor.watcher_pods import is_watcher

_N = TypeVar("_N", Namespace, ServiceAccount, RuleConfigMap)
_Value = Namespace | Node | ServiceAccount | Service | Slice | RuleConfigMap


class Listing:
    """One list while it is read. Nothing of it counts until `Inventory.end`; one that is dropped leaves no trace."""

    def __init__(self, resource: wire.Resource) -> None:
        self.resource = resource
        self.count = 0
        self.pods = PodFold()
        self.workloads: list[Workload] = []
        self.secrets: list[redact.ReadSecret] = []
        self.values: list[_Value] = []
        self.policies: list[PolicyObject] = []
        self.reports = ReportFold()
        self.watched: list[WatchedObject] = []

    def add(self, items: Sequence[wire.Object], origins: Sequence[str] = ()) -> None:
        """Folds a page in; `origins` are `path:line`, one an item, where the items come from files."""
        self.count += len(items)
        for index, item in enumerate(items):
            origin = origins[index] if origins else ""
            metadata = getattr(item, "metadata", None)
            if metadata is not None and self.resource.namespaced:
                metadata.namespace = metadata.namespace or "default"
            match item:
                case wire.Pod():
                    self.pods.add(item, origin)
                case wire.Workload():
                    self.workloads.append(workload_of(item, self.resource, origin))
                case wire.Secret():
                    self.secrets.append(redact.read(item, origin))
                case wire.Node():
                    self.values.append(_node(item, origin))
                case wire.ServiceAccount():
                    self.values.append(_service_account(item, origin))
                case wire.Namespace():
                    self.values.append(_namespace(item, origin))
                case wire.Service():
                    self.values.append(service_of(item, origin))
                case wire.EndpointSlice():
                    self.values.append(slice_of(item, origin))
                case wire.PolicyObject():
                    self.policies.append(policy_object(item, self.resource, origin))
                case wire.Parameter():
                    self.policies.append(parameter_object(item, origin))
                case wire.WatchedObject():
                    self.watched.append(watched_object(item, self.resource, origin))
                case wire.ConfigMap():
                    if rules := rules_in(item, origin):
                        self.values.append(rules)
                case wire.VulnerabilityReport():
                    self.reports.add(item, origin)
                case _:
                    raise TypeError(f"{type(item).__name__} is not read into the inventory")


class Inventory:
    """What has been read so far, from any number of lists."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coverage: dict[tuple[str, State, str, bool], tuple[set[str], int]] = {}
        self._groups: dict[Controller, dict[Shape, Group]] = {}
        self._workloads = Workloads()
        self._secrets: dict[tuple[str, str], redact.ReadSecret] = {}
        self._others: dict[tuple[str, str], OtherSecret] = {}
        self._values: dict[tuple[type, str, str], _Value] = {}
        self._policies: dict[tuple[str, ...], PolicyObject] = {}
        self._control_plane: dict[tuple[str, str, str, str], ControlPlanePod] = {}
        self._used: dict[str, set[str]] = {}
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
            for node, used in listing.pods.used.items():
                self._used.setdefault(node, set()).update(used)
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
                nodes=tuple(
                    _with_use(nodes[name], self._used.get(name, set()), daemons.get(name, ()), name in working)
                    for name in sorted(nodes)
                ),
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


def _with_use(node: Node, used: set[str], daemons: Iterable[str], works: bool) -> Node:
    """The node with what runs on it, and the images marked that its pods use."""
    names = used_names(used)
    images = tuple(NodeImage(i.names, i.size_bytes, bool(names & _normal(i.names))) for i in node.images)
    return msgspec.structs.replace(node, images=images, daemons=tuple(sorted(daemons)), works=works)


def _normal(names: Iterable[str]) -> set[str]:
    normal = set()
    for name in names:
        try:
            normal.add(str(parse(name)))
        except MalformedReference:
            continue
    return normal


def _namespace(item: wire.Namespace, origin: str) -> Namespace:
    metadata = item.metadata or wire.Metadata()
    labels = {key: value or "" for key, value in (metadata.labels or {}).items()}
    labels.setdefault("kubernetes.io/metadata.name", metadata.name or "")  # as the API server does
    return Namespace(metadata.name or "", labels, origin)


def _service_account(item: wire.ServiceAccount, origin: str) -> ServiceAccount:
    metadata = item.metadata or wire.Metadata()
    names = tuple(ref.name or "" for ref in item.image_pull_secrets or ())
    secrets = tuple(ref.name for ref in item.secrets or () if ref.name)
    return ServiceAccount(metadata.namespace or "", metadata.name or "", names, secrets, origin)


def _node(item: wire.Node, origin: str) -> Node:
    metadata, spec = item.metadata or wire.Metadata(), item.spec or wire.NodeSpec()
    status = item.status or wire.NodeStatus()
    info = status.node_info or wire.NodeInfo()
    labels = metadata.labels or {}
    return Node(
        name=metadata.name or "",
        os=info.operating_system or labels.get("kubernetes.io/os") or "",
        architecture=info.architecture or labels.get("kubernetes.io/arch") or "",
        kubelet_version=info.kubelet_version or "",
        runtime_version=info.container_runtime_version or "",
        provider_id=(spec.provider_id or "").partition("://")[0],
        schedulable=not spec.unschedulable,
        images=tuple(NodeImage(tuple(sorted(i.names or ())), i.size_bytes or 0) for i in status.images or ()),
        origin=origin,
    )
