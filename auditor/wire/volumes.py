"""The volumes of pods."""

from __future__ import annotations

from auditor.wire.containers import LocalReference
from auditor.wire.fields import Wire


class ImageVolume(Wire):
    reference: str | None = None
    pull_policy: str | None = None


class SecretVolume(Wire):
    secret_name: str | None = None


class ProjectedSource(Wire):
    secret: LocalReference | None = None


class Projected(Wire):
    sources: list[ProjectedSource] | None = None


class CSIVolume(Wire):
    node_publish_secret_ref: LocalReference | None = None


class HostPath(Wire):
    path: str | None = None


class Volume(Wire):
    name: str | None = None
    image: ImageVolume | None = None
    secret: SecretVolume | None = None
    projected: Projected | None = None
    csi: CSIVolume | None = None
    host_path: HostPath | None = None
