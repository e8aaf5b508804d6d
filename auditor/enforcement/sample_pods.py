"""Sample pods that are harmless in all but their images, for engines whose policies can be tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

DIGEST = f"@sha256:{'0123456789abcdef' * 4}"
ELSEWHERE = (f"registry.invalid/unknown/app{DIGEST}", f"other.registry.invalid:5000/app{DIGEST}")
"""Images that no allowlist can mean: nobody can own a name below .invalid (RFC 2606)."""
_QUIET = {
    "resources": {"limits": {"cpu": "10m", "memory": "16Mi"}, "requests": {"cpu": "10m", "memory": "16Mi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}


class Sample(Struct, frozen=True):
    """A pod by the images that it names; with ephemeral ones, it is the update that adds them."""

    containers: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    ephemeral: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


Judge = Callable[[Sample], bool | None]
"""Whether the policy denies a pod; None where that is not known."""


def pod(sample: Sample, namespace: str) -> dict[str, Any]:
    """The sample as the API server hands it on, and harmless in all but its images: what denies it denies those."""
    spec: dict[str, Any] = {
        "containers": [_container("app", index, name) for index, name in enumerate(sample.containers)]
    }
    if sample.init:
        spec["initContainers"] = [_container("init", index, name) for index, name in enumerate(sample.init)]
    if sample.ephemeral:
        spec["ephemeralContainers"] = [_container("debug", index, name) for index, name in enumerate(sample.ephemeral)]
    if sample.volumes:
        spec["volumes"] = [
            {"name": f"volume-{index}", "image": {"reference": name, "pullPolicy": "IfNotPresent"}}
            for index, name in enumerate(sample.volumes)
        ]
    spec |= {"restartPolicy": "Always", "serviceAccountName": "default", "automountServiceAccountToken": False}
    metadata = {"name": "sample", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(name: str, index: int, image: str) -> dict[str, Any]:
    return {"name": f"{name}-{index}", "image": image, "imagePullPolicy": "Always", **_QUIET}
