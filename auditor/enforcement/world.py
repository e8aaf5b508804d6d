"""What the mechanisms look at: the objects that take part in admission, read or known to be absent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from auditor.coverage import Gaps, Unread
from auditor.model import ControlPlanePod, Namespace, PolicyObject, Service, Snapshot
from auditor.parameters import unserved
from auditor.policy import Policy
from auditor.wire import CONFIGMAPS

_SETTINGS = frozenset(name for _, name in CONFIGMAPS)


class World:
    """A snapshot as the mechanisms see it. Asking for what was not read raises Unread."""

    def __init__(self, snapshot: Snapshot, policy: Policy, gaps: Gaps) -> None:
        self.snapshot = snapshot
        self.policy = policy
        self._gaps = gaps

    @cached_property
    def namespaces(self) -> tuple[Namespace, ...]:
        """Every namespace that is known, also those that only workloads tell of (with the one label that all have)."""
        known = {namespace.name: namespace for namespace in self.snapshot.namespaces}
        for owner in self.snapshot.owners:
            if owner.namespace not in known:
                labels = {"kubernetes.io/metadata.name": owner.namespace}
                known[owner.namespace] = Namespace(owner.namespace, labels, owner.origin)
        return tuple(known[name] for name in sorted(known))

    def objects(self, resource: str) -> tuple[PolicyObject, ...]:
        """All objects of a resource (its name in coverage); none where the cluster does not serve it."""
        self._gaps.require(resource, everywhere=True)
        return tuple(self.readable(resource))

    def readable(self, resource: str) -> Iterator[PolicyObject]:
        """Those that were read, which may not be all."""
        return (found for found in self.snapshot.policies if found.resource == resource)

    def configmap(self, namespace: str, name: str) -> PolicyObject | None:
        """One of the ConfigMaps that are read by name; None where it does not exist. Of others nothing is known."""
        for found in self.readable("configmaps"):
            if (found.namespace, found.name) == (namespace, name):
                return found
        self._gaps.require("configmaps", namespace)
        if name not in _SETTINGS:
            raise Unread("configmaps", namespace, "excluded", f"{name} is not among those that are read")
        return None

    def parameters(self, api_version: str, kind: str) -> tuple[PolicyObject, ...] | None:
        """The objects of a paramKind, None where the cluster does not serve it; Unread where not all that policies
        refer to was read. `policy_objects.as_params` makes what CEL sees of one."""
        missing = unserved(api_version, kind)
        if any((row.resource, row.detail) == ("params", missing) for row in self.snapshot.coverage):
            return None
        group = api_version.rpartition("/")[0]
        return tuple(
            found
            for found in self.objects("params")
            if (found.api_version.rpartition("/")[0], found.kind) == (group, kind)
        )

    def service(self, namespace: str, name: str) -> Service | None:
        """A Service, None where it does not exist."""
        for found in self.snapshot.services:
            if (found.namespace, found.name) == (namespace, name):
                return found
        self._gaps.require("services", namespace)
        return None

    def ready_endpoints(self, service: Service) -> int | None:
        """How many endpoints of a Service are ready, None where its slices were not read."""
        if service.ready is not None:
            return service.ready
        return None if self._gaps.gap("endpointslices.discovery.k8s.io", service.namespace) else 0

    @cached_property
    def apiservers(self) -> tuple[ControlPlanePod, ...]:
        """The API server's pods, none where they are hidden or were not read."""
        return tuple(pod for pod in self.snapshot.control_plane if pod.component == "kube-apiserver")


__all__ = ["Unread", "World"]
