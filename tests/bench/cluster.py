"""A cluster of any size as ready bytes: pods shaped like real ones, about 19 kB each with their managedFields."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

PAGE = 500
REPLICAS = 50
NAMESPACES = 300
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


def _pod() -> bytes:
    env = [{"name": f"SETTING_{i}", "value": f"a value of setting {i}, as long as such values are"} for i in range(30)]
    mounts = [{"name": f"v{i}", "mountPath": f"/var/lib/app/volume-{i}", "readOnly": True} for i in range(4)]
    containers = [
        {
            "name": f"c{i}",
            "image": f"registry.corp.example:5000/team-@D@/service-{i}:1.@D@",
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
            "image": f"registry.corp.example:5000/team-@D@/service-{i}:1.@D@",
            "imageID": f"registry.corp.example:5000/team-@D@/service-{i}@{_DIGEST}",
            "containerID": "containerd://" + "ab" * 32,
            "ready": True,
            "restartCount": 0,
            "started": True,
            "state": {"running": {"startedAt": "2026-11-21T12:00:00Z"}},
            "lastState": {},
        }
        for i in range(3)
    ]
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-@D@-7d", "uid": "rs-@D@", "controller": True}
    metadata = {
        "name": "web-@D@-7d-@P@",
        "generateName": "web-@D@-7d-",
        "namespace": "team-@N@",
        "uid": "pod-@P@",
        "resourceVersion": "100",
        "creationTimestamp": "2026-11-21T11:00:00Z",
        "labels": {"app": "web-@D@", "pod-template-hash": "7d"},
        "annotations": {"example.com/notes": "n" * 300},
        "ownerReferences": [owner],
        "managedFields": _managed_fields(),
    }
    spec = {
        "containers": containers,
        "volumes": [{"name": f"v{i}", "configMap": {"name": f"settings-{i}"}} for i in range(4)],
        "nodeName": "node-@M@",
        "serviceAccountName": "default",
        "imagePullSecrets": [{"name": "corp"}],
        "restartPolicy": "Always",
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
    }
    status = {"phase": "Running", "containerStatuses": statuses, "hostIP": "10.0.0.1", "podIP": "10.1.0.1"}
    return json.dumps({"metadata": metadata, "spec": spec, "status": status}, separators=(",", ":")).encode()


_TEMPLATE = _pod()


def pod(number: int, nodes: int) -> bytes:
    deployment = number // REPLICAS
    return (
        _TEMPLATE.replace(b"@D@", b"%d" % deployment)
        .replace(b"@P@", b"%d" % number)
        .replace(b"@N@", b"%d" % (deployment % NAMESPACES))
        .replace(b"@M@", b"%d" % (number % nodes))
    )


def pod_page(page: int, total: int) -> bytes:
    """One page of the list of pods, with the token of the next while there is one."""
    nodes = max(3, total // 100)
    numbers = range(page * PAGE, min((page + 1) * PAGE, total))
    token = f"page-{page + 1}" if (page + 1) * PAGE < total else ""
    head = json.dumps({"resourceVersion": "100"} | ({"continue": token} if token else {}))
    items = b",".join(pod(number, nodes) for number in numbers)
    return b'{"kind":"PodList","apiVersion":"v1","metadata":' + head.encode() + b',"items":[' + items + b"]}"


def small_lists(total: int) -> Iterator[tuple[str, bytes]]:
    """Path and body of every other list that a scan asks for."""
    deployments = range((total + REPLICAS - 1) // REPLICAS)
    nodes = max(3, total // 100)

    def body(kind: str, items: list[dict[str, Any]]) -> bytes:
        return json.dumps(
            {"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "100"}, "items": items}
        ).encode()

    def meta(name: str, number: int, **more: Any) -> dict[str, Any]:
        return {"name": name, "namespace": f"team-{number % NAMESPACES}", "uid": f"{name}"} | more

    def template(number: int) -> dict[str, Any]:
        images = [f"registry.corp.example:5000/team-{number}/service-{i}:1.{number}" for i in range(3)]
        containers = [{"name": f"c{i}", "image": image} for i, image in enumerate(images)]
        return {"spec": {"containers": containers, "imagePullSecrets": [{"name": "corp"}]}}

    def reference(number: int) -> dict[str, Any]:
        name = f"web-{number}"
        return {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": name, "controller": True}

    yield (
        "/apis/apps/v1/deployments",
        body(
            "DeploymentList",
            [
                {"metadata": meta(f"web-{n}", n), "spec": {"replicas": REPLICAS, "template": template(n)}}
                for n in deployments
            ],
        ),
    )
    yield (
        "/apis/apps/v1/replicasets",
        body(
            "ReplicaSetList",
            [
                {
                    "metadata": meta(f"web-{n}-7d", n, uid=f"rs-{n}", ownerReferences=[reference(n)]),
                    "spec": {"replicas": REPLICAS, "template": template(n)},
                }
                for n in deployments
            ],
        ),
    )
    images = [
        {
            "names": [f"registry.corp.example:5000/team-{i}/service-0:1.{i}", f"quay.io/x/y-{i}@{_DIGEST}"],
            "sizeBytes": 9,
        }
        for i in range(50)
    ]
    info = {"kubeletVersion": "v1.36.2", "operatingSystem": "linux", "architecture": "amd64"}
    yield (
        "/api/v1/nodes",
        body(
            "NodeList",
            [{"metadata": {"name": f"node-{n}"}, "status": {"images": images, "nodeInfo": info}} for n in range(nodes)],
        ),
    )
    config = base64.b64encode(b'{"auths":{"registry.corp.example:5000":{"auth":"ZmFrZTpmYWtl"}}}').decode()
    pull = {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": config}}
    secrets = [{"metadata": {"name": "corp", "namespace": f"team-{n}"}} | pull for n in range(NAMESPACES)]
    yield "/api/v1/secrets", body("SecretList", secrets)
    yield "/api/v1/namespaces", body("NamespaceList", [{"metadata": {"name": f"team-{n}"}} for n in range(NAMESPACES)])
    yield (
        "/api/v1/serviceaccounts",
        body(
            "ServiceAccountList",
            [{"metadata": {"name": "default", "namespace": f"team-{n}"}} for n in range(NAMESPACES)],
        ),
    )
