"""Services and what stands behind them. Numbers: generated.proto of k8s.io/api/core/v1 and discovery/v1."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from auditor.wire.fields import Number, Wire
from auditor.wire.metadata import Metadata


class ServicePort(Wire):
    name: Annotated[str | None, Number(1)] = None
    port: Annotated[int | None, Number(3)] = None
    node_port: Annotated[int | None, Number(5)] = None


class ServiceSpec(Wire):
    type: Annotated[str | None, Number(4)] = None
    cluster_ip: Annotated[str | None, Number(3)] = field(default=None, name="clusterIP")
    ports: Annotated[list[ServicePort] | None, Number(1)] = None
    selector: Annotated[dict[str, str | None] | None, Number(2)] = None


class Service(Wire):
    metadata: Annotated[Metadata | None, Number(1)] = None
    spec: Annotated[ServiceSpec | None, Number(2)] = None


class EndpointConditions(Wire):
    ready: Annotated[bool | None, Number(1)] = None


class Endpoint(Wire):
    conditions: Annotated[EndpointConditions | None, Number(2)] = None


class EndpointPort(Wire):
    name: Annotated[str | None, Number(1)] = None


class EndpointSlice(Wire):
    metadata: Annotated[Metadata | None, Number(1)] = None
    address_type: Annotated[str | None, Number(4)] = None
    endpoints: Annotated[list[Endpoint] | None, Number(2)] = None
    ports: Annotated[list[EndpointPort] | None, Number(3)] = None
