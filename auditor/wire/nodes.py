"""Nodes and the images on them. Numbers: k8s.io/api/core/v1/generated.proto."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from auditor.wire.fields import Number, Wire
from auditor.wire.metadata import Metadata


class NodeImage(Wire):
    names: Annotated[list[str] | None, Number(1)] = None
    size_bytes: Annotated[int | None, Number(2)] = None


class NodeInfo(Wire):
    kubelet_version: Annotated[str | None, Number(7)] = None
    container_runtime_version: Annotated[str | None, Number(6)] = None
    operating_system: Annotated[str | None, Number(9)] = None
    architecture: Annotated[str | None, Number(10)] = None


class NodeSpec(Wire):
    unschedulable: Annotated[bool | None, Number(4)] = None
    provider_id: Annotated[str | None, Number(3)] = field(default=None, name="providerID")


class NodeStatus(Wire):
    images: Annotated[list[NodeImage] | None, Number(8)] = None
    node_info: Annotated[NodeInfo | None, Number(7)] = None


class Node(Wire):
    metadata: Annotated[Metadata | None, Number(1)] = None
    spec: Annotated[NodeSpec | None, Number(2)] = None
    status: Annotated[NodeStatus | None, Number(3)] = None
