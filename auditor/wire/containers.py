"""Containers and their statuses. Numbers: k8s.io/api/core/v1/generated.proto."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from auditor.wire.fields import NOTHING, Number, Sparse, Time, Undecoded, Wire

# valueFrom (3), in it secretKeyRef (4), in it its embedded reference (1), each with a length of one or two bytes.
_SECRET_KEY_REF = rb"(?s)\x1a..?\x22..?\x0a"


class LocalReference(Wire):
    name: Annotated[str | None, Number(1)] = None


class ValueFrom(Wire):
    secret_key_ref: Annotated[LocalReference | None, Number(4, 1)] = None


class Env(Wire):
    value_from: Annotated[ValueFrom | None, Number(3)] = None


class EnvFrom(Wire):
    secret_ref: Annotated[LocalReference | None, Number(3, 1)] = None


class SecurityContext(Wire):
    run_as_user: Annotated[int | None, Number(4)] = None
    run_as_non_root: Annotated[bool | None, Number(5)] = None


class VolumeMount(Wire):
    name: Annotated[str | None, Number(1)] = None
    mount_path: Annotated[str | None, Number(3)] = None
    sub_path: Annotated[str | None, Number(4)] = None
    sub_path_expr: Annotated[str | None, Number(6)] = None


class Container(Wire):
    """Of an ephemeral one, this is what lies in its EphemeralContainerCommon: the numbers are the same."""

    name: Annotated[str | None, Number(1)] = None
    image: Annotated[str | None, Number(2)] = None
    image_pull_policy: Annotated[str | None, Number(14)] = None
    restart_policy: Annotated[str | None, Number(24)] = None
    security_context: Annotated[SecurityContext | None, Number(15)] = None
    env: Annotated[list[Env] | None, Sparse(7, _SECRET_KEY_REF)] = None
    env_from: Annotated[list[EnvFrom] | None, Number(19)] = None
    volume_mounts: Annotated[list[VolumeMount] | None, Number(9)] = None
    working_dir: Annotated[str | None, Number(5)] = None
    command: Annotated[Undecoded, Number(3)] = NOTHING
    args: Annotated[Undecoded, Number(4)] = NOTHING


class Waiting(Wire):
    reason: Annotated[str | None, Number(1)] = None
    message: Annotated[str | None, Number(2)] = None


class Running(Wire):
    """That it runs."""


class RunningSince(Running):
    started_at: Annotated[str | None, Time(1)] = None


class ContainerState(Wire):
    waiting: Annotated[Waiting | None, Number(1)] = None
    running: Annotated[Running | None, Number(2)] = None


class EphemeralState(ContainerState):
    running: Annotated[RunningSince | None, Number(2)] = None


class ContainerStatus(Wire):
    name: Annotated[str | None, Number(1)] = None
    image_id: Annotated[str | None, Number(7)] = field(default=None, name="imageID")
    ready: Annotated[bool | None, Number(4)] = None
    state: Annotated[ContainerState | None, Number(2)] = None


class EphemeralStatus(ContainerStatus):
    """Of an ephemeral container, of which also is told since when it runs."""

    state: Annotated[EphemeralState | None, Number(2)] = None
