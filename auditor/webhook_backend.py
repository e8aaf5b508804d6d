"""Where a backend's address leads in this cluster: its Service, the pods behind it, what their command lines allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from auditor.hostfacts import Backend, CertificateFacts
from auditor.model import ControlPlanePod, Owner, Service, ServicePort

How = Literal["name", "cluster-ip", "node-port"]


class Place(Struct, frozen=True):
    """A Service that an address leads to; `port` is None where it has no such port."""

    service: Service
    how: How
    port: ServicePort | None

    @property
    def name(self) -> str:
        return f"{self.service.namespace}/{self.service.name}"


def service_name(host: str) -> tuple[str, str] | None:
    """(name, namespace) of a Service's name in DNS, the namespace empty where only the name stands; None for others.

    Two labels may be any domain: only a Service of that name makes them one.
    """
    labels = host.rstrip(".").split(".")
    if not all(labels) or labels[0].isdigit():
        return None
    match labels:
        case [name] if name != "localhost":
            return name, ""
        case [name, namespace]:
            return name, namespace
        case [name, namespace, "svc", *_]:
            return name, namespace
        case _:
            return None


def places(backend: Backend, services: Iterable[Service]) -> tuple[Place, ...]:
    """The Services that the backend's address leads to, by name, cluster IP or else the number of a node port.

    One bare name may be that of Services in several namespaces. A name that the node's hosts file knows may lead to a
    node port, so that both numbers count.
    """
    known = tuple(services)
    wanted = service_name(backend.host)
    if wanted:
        name, namespace = wanted
        named = [s for s in known if s.name == name and namespace in ("", s.namespace)]
        if named:
            return tuple(Place(s, "name", _port(s, backend.port, node_ports=True)) for s in named)
    by_address = [s for s in known if s.cluster_ip not in ("", "None") and s.cluster_ip == backend.host]
    if by_address:
        return tuple(Place(s, "cluster-ip", _port(s, backend.port)) for s in by_address)
    found = ((s, port) for s in known for port in s.ports if backend.port and port.node_port == backend.port)
    return tuple(Place(service, "node-port", port) for service, port in found)


def _port(service: Service, number: int, *, node_ports: bool = False) -> ServicePort | None:
    if service.cluster_ip == "None" or service.type == "ExternalName":
        return ServicePort(number)  # its name leads straight to a pod or outside, and the port with it
    return next(
        (port for port in service.ports if port.port == number or (node_ports and number and port.node_port == number)),
        None,
    )


def cluster_dns(pod: ControlPlanePod) -> bool | None:
    """Whether a pod resolves the names of Services; None where its own DNS settings decide.

    On the node's network ClusterFirst means the node's resolver (k8s pkg/kubelet/network/dns/dns.go).
    """
    match pod.dns_policy or "ClusterFirst":
        case "ClusterFirstWithHostNet":
            return True
        case "ClusterFirst":
            return not pod.host_network
        case "Default":
            return False
        case _:
            return None


def workloads(service: Service, owners: Iterable[Owner]) -> tuple[Owner, ...]:
    """The root owners whose pods a Service selects, by the labels of their templates."""
    if not service.selector:
        return ()
    wanted = service.selector.items()
    return tuple(
        owner for owner in owners if owner.namespace == service.namespace and wanted <= dict(owner.labels).items()
    )


def replicas(owner: Owner) -> int | None:
    """How many pods it asks for; None where the nodes or others decide. One is the API's default."""
    if owner.kind in ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout"):
        return 1 if owner.replicas is None else owner.replicas
    return 1 if owner.kind == "Pod" and not is_static(owner) else None


def is_static(owner: Owner) -> bool:
    """Whether it is a static pod, which starts without the API server's admission."""
    return any(shape.static for shape in owner.shapes)


def allowlist(owners: Iterable[Owner]) -> tuple[str, ...]:
    """The registries that the owners' command lines allow, as written, each once."""
    return tuple(dict.fromkeys(entry for owner in owners for entry in _entries(owner)))


def _entries(owner: Owner) -> Iterator[str]:
    for shape in owner.shapes:
        for container in shape.containers:
            yield from container.allowlist


def reached_for_sure(place: Place, backend: Backend, pod: ControlPlanePod) -> bool:
    """Whether the plugin's requests go to this Service and nowhere else: no proxy, no other resolver, no other node."""
    if backend.proxied:
        return False
    match place.how:
        case "cluster-ip":
            return True
        case "name":
            return cluster_dns(pod) is True and ".svc" in backend.host and not aliased(pod, backend)
        case _:
            return backend.host in ("localhost", "127.0.0.1", "::1")


def aliased(pod: ControlPlanePod, backend: Backend) -> bool:
    """Whether a hosts file is known to have the backend's name."""
    return backend.host in pod.host_aliases or bool(backend.in_hosts_file)


def out_of_date(certificate: CertificateFacts, now: str | None) -> str:
    """`expired on …` or `is not valid before …`, nothing where it is valid or the time is not known (RFC 3339)."""
    if now is None:
        return ""
    moment = _moment(now)
    if certificate.expires and moment > _moment(certificate.expires):
        return f"expired on {certificate.expires}"
    if certificate.starts and moment < _moment(certificate.starts):
        return f"is not valid before {certificate.starts}"
    return ""


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
