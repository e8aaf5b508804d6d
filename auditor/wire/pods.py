"""Pods, and the templates that they are made from."""

from __future__ import annotations

from auditor.wire.containers import Container, ContainerStatus, LocalReference, SecurityContext
from auditor.wire.fields import Wire
from auditor.wire.metadata import Metadata, PodMetadata
from auditor.wire.volumes import Volume


class HostAlias(Wire):
    hostnames: list[str | None] | None = None


class PodOS(Wire):
    name: str | None = None


class PodSpec(Wire):
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    volumes: list[Volume] | None = None
    image_pull_secrets: list[LocalReference] | None = None
    service_account_name: str | None = None
    service_account: str | None = None
    node_name: str | None = None
    node_selector: dict[str, str | None] | None = None
    security_context: SecurityContext | None = None
    host_users: bool | None = None
    host_network: bool | None = None
    dns_policy: str | None = None
    host_aliases: list[HostAlias] | None = None
    os: PodOS | None = None


class PodStatus(Wire):
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class Pod(Wire):
    metadata: PodMetadata | None = None
    spec: PodSpec | None = None
    status: PodStatus | None = None


class Template(Wire):
    metadata: Metadata | None = None
    spec: PodSpec | None = None


class PodTemplate(Wire):
    """The core kind of this name: a template that nobody has instantiated."""

    metadata: Metadata | None = None
    template: Template | None = None
