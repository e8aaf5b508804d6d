"""Nodes and the images on them."""

from __future__ import annotations

from msgspec import field

from auditor.wire.fields import Wire
from auditor.wire.metadata import Metadata


class NodeImage(Wire):
    names: list[str] | None = None
    size_bytes: int | None = None


class NodeInfo(Wire):
    kubelet_version: str | None = None
    container_runtime_version: str | None = None
    operating_system: str | None = None
    architecture: str | None = None


class NodeSpec(Wire):
    unschedulable: bool | None = None
    provider_id: str | None = field(default=None, name="providerID")


class NodeStatus(Wire):
    images: list[NodeImage] | None = None
    node_info: NodeInfo | None = None


class Node(Wire):
    metadata: Metadata | None = None
    spec: NodeSpec | None = None
    status: NodeStatus | None = None
