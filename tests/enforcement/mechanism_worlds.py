"""Worlds for the tests of mechanisms, from manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import yaml

from auditor import wire
from auditor.coverage import Gaps
from auditor.enforcement.chain import Goal, ImagePolicy, answer
from auditor.enforcement.world import World
from auditor.image import parse_entry
from auditor.model import ClusterInfo, Coverage, Namespace, Node, PolicyObject, Service, ServicePort, Snapshot
from auditor.policy import Policy, Registries

Mechanism = Callable[[World], Iterator[ImagePolicy]]

_KINDS = {(resource.kind, resource.group): resource.name for resource in wire.ADMISSION}
_LISTS = (
    *(resource.name for resource in wire.ADMISSION),
    wire.CONSTRAINTS,
    "configmaps",
    "namespaces",
    "nodes",
    "pods",
)


def objects(manifests: str) -> list[dict[str, Any]]:
    """The documents of a text of manifests."""
    return [document for document in yaml.safe_load_all(manifests) if document]


def policy_object(manifest: dict[str, Any]) -> PolicyObject:
    metadata = manifest.get("metadata", {})
    group = manifest["apiVersion"].rpartition("/")[0]
    return PolicyObject(
        resource="configmaps" if manifest["kind"] == "ConfigMap" else _KINDS[manifest["kind"], group],
        kind=manifest["kind"],
        name=metadata["name"],
        namespace=metadata.get("namespace", ""),
        generation=metadata.get("generation"),
        spec=manifest.get("spec", {}),
        status=manifest.get("status", {}),
        webhooks=tuple(manifest.get("webhooks", ())),
        data=manifest.get("data", {}),
    )


def world(
    manifests: Iterable[dict[str, Any]],
    namespaces: dict[str, dict[str, str]],
    *,
    allowed: Iterable[str] | None = ("registry.example",),
    services: Iterable[Service] = (),
    nodes: Iterable[Node] = (),
    unread: Iterable[str] = (),
    source: str = "live",
) -> World:
    """A world in which all lists were read but those of `unread`."""
    rows = tuple(Coverage(name, "forbidden" if name in set(unread) else "read") for name in _LISTS)
    snapshot = Snapshot(
        ClusterInfo(source="files" if source == "files" else "live"),
        rows,
        namespaces=tuple(
            Namespace(name, {"kubernetes.io/metadata.name": name, **labels}) for name, labels in namespaces.items()
        ),
        nodes=tuple(nodes),
        services=tuple(services),
        policies=tuple(policy_object(manifest) for manifest in manifests),
    )
    entries = None if allowed is None else tuple(parse_entry(entry) for entry in allowed)
    return World(snapshot, Policy(registries=Registries(allowed=entries)), Gaps(snapshot))


def service(namespace: str, name: str, ready: int | None = 2, port: int = 443) -> Service:
    return Service(namespace, name, ports=(ServicePort(port),), ready=ready)


def verdicts(mechanism: Mechanism, seen: World, goal: Goal) -> dict[str, str]:
    """The answer of one mechanism for a goal, by namespace."""
    policies = list(mechanism(seen))
    return {namespace.name: answer(policies, namespace.name, goal).verdict for namespace in seen.namespaces}
