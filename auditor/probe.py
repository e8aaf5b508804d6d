"""What a probe asks: pods that are created and changed in dry runs, each with an image in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from msgspec import Struct

from auditor.image import DOCKER_HUB, Entry, MalformedReference, parse
from auditor.policy import Policy

FORBIDDEN = "auditor-probe.invalid/forbidden"
"""A repository that no allowlist can mean: nobody can own a name below .invalid (RFC 2606)."""
_DIGEST = "sha256:" + "0" * 64
LABEL = "auditor.dev/probe"
TARGET = "target"
"""A pod with LABEL of this value is one that changes may be tried on."""
NAME = "auditor-probe"

Place = Literal["container", "init container", "image volume", "update", "ephemeral container"]


class Probe(Struct, frozen=True):
    """One question: an image in one place of a pod. `forbidden`: whether the policy says that it may not run.

    The places `update` and `ephemeral container` are changes of a pod that runs.
    """

    namespace: str
    place: Place
    image: str
    forbidden: bool

    @property
    def changes(self) -> bool:
        return self.place in ("update", "ephemeral container")


def probes(namespace: str, allowed: str | None) -> Iterator[Probe]:
    """The pods to create in a namespace. `allowed` is an image that the policy allows there, if it says so of any:
    without one there is nothing to stand beside an image in another place."""
    forbidden = f"{FORBIDDEN}@{_DIGEST}"
    yield Probe(namespace, "container", forbidden, True)
    if allowed:
        yield Probe(namespace, "container", allowed, False)
        yield Probe(namespace, "init container", forbidden, True)
        yield Probe(namespace, "image volume", forbidden, True)


def changes(namespace: str) -> Iterator[Probe]:
    """The changes to try on a pod of ours."""
    yield Probe(namespace, "update", f"{FORBIDDEN}@{_DIGEST}", True)
    yield Probe(namespace, "ephemeral container", f"{FORBIDDEN}@{_DIGEST}", True)


def allowed_image(namespace: str, policy: Policy, in_use: Iterable[str] = ()) -> str | None:
    """An image that the policy allows in the namespace, named by digest: rather one that runs there (`in_use`), for
    that one can be pulled and is signed if need be; else one that its allowlist would cover. None where no list says
    what is allowed and nothing runs."""
    running = sorted(image for image in set(in_use) if _allows(policy, namespace, image))
    if running:
        return running[0]
    entries = policy.registries.allowlist(namespace) or ()
    return next((_image_under(entry) for entry in entries), None)


def _allows(policy: Policy, namespace: str, image: str) -> bool:
    try:
        reference = parse(image)
    except MalformedReference:
        return False
    return reference.pinned and policy.registries.approves(reference, namespace) is not False


def _image_under(entry: Entry) -> str:
    path = entry.path or ("library" if entry.registry == DOCKER_HUB else "")
    return f"{'/'.join(part for part in (entry.registry, path, NAME) if part)}@{_DIGEST}"


def pod(probe: Probe, name: str, allowed: str) -> dict[str, Any]:
    """A pod that asks the question and would do nothing: it fits the restricted Pod Security Standard and no node.
    `allowed` is the image of its container where the question is about another place."""
    spec: dict[str, Any] = {
        "containers": [_container("probe", probe.image if probe.place == "container" else allowed)],
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "nodeSelector": {LABEL: "never"},
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    if probe.place == "init container":
        spec["initContainers"] = [_container("probe-init", probe.image)]
    if probe.place == "image volume":
        spec["volumes"] = [{"name": "probe", "image": {"reference": probe.image, "pullPolicy": "IfNotPresent"}}]
    metadata = {"name": name, "namespace": probe.namespace, "labels": {LABEL: "true"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def change(probe: Probe, container: str) -> dict[str, Any]:
    """The strategic merge patch of a pod that asks the question: another image for its `container`, or an ephemeral
    container beside it (which may not ask for resources)."""
    if probe.place == "update":
        return {"spec": {"containers": [{"name": container, "image": probe.image}]}}
    added = {key: value for key, value in _container(NAME, probe.image).items() if key != "resources"}
    added["securityContext"] |= {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"spec": {"ephemeralContainers": [added]}}


def _container(name: str, image: str) -> dict[str, Any]:
    amounts = {"cpu": "1m", "memory": "8Mi"}
    return {
        "name": name,
        "image": image,
        "command": ["/none"],
        "resources": {"requests": amounts, "limits": dict(amounts)},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
