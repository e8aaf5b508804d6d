"""Containers and their statuses."""

from __future__ import annotations

from msgspec import Raw, field

from auditor.wire.fields import NOTHING, Wire


class LocalReference(Wire):
    name: str | None = None


class ValueFrom(Wire):
    secret_key_ref: LocalReference | None = None


class Env(Wire):
    value_from: ValueFrom | None = None


class EnvFrom(Wire):
    secret_ref: LocalReference | None = None


class SecurityContext(Wire):
    run_as_user: int | None = None
    run_as_non_root: bool | None = None


class VolumeMount(Wire):
    name: str | None = None
    mount_path: str | None = None
    sub_path: str | None = None
    sub_path_expr: str | None = None


class Container(Wire):
    name: str | None = None
    image: str | None = None
    image_pull_policy: str | None = None
    restart_policy: str | None = None
    security_context: SecurityContext | None = None
    env: list[Env] | None = None
    env_from: list[EnvFrom] | None = None
    volume_mounts: list[VolumeMount] | None = None
    working_dir: str | None = None
    command: Raw = NOTHING
    args: Raw = NOTHING
    target_container_name: str | None = None


class Waiting(Wire):
    reason: str | None = None
    message: str | None = None


class Running(Wire):
    started_at: str | None = None


class ContainerState(Wire):
    waiting: Waiting | None = None
    running: Running | None = None


class ContainerStatus(Wire):
    name: str | None = None
    image_id: str | None = field(default=None, name="imageID")
    ready: bool | None = None
    state: ContainerState | None = None
