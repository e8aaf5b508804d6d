"""What a NetworkPolicy lets out (k8s.io/api/networking/v1, types.go): a rule without peers leads everywhere."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

AUTOMATIC = "kubernetes.io/metadata.name"
"""The one label that the API server puts onto every namespace."""

_MEANT = re.compile(r"registr(?:y|ies)|harbor|artifactory|\bnexus\b|docker-?hub|image-?pull", re.IGNORECASE)
_REGISTRY_PORT = 5000


class Opening(Struct, frozen=True):
    """An egress rule, by its place, that does not limit what it seems to. `everywhere`: any destination; `pods`: every
    pod of the cluster; `labels`: namespaces by labels that may not be there. `ports` are as they are shown, none for
    all."""

    kind: Literal["everywhere", "pods", "labels"]
    rule: int
    ports: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


def isolates_egress(spec: Mapping[str, Any]) -> bool:
    """Whether it is about egress at all: where policyTypes is not set, a policy with egress rules is."""
    types = spec.get("policyTypes")
    return "Egress" in types if isinstance(types, list) and types else bool(_list(spec.get("egress")))


def ignores_egress(spec: Mapping[str, Any]) -> bool:
    """Whether it has egress rules that do nothing, as its policyTypes leave Egress out."""
    return bool(_list(spec.get("egress"))) and not isolates_egress(spec)


def missing_namespaces(spec: Mapping[str, Any], names: Collection[str]) -> Iterator[tuple[int, str]]:
    """Namespaces that egress rules, by their places, select by name, and that are not among the names."""
    for index, rule in enumerate(_rules(spec)):
        for peer in _list(rule.get("to")):
            for key, values in _wanted(_mapping(peer).get("namespaceSelector")):
                if key == AUTOMATIC and "" not in values and not set(values) & set(names):
                    yield index, values[0]


def means_registries(name: str, labels: Mapping[str, str], spec: Mapping[str, Any]) -> bool:
    """Whether the policy is to limit what is pulled, by its name or labels, its peers' labels, or the port 5000. One
    for the pods of a registry says what that may reach.
    """
    own = [word for key, values in _wanted(spec.get("podSelector")) for word in (key, *values)]
    if any(_MEANT.search(word) for word in own):
        return False
    words = [name, *labels, *labels.values()]
    for rule in _rules(spec):
        if any(_mapping(port).get("port") == _REGISTRY_PORT for port in _list(rule.get("ports"))):
            return True
        for peer in _list(rule.get("to")):
            for which in ("namespaceSelector", "podSelector"):
                for key, values in _wanted(_mapping(peer).get(which)):
                    words += [key, *values]
    return any(_MEANT.search(word) for word in words)


def openings(spec: Mapping[str, Any]) -> Iterator[Opening]:
    """The rules that lead further than they say, or nowhere."""
    for index, rule in enumerate(_rules(spec)):
        ports = tuple(_port(_mapping(port)) for port in _list(rule.get("ports")))
        peers = _list(rule.get("to"))
        if _only_dns(rule):
            continue
        if not peers or _anywhere([_mapping(peer) for peer in peers]):
            yield Opening("everywhere", index, ports)
        elif _every_pod(rule):
            yield Opening("pods", index, ports)
        labels = tuple(
            (key, value)
            for peer in peers
            for key, values in _wanted(_mapping(peer).get("namespaceSelector"))
            if key != AUTOMATIC
            for value in values
        )
        if labels:
            yield Opening("labels", index, ports, tuple(dict.fromkeys(labels)))


def allows_dns(spec: Mapping[str, Any]) -> bool:
    """Whether some rule lets queries for names out."""
    for rule in _rules(spec):
        ports = [_mapping(port) for port in _list(rule.get("ports"))]
        if not ports or any(_holds_53(port) for port in ports):
            return True
    return False


def carries(namespaces: Collection[Mapping[str, str]], key: str, value: str) -> bool:
    """Whether a namespace has the label; an empty value stands for any."""
    return any(key in labels and (not value or labels[key] == value) for labels in namespaces)


def _holds_53(port: Mapping[str, Any]) -> bool:
    first, last = port.get("port"), port.get("endPort")
    if first is None or first in (53, "dns", "dns-tcp"):
        return True
    return isinstance(first, int) and isinstance(last, int) and first <= 53 <= last


def _rules(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for rule in _list(spec.get("egress")):
        yield _mapping(rule)


def _only_dns(rule: Mapping[str, Any]) -> bool:
    """Whether a rule lets nothing but queries for names out."""
    ports = [_mapping(port) for port in _list(rule.get("ports"))]
    return bool(ports) and all(port.get("port") in (53, "dns", "dns-tcp") and not port.get("endPort") for port in ports)


def _every_pod(rule: Mapping[str, Any]) -> bool:
    """Whether the registry's port is open to all pods of the cluster."""
    if not any(_mapping(port).get("port") == _REGISTRY_PORT for port in _list(rule.get("ports"))):
        return False
    peers = [_mapping(peer) for peer in _list(rule.get("to"))]
    return any(peer.get("namespaceSelector") == {} and not peer.get("podSelector") for peer in peers)


def _anywhere(peers: list[Mapping[str, Any]]) -> bool:
    """Blocks that are all addresses together with nothing taken out of them, or a peer that names nothing."""
    blocks = [_mapping(peer.get("ipBlock")) for peer in peers]
    networks = [network for block in blocks if not block.get("except") and (network := _network(block)) is not None]
    fours = ipaddress.collapse_addresses(n for n in networks if isinstance(n, ipaddress.IPv4Network))
    sixes = ipaddress.collapse_addresses(n for n in networks if isinstance(n, ipaddress.IPv6Network))
    nameless = any(not {"ipBlock", "namespaceSelector", "podSelector"} & peer.keys() for peer in peers)
    whole = any(n.prefixlen == 0 for n in fours) or any(n.prefixlen == 0 for n in sixes)
    return nameless or whole


def _network(block: Mapping[str, Any]) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(str(block.get("cidr")), strict=False)
    except ValueError:
        return None


def _wanted(selector: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Labels that a selector asks for; an empty value stands for any."""
    for key, value in _mapping(_mapping(selector).get("matchLabels")).items():
        yield str(key), (str(value),)
    for expression in _list(_mapping(selector).get("matchExpressions")):
        found = _mapping(expression)
        if found.get("operator") in ("In", "Exists"):
            yield str(found.get("key")), tuple(map(str, _list(found.get("values")))) or ("",)


def _port(port: Mapping[str, Any]) -> str:
    number, last = port.get("port"), port.get("endPort")
    shown = "all" if number is None else f"{number}-{last}" if last else str(number)
    return f"{port.get('protocol') or 'TCP'} {shown}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
