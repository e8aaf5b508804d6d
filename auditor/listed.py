"""One list while it is read: each object as the Snapshot will have it, pods folded into their controllers."""

from __future__ import annotations

from collections.abc import Sequence

from auditor import redact, wire
from auditor.configmaps import rules_in
from auditor.fold import PodFold
from auditor.model import Namespace, Node, PolicyObject, Service, ServiceAccount, WatchedObject
from auditor.monitoring.facts import RuleConfigMap
from auditor.nodes import NodeFold
from auditor.owners import Workload, workload_of
from auditor.policy_objects import parameter_object, policy_object
from auditor.scans.operator_reports import ReportFold
from auditor.services import Slice, service_of, slice_of
from auditor.watched import watched_object

Value = Namespace | Node | ServiceAccount | Service | Slice | RuleConfigMap


class Listing:
    """One list while it is read. Nothing of it counts until `Inventory.end`; one that is dropped leaves no trace."""

    def __init__(self, resource: wire.Resource) -> None:
        self.resource = resource
        self.count = 0
        self.pods = PodFold()
        self.nodes = NodeFold()
        self.workloads: list[Workload] = []
        self.secrets: list[redact.ReadSecret] = []
        self.values: list[Value] = []
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
                    self.values.append(self.nodes.node(item, origin))
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
