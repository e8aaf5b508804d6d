"""Pods, folded into their root owners."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from auditor.model.value import Value

Role = Literal["container", "init", "sidecar", "ephemeral", "volume"]


class Container(Value, frozen=True):
    """An image of a pod: of a container, or of an image volume (named `volume:<name>`).

    `pull_policy` is as stored, empty where a manifest leaves it to the API server. `run_as_*` are the container's, else
    the pod's. `secrets` are the names of Secrets that it reads into its environment or mounts. `allowlist` are the
    registries that its command line tells a backend of image policies to allow.
    """

    name: str
    role: Role
    image: str
    pull_policy: str = ""
    run_as_user: int | None = None
    run_as_non_root: bool | None = None
    secrets: tuple[str, ...] = ()
    allowlist: tuple[str, ...] = ()


class RunningImage(Value, frozen=True):
    """Running containers of one name that report one imageID; `platform` is the nodes' `os/architecture`, if known."""

    container: str
    image_id: str
    platform: str = ""
    pods: int = 1


class WaitingImage(Value, frozen=True):
    """Containers of one name that wait for one reason; the message is one of theirs."""

    container: str
    reason: str
    message: str = ""
    pods: int = 1


class DebugContainer(Value, frozen=True):
    """An ephemeral container: in which pod, since when it runs, and the program that added it (its field manager)."""

    container: str
    pod: str
    started_at: str = ""
    manager: str = ""


class Shape(Value, frozen=True):
    """Pods of one owner that are alike in all that is read, or the template that they are made from.

    `pull_secrets` and `service_account` are as stored: in a template the service account's list is not yet injected.
    `declared` are the containers of the very template that made these pods, None where it could not be read.
    `review_annotations` are the keys of annotations that ImagePolicyWebhook forwards to its backend; `volume_secrets`
    the Secrets that volumes name, mounted by a container or not; `configmaps` likewise, without those that hold the
    cluster's certificates.
    """

    source: Literal["template", "pods"]
    containers: tuple[Container, ...] = ()
    service_account: str = ""
    pull_secrets: tuple[str, ...] = ()
    revision: str = ""
    os: str = ""
    host_users: bool = True
    static: bool = False
    declared: tuple[str, ...] | None = None
    pods: int = 0
    examples: tuple[str, ...] = ()
    running: tuple[RunningImage, ...] = ()
    waiting: tuple[WaitingImage, ...] = ()
    debug: tuple[DebugContainer, ...] = ()
    review_annotations: tuple[str, ...] = ()
    volume_secrets: tuple[str, ...] = ()
    configmaps: tuple[str, ...] = ()


class Owner(Value, frozen=True):
    """A root owner of pods: what an engineer can change. Its name is its generateName where it was generated.

    `known` is False where only an ownerReference names it. `labels` are its template's, else those that all its pods
    have: what a Service selects by.
    """

    namespace: str
    kind: str
    name: str
    api_version: str = ""
    known: bool = True
    replicas: int | None = None
    suspended: bool = False
    shapes: tuple[Shape, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    origin: str = ""
