"""Pods, and the templates that they are made from. Numbers: k8s.io/api/core/v1/generated.proto."""

from __future__ import annotations

from typing import Annotated

from auditor.wire.containers import Container, ContainerStatus, EphemeralStatus, LocalReference, SecurityContext
from auditor.wire.fields import Number, OfPod, Wire
from auditor.wire.metadata import Metadata, PodMetadata
from auditor.wire.volumes import Volume


class PodSecurityContext(SecurityContext):
    run_as_user: Annotated[int | None, Number(2)] = None
    run_as_non_root: Annotated[bool | None, Number(3)] = None


class HostAlias(Wire):
    hostnames: Annotated[list[str | None] | None, Number(2)] = None


class PodOS(Wire):
    name: Annotated[str | None, Number(1)] = None


class PodSpec(Wire):
    containers: Annotated[list[Container] | None, OfPod(2)] = None
    init_containers: Annotated[list[Container] | None, OfPod(20)] = None
    ephemeral_containers: Annotated[list[Container] | None, Number(34, 1)] = None
    volumes: Annotated[list[Volume] | None, OfPod(1)] = None
    image_pull_secrets: Annotated[list[LocalReference] | None, Number(15)] = None
    service_account_name: Annotated[str | None, Number(8)] = None
    service_account: Annotated[str | None, Number(9)] = None
    node_name: Annotated[str | None, Number(10)] = None
    node_selector: Annotated[dict[str, str | None] | None, Number(7)] = None
    security_context: Annotated[PodSecurityContext | None, Number(14)] = None
    host_users: Annotated[bool | None, Number(37)] = None
    host_network: Annotated[bool | None, Number(11)] = None
    dns_policy: Annotated[str | None, Number(6)] = None
    host_aliases: Annotated[list[HostAlias] | None, Number(23)] = None
    os: Annotated[PodOS | None, Number(36)] = None


class PodStatus(Wire):
    container_statuses: Annotated[list[ContainerStatus] | None, Number(8)] = None
    init_container_statuses: Annotated[list[ContainerStatus] | None, Number(10)] = None
    ephemeral_container_statuses: Annotated[list[EphemeralStatus] | None, Number(13)] = None


class Pod(Wire):
    metadata: Annotated[PodMetadata | None, Number(1)] = None
    spec: Annotated[PodSpec | None, Number(2)] = None
    status: Annotated[PodStatus | None, Number(3)] = None


class Template(Wire):
    metadata: Annotated[Metadata | None, Number(1)] = None
    spec: Annotated[PodSpec | None, Number(2)] = None


class PodTemplate(Wire):
    """The core kind of this name: a template that nobody has instantiated."""

    metadata: Annotated[Metadata | None, Number(1)] = None
    template: Annotated[Template | None, Number(2)] = None
