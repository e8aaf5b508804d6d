"""The volumes of pods. Numbers: k8s.io/api/core/v1/generated.proto, where a Volume's kinds lie in its VolumeSource."""

from __future__ import annotations

from typing import Annotated

from auditor.wire.containers import LocalReference
from auditor.wire.fields import Number, Wire


class ImageVolume(Wire):
    reference: Annotated[str | None, Number(1)] = None
    pull_policy: Annotated[str | None, Number(2)] = None


class SecretVolume(Wire):
    secret_name: Annotated[str | None, Number(1)] = None


class ProjectedSource(Wire):
    secret: Annotated[LocalReference | None, Number(1, 1)] = None
    config_map: Annotated[LocalReference | None, Number(3, 1)] = None


class Projected(Wire):
    sources: Annotated[list[ProjectedSource] | None, Number(1)] = None


class CSIVolume(Wire):
    node_publish_secret_ref: Annotated[LocalReference | None, Number(5)] = None


class HostPath(Wire):
    path: Annotated[str | None, Number(1)] = None


class Volume(Wire):
    name: Annotated[str | None, Number(1)] = None
    image: Annotated[ImageVolume | None, Number(2, 30)] = None
    secret: Annotated[SecretVolume | None, Number(2, 6)] = None
    projected: Annotated[Projected | None, Number(2, 26)] = None
    config_map: Annotated[LocalReference | None, Number(2, 19, 1)] = None
    csi: Annotated[CSIVolume | None, Number(2, 28)] = None
    host_path: Annotated[HostPath | None, Number(2, 1)] = None
