"""A cluster of any size as bytes, in JSON and in protobuf: pods shaped like real ones, about 19 kB each in JSON.

A pod is a template with its numbers put in, which are as long as the marks they replace: so it goes for both encodings.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from auditor import wire
from tests.protobuf import envelope, joined, message

PAGE = 500
REPLICAS = 50
NAMESPACES = 300
_LETTERS = b"bcdfghjklmnpqrstvwxz2456789"
_DIGEST = "sha256:" + "0123456789abcdef" * 4


def _managed_fields() -> list[dict[str, Any]]:
    """As a kubelet and a controller manager write them: most of a real pod's bytes."""
    container: dict[str, Any] = {
        f"f:{name}": {}
        for name in ("image", "imagePullPolicy", "name", "resources", "terminationMessagePath", "securityContext")
    }
    env: dict[str, Any] = {f'k:{{"name":"SETTING_{i}"}}': {".": {}, "f:name": {}, "f:value": {}} for i in range(30)}
    containers = {f'k:{{"name":"c{i}"}}': container | {"f:env": {".": {}} | env} for i in range(3)}
    conditions: dict[str, Any] = {
        f'k:{{"type":"{kind}"}}': {
            ".": {},
            "f:lastProbeTime": {},
            "f:lastTransitionTime": {},
            "f:status": {},
            "f:type": {},
        }
        for kind in ("Initialized", "PodReadyToStartContainers", "PodScheduled", "Ready", "ContainersReady")
    }
    common = {"apiVersion": "v1", "fieldsType": "FieldsV1", "operation": "Update", "time": "2026-11-21T12:00:00Z"}
    return [
        common | {"manager": "kube-controller-manager", "fieldsV1": {"f:spec": {"f:containers": containers}}},
        common
        | {"manager": "kubelet", "subresource": "status", "fieldsV1": {"f:status": {"f:conditions": conditions}}},
    ]


def _pod() -> dict[str, Any]:
    env = [{"name": f"SETTING_{i}", "value": f"a value of setting {i}, as long as such values are"} for i in range(30)]
    mounts = [{"name": f"v{i}", "mountPath": f"/var/lib/app/volume-{i}", "readOnly": True} for i in range(4)]
    token = "kube-api-access-@TTT@"
    mounts.append({"name": token, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True})
    containers = [
        {
            "name": f"c{i}",
            "image": f"registry.corp.example:5000/team-@DDD@/service-{i}:1.@DDD@",
            "imagePullPolicy": "IfNotPresent",
            "env": env,
            "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "50m", "memory": "64Mi"}},
            "volumeMounts": mounts,
            "securityContext": {"allowPrivilegeEscalation": False, "runAsNonRoot": True},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        }
        for i in range(3)
    ]
    statuses = [
        {
            "name": f"c{i}",
            "image": f"registry.corp.example:5000/team-@DDD@/service-{i}:1.@DDD@",
            "imageID": f"registry.corp.example:5000/team-@DDD@/service-{i}@{_DIGEST}",
            "containerID": "containerd://" + "ab" * 32,
            "ready": True,
            "restartCount": 0,
            "started": True,
            "state": {"running": {"startedAt": "2026-11-21T12:00:00Z"}},
            "lastState": {},
        }
        for i in range(3)
    ]
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web-@DDD@-7d",
        "uid": "rs-@DDD@",
        "controller": True,
    }
    metadata = {
        "name": "web-@DDD@-7d-@PPPP@",
        "generateName": "web-@DDD@-7d-",
        "namespace": "team-@N@",
        "uid": "pod-@PPPP@",
        "resourceVersion": "100",
        "creationTimestamp": "2026-11-21T11:00:00Z",
        "labels": {"app": "web-@DDD@", "pod-template-hash": "7d"},
        "annotations": {"example.com/notes": "n" * 300},
        "ownerReferences": [owner],
        "managedFields": _managed_fields(),
    }
    sources: list[dict[str, Any]] = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
    ]
    spec = {
        "containers": containers,
        "volumes": [{"name": f"v{i}", "configMap": {"name": f"settings-{i}"}} for i in range(4)]
        + [{"name": token, "projected": {"defaultMode": 420, "sources": sources}}],
        "nodeName": "node-@MM@",
        "serviceAccountName": "default",
        "imagePullSecrets": [{"name": "corp"}],
        "restartPolicy": "Always",
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
    }
    status = {"phase": "Running", "containerStatuses": statuses, "hostIP": "10.0.0.1", "podIP": "10.1.0.1"}
    return {"metadata": metadata, "spec": spec, "status": status}


_JSON = json.dumps(_pod(), separators=(",", ":")).encode()
_PROTOBUF = message(wire.Pod, _pod())


def _suffix(number: int) -> bytes:
    """As the API server's name generator makes them: no two pods of a cluster have the same."""
    return bytes(_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in range(5))


def pod(number: int, nodes: int, template: bytes = _JSON) -> bytes:
    deployment = number // REPLICAS
    return (
        template.replace(b"@DDD@", b"%05d" % deployment)
        .replace(b"@PPPP@", b"%06d" % number)
        .replace(b"@TTT@", _suffix(number))
        .replace(b"@N@", b"%03d" % (deployment % NAMESPACES))
        .replace(b"@MM@", b"%04d" % (number % nodes))
    )


def pod_page(page: int, total: int, *, protobuf: bool = False) -> bytes:
    """One page of the list of pods, with the token of the next while there is one."""
    nodes = max(3, total // 100)
    numbers = range(page * PAGE, min((page + 1) * PAGE, total))
    metadata = {"resourceVersion": "100"} | ({"continue": f"page-{page + 1}"} if (page + 1) * PAGE < total else {})
    if protobuf:
        items = ((2, pod(number, nodes, _PROTOBUF)) for number in numbers)
        return envelope("v1", "PodList", joined([(1, message(wire.ListMeta, metadata)), *items]))
    text = b",".join(pod(number, nodes) for number in numbers)
    return (
        b'{"kind":"PodList","apiVersion":"v1","metadata":'
        + json.dumps(metadata).encode()
        + b',"items":['
        + text
        + b"]}"
    )


def small_lists(total: int) -> Iterator[tuple[str, bytes]]:
    """Path and body of every other list that a scan asks for."""
    deployments = range((total + REPLICAS - 1) // REPLICAS)
    nodes = max(3, total // 100)

    def body(kind: str, items: list[dict[str, Any]], version: str = "v1") -> bytes:
        return json.dumps(
            {"kind": kind, "apiVersion": version, "metadata": {"resourceVersion": "100"}, "items": items}
        ).encode()

    def meta(name: str, number: int, **more: Any) -> dict[str, Any]:
        return {"name": name, "namespace": f"team-{number % NAMESPACES:03}", "uid": f"{name}"} | more

    def template(number: int) -> dict[str, Any]:
        images = [f"registry.corp.example:5000/team-{number:05}/service-{i}:1.{number:05}" for i in range(3)]
        containers = [{"name": f"c{i}", "image": image} for i, image in enumerate(images)]
        return {"spec": {"containers": containers, "imagePullSecrets": [{"name": "corp"}]}}

    def reference(number: int) -> dict[str, Any]:
        name = f"web-{number:05}"
        return {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": name, "controller": True}

    yield (
        "/apis/apps/v1/deployments",
        body(
            "DeploymentList",
            [
                {"metadata": meta(f"web-{n:05}", n), "spec": {"replicas": REPLICAS, "template": template(n)}}
                for n in deployments
            ],
            "apps/v1",
        ),
    )
    yield (
        "/apis/apps/v1/replicasets",
        body(
            "ReplicaSetList",
            [
                {
                    "metadata": meta(f"web-{n:05}-7d", n, uid=f"rs-{n:05}", ownerReferences=[reference(n)]),
                    "spec": {"replicas": REPLICAS, "template": template(n)},
                }
                for n in deployments
            ],
            "apps/v1",
        ),
    )
    images = [
        {
            "names": [f"registry.corp.example:5000/team-{i:05}/service-0:1.{i:05}", f"quay.io/x/y-{i}@{_DIGEST}"],
            "sizeBytes": 9,
        }
        for i in range(50)
    ]
    info = {"kubeletVersion": "v1.36.2", "operatingSystem": "linux", "architecture": "amd64"}
    yield (
        "/api/v1/nodes",
        body(
            "NodeList",
            [
                {"metadata": {"name": f"node-{n:04}"}, "status": {"images": images, "nodeInfo": info}}
                for n in range(nodes)
            ],
        ),
    )
    config = base64.b64encode(b'{"auths":{"registry.corp.example:5000":{"auth":"ZmFrZTpmYWtl"}}}').decode()
    pull = {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": config}}
    secrets = [{"metadata": {"name": "corp", "namespace": f"team-{n:03}"}} | pull for n in range(NAMESPACES)]
    yield "/api/v1/secrets", body("SecretList", secrets)
    yield (
        "/api/v1/namespaces",
        body("NamespaceList", [{"metadata": {"name": f"team-{n:03}"}} for n in range(NAMESPACES)]),
    )
    yield (
        "/api/v1/serviceaccounts",
        body(
            "ServiceAccountList",
            [{"metadata": {"name": "default", "namespace": f"team-{n:03}"}} for n in range(NAMESPACES)],
        ),
    )
