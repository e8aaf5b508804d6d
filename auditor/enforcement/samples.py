"""Sample requests: pods as the API server hands them to admission, with an image in one place or another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

NAME = "sample"
DIGEST = "sha256:" + "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"


class User(Struct, frozen=True):
    """Who asks, as `request.userInfo` tells it."""

    name: str
    groups: tuple[str, ...] = ("system:authenticated",)


ANYBODY = User("somebody")
CONTROLLER = User(
    "system:serviceaccount:kube-system:replicaset-controller",
    ("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"),
)
ADMINISTRATOR = User("kubernetes-admin", ("system:masters", "system:authenticated"))


Change = tuple[tuple[str, ...], Any]


class Sample(Struct, frozen=True):
    """A request for a pod: created with these images, or updated to them from a pod with `before`.

    `named` False is a pod whose name the API server makes; `token` False one that does without its service account's
    token, and so may have no volume at all; a `dressed` one has what good practice asks for; `changes` are further
    fields, as path and value, `container_changes` such of every container.
    """

    images: tuple[str, ...]
    init: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    ephemeral: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    user: User = ANYBODY
    named: bool = True
    token: bool = True
    dry_run: bool = False
    dressed: bool = False
    changes: tuple[Change, ...] = ()
    container_changes: tuple[Change, ...] = ()

    @property
    def operation(self) -> str:
        return "UPDATE" if self.before else "CREATE"

    @property
    def subresource(self) -> str:
        return "ephemeralcontainers" if self.ephemeral else ""


def bindings(sample: Sample, namespace: str, labels: Mapping[str, str] | None) -> dict[str, Any]:
    """What CEL sees of a request: object, oldObject, request and, where the labels are known, namespaceObject.

    Defaults and the service account's volume are in the pod, as admission sees it after all mutation (a pod that was
    created on Kubernetes 1.36 shows them).
    """
    old = None
    if sample.before:
        old = _pod(Sample(sample.before, named=sample.named, token=sample.token), namespace)
    found: dict[str, Any] = {
        "object": _pod(sample, namespace),
        "oldObject": old,
    }
    found["request"] = _request(sample, namespace, found["object"]["metadata"]["name"])
    if labels is not None:
        metadata = {"name": namespace, "labels": dict(labels)}
        rest = {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        found["namespaceObject"] = {"metadata": metadata, **rest}
    return found


def _pod(sample: Sample, namespace: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": NAME if sample.named else f"{NAME}-x2x7p",
        "namespace": namespace,
        "uid": "6d0f8a52-3a5e-4a52-9a43-5f1d6f0f3c11",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    if not sample.named:
        metadata["generateName"] = f"{NAME}-"
    if sample.dressed:
        metadata["labels"] = dict(_LABELS)
    spec: dict[str, Any] = {
        "containers": [_container(f"c{index}", image, sample) for index, image in enumerate(sample.images)],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "securityContext": dict(_POD_SECURITY) if sample.dressed else {},
        "schedulerName": "default-scheduler",
        "tolerations": _TOLERATIONS,
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }
    volumes = [_image_volume(index, image) for index, image in enumerate(sample.volumes)]
    if volumes or sample.token:
        spec["volumes"] = [*volumes, _TOKEN] if sample.token else volumes
    if not sample.token:
        spec["automountServiceAccountToken"] = False
    if sample.init:
        spec["initContainers"] = [_container(f"i{index}", image, sample) for index, image in enumerate(sample.init)]
    if sample.ephemeral:
        spec["ephemeralContainers"] = [_plain(f"e{index}", image) for index, image in enumerate(sample.ephemeral)]
    status = {"phase": "Pending", "qosClass": "BestEffort"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}
    for path, value in sample.changes:
        _set(pod, path, value)
    return pod


def _set(whole: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Sets a field, unless what lies above it is no object."""
    at: Any = whole
    for field in path[:-1]:
        at = at.setdefault(field, {})
        if not isinstance(at, dict):
            return
    at[path[-1]] = value


def _request(sample: Sample, namespace: str, name: Any) -> dict[str, Any]:
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": "pods"}
    options = "UpdateOptions" if sample.before else "CreateOptions"
    request: dict[str, Any] = {
        "uid": "",
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "namespace": namespace,
        "operation": sample.operation,
        "userInfo": {"username": sample.user.name, "groups": list(sample.user.groups)},
        "dryRun": sample.dry_run,
        "options": {"apiVersion": "meta.k8s.io/v1", "kind": options},
    }
    if sample.named or sample.before:
        request["name"] = name
    if sample.subresource:
        request["subResource"] = request["requestSubResource"] = sample.subresource
    return request


def _plain(name: str, image: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": _pull_policy(image),
    }


def _pull_policy(image: str) -> str:
    """The default: k8s pkg/apis/core/v1/defaults.go (SetDefaults_Container)."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if tag == "latest" or not (tag or digest) else "IfNotPresent"


def _container(name: str, image: str, sample: Sample) -> dict[str, Any]:
    mounts = [{"name": f"v{index}", "mountPath": f"/v{index}"} for index in range(len(sample.volumes))]
    made = _plain(name, image)
    if mounts or sample.token:
        made["volumeMounts"] = [*mounts, _TOKEN_MOUNT] if sample.token else mounts
    if sample.dressed:
        made |= _DRESS
    for path, value in sample.container_changes:
        _set(made, path, value)
    return made


def _image_volume(index: int, image: str) -> dict[str, Any]:
    return {"name": f"v{index}", "image": {"reference": image, "pullPolicy": "IfNotPresent"}}


_TOKEN_MOUNT = {
    "name": "kube-api-access-mmql7",
    "readOnly": True,
    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
}
_TOKEN = {
    "name": "kube-api-access-mmql7",
    "projected": {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ],
        "defaultMode": 420,
    },
}
_TOLERATIONS = [
    {
        "key": f"node.kubernetes.io/{what}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
    for what in ("not-ready", "unreachable")
]
_LABELS = {"app": NAME, "app.kubernetes.io/name": NAME, "team": NAME, "owner": NAME}
_POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "fsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_PROBE = {"httpGet": {"path": "/", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1}
_RESOURCES = {"cpu": "100m", "memory": "64Mi"}
_DRESS: dict[str, Any] = {
    "resources": {"limits": _RESOURCES, "requests": _RESOURCES},
    "livenessProbe": _PROBE,
    "readinessProbe": _PROBE,
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
