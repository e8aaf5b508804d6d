"""Services and what stands behind them."""

from __future__ import annotations

from msgspec import field

from auditor.wire.fields import Wire
from auditor.wire.metadata import Metadata


class ServicePort(Wire):
    name: str | None = None
    port: int | None = None
    node_port: int | None = None


class ServiceSpec(Wire):
    type: str | None = None
    cluster_ip: str | None = field(default=None, name="clusterIP")
    ports: list[ServicePort] | None = None
    selector: dict[str, str | None] | None = None


class Service(Wire):
    metadata: Metadata | None = None
    spec: ServiceSpec | None = None


class EndpointConditions(Wire):
    ready: bool | None = None


class Endpoint(Wire):
    conditions: EndpointConditions | None = None


class EndpointPort(Wire):
    name: str | None = None


class EndpointSlice(Wire):
    metadata: Metadata | None = None
    address_type: str | None = None
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None
