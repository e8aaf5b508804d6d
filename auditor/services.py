"""Services and how many of their endpoints are ready: whether a webhook's backend can answer."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from auditor import wire
from auditor.model import Service, ServicePort

SERVICE_NAME = "kubernetes.io/service-name"
"""The label that ties an EndpointSlice to its Service (k8s.io/api discovery/v1, LabelServiceName)."""


class Slice(Struct, frozen=True):
    """An EndpointSlice: whose it is, of which address family, and how many of its endpoints are ready."""

    namespace: str
    name: str
    service: str
    family: str
    ready: int


def slice_of(item: wire.EndpointSlice, origin: str = "") -> Slice:
    """A ready condition that is not stated counts as true (k8s.io/api discovery/v1, EndpointConditions)."""
    metadata = item.metadata or wire.Metadata()
    conditions = [endpoint.conditions or wire.EndpointConditions() for endpoint in item.endpoints or ()]
    return Slice(
        metadata.namespace or "",
        metadata.name or origin,
        (metadata.labels or {}).get(SERVICE_NAME) or "",
        item.address_type or "",
        sum(condition.ready is not False for condition in conditions),
    )


def service_of(item: wire.Service, origin: str = "") -> Service:
    metadata, spec = item.metadata or wire.Metadata(), item.spec or wire.ServiceSpec()
    ports = [ServicePort(port.port or 0, port.name or "", port.node_port or 0) for port in spec.ports or ()]
    selector = spec.selector or {}
    return Service(
        namespace=metadata.namespace or "",
        name=metadata.name or metadata.generate_name or "",
        type=spec.type or "ClusterIP",
        cluster_ip=spec.cluster_ip or "",
        ports=tuple(ports),
        selector={key: selector[key] or "" for key in sorted(selector)},
        origin=origin,
    )


def with_endpoints(services: Iterable[Service], slices: Iterable[Slice]) -> tuple[Service, ...]:
    """The Services in order, each with its ready endpoints: of the family that has most, since the slices of a
    dual-stack Service name every pod twice. A Service without slices keeps None."""
    ready: dict[tuple[str, str], dict[str, int]] = {}
    for found in slices:
        if found.service:
            families = ready.setdefault((found.namespace, found.service), {})
            families[found.family] = families.get(found.family, 0) + found.ready
    ordered = sorted(services, key=lambda service: (service.namespace, service.name))
    return tuple(
        msgspec.structs.replace(service, ready=max(ready[key].values())) if key in ready else service
        for service in ordered
        for key in [(service.namespace, service.name)]
    )
