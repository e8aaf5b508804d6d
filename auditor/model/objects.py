"""Services, and the objects that decide about pods or watch them."""

from __future__ import annotations

from typing import Any

from msgspec import field

from auditor.model.value import Value
from auditor.monitoring.facts import PrometheusRule


class ServicePort(Value, frozen=True):
    port: int
    name: str = ""
    node_port: int = 0


class Service(Value, frozen=True):
    """A Service; `ready` counts the ready endpoints of its slices, None where it has no slices."""

    namespace: str
    name: str
    type: str = "ClusterIP"
    cluster_ip: str = ""
    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] = field(default_factory=dict)
    ready: int | None = None
    origin: str = ""


class PolicyObject(Value, frozen=True):
    """An object that takes part in admission. `resource` is its name in coverage; the rest is as the API gives it,
    less what nobody reads (managedFields, annotations) or may keep (values of environments and headers); of a caBundle
    there is only whether it holds something. `rest` are the other fields of an object that policies take parameters
    from."""

    resource: str
    kind: str
    name: str
    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    generation: int | None = None
    spec: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    webhooks: tuple[dict[str, Any], ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    origin: str = ""
    api_version: str = ""
    rest: dict[str, Any] = field(default_factory=dict)


class WatchedObject(Value, frozen=True):
    """A network policy, or an object of the Prometheus operator; its spec as far as it is read, `rules` those of a
    PrometheusRule."""

    resource: str
    kind: str
    namespace: str
    name: str
    labels: dict[str, str] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    rules: tuple[PrometheusRule, ...] = ()
    origin: str = ""
