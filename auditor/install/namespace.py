"""The namespace, and what may talk with what in it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from auditor.install.manifest import Noted, Object
from auditor.install.naming import labels, metadata, selector
from auditor.install.settings import Settings
from auditor.objectnames import is_label

_FILES = "The pod mounts files of its node, which only this Pod Security level allows. Let nobody else deploy here."
_API_SERVER = """\
The API server is no pod that a label selects, and behind its Service most networks see the port of the server itself.
Narrow it with `--api-server CIDR`: `kubectl get endpointslices -n default` shows the addresses."""
_API_SERVERS = "The API servers of the clusters. Narrow it with `--api-server CIDR`; add ports that kubeconfigs name."
_DNS = """\
DNS, where kubeadm and most providers run it. OpenShift's is in openshift-dns on port 5353, NodeLocal DNSCache is the
address 169.254.20.10."""
_PUSHGATEWAY = "The Pushgateway. Behind a Service it is the port of its pods that counts."
_SOMEWHERE = """\
The name does not say for certain where the gateway is, so its port is open to any address. Write NAME.NAMESPACE.svc for
a Service."""
_REGISTRIES = """\
Registries, the servers that issue their tokens and those that hold their content: anywhere, on 443 and on the ports
that options and the policy name. Add those of other registries that images come from."""
_CLUSTER_DOMAIN = (["svc"], ["svc", "cluster", "local"])


def namespace(settings: Settings) -> Object:
    level = "privileged" if settings.reads_node else "restricted"
    security = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "audit", "warn")}
    meta: Object = {"name": settings.namespace, "labels": {**labels("audit"), **security}}
    if settings.reads_node:
        meta["labels"]["pod-security.kubernetes.io/enforce"] = Noted(level, _FILES)
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def network_policy(settings: Settings) -> Object:
    """Nothing comes in; out goes what the audit talks to."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(settings, "audit"),
        "spec": {
            "podSelector": {"matchLabels": selector("audit")},
            "policyTypes": ["Ingress", "Egress"],
            "egress": list(_egress(settings)),
        },
    }


def _egress(settings: Settings) -> Iterator[Noted]:
    api = {"ports": [_port(443), _port(6443)]}
    blocks = {"to": [{"ipBlock": {"cidr": cidr}} for cidr in settings.api_servers]} if settings.api_servers else {}
    yield Noted({**blocks, **api}, _API_SERVERS if settings.fleet else "" if blocks else _API_SERVER)
    dns = {**_namespace("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    yield Noted({"to": [dns], "ports": [_port(53, "UDP"), _port(53)]}, _DNS)
    if settings.pushgateway:
        to = _peer(settings.pushgateway.host)
        note = f"{_PUSHGATEWAY} {'' if to else _SOMEWHERE}".rstrip()
        yield Noted({**to, "ports": [_port(settings.pushgateway.port)]}, note)
    if settings.registry:
        yield Noted({"ports": [_port(port) for port in settings.registry.ports]}, _REGISTRIES)


def _peer(host: str) -> dict[str, Any]:
    """Whom a host name means for certain: an address, or the namespace of a Service; else anybody."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        _, *place = host.removesuffix(".").lower().split(".")
        if place[1:] in _CLUSTER_DOMAIN and is_label(place[0]):
            return {"to": [_namespace(place[0])]}
        return {}
    return {"to": [{"ipBlock": {"cidr": str(ipaddress.ip_network(address))}}]}


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _port(number: int, protocol: str = "TCP") -> dict[str, Any]:
    return {"port": number, "protocol": protocol}
