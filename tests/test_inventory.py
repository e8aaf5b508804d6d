"""Folding, owners, redaction and coverage: lists in, one ordered snapshot out."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import msgspec
import pytest

from auditor import wire
from auditor.collect import dump_snapshot, load_snapshot
from auditor.inventory import Inventory
from auditor.model import ClusterInfo, Owner, Snapshot
from auditor.owners import WantedOwner

FILES = ClusterInfo(source="files")


def obj(resource: str, **fields: Any) -> wire.Object:
    return wire.decode_object(wire.BY_NAME[resource].type, json.dumps(fields).encode())


def inventory_of(**lists: list[wire.Object]) -> Inventory:
    inventory = Inventory()
    for name, items in lists.items():
        listing = inventory.begin(wire.BY_NAME[name])
        listing.add(items)
        inventory.end(listing)
    return inventory


def snapshot_of(**lists: list[wire.Object]) -> Snapshot:
    return inventory_of(**lists).snapshot(FILES)


def ref(kind: str, name: str, uid: str = "", api: str = "apps/v1") -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "name": name, "uid": uid or f"uid-{name}", "controller": True}


def meta(name: str, *owners: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": "shop", "uid": f"uid-{name}", "ownerReferences": list(owners)} | more


def spec(*images: str, **more: Any) -> dict[str, Any]:
    return {"containers": [{"name": f"c{i}", "image": image} for i, image in enumerate(images)]} | more


def pod(name: str, *owners: dict[str, Any], image: str = "app:1", node: str = "n1", **more: Any) -> wire.Object:
    status = {"name": "c0", "imageID": f"docker.io/library/app@sha256:{'a' * 64}", "state": {"running": {}}}
    return obj(
        "pods",
        metadata=meta(name, *owners, **more),
        spec=spec(image, nodeName=node),
        status={"containerStatuses": [status]},
    )


def replicaset(name: str, *owners: dict[str, Any], replicas: int = 1, image: str = "app:1") -> wire.Object:
    return obj(
        "replicasets", metadata=meta(name, *owners), spec={"replicas": replicas, "template": {"spec": spec(image)}}
    )


def deployment(name: str = "web", image: str = "app:1", **more: Any) -> wire.Object:
    return obj("deployments", metadata=meta(name, **more), spec={"replicas": 1, "template": {"spec": spec(image)}})


def names(snapshot: Snapshot) -> list[tuple[str, str, bool]]:
    return [(owner.kind, owner.name, owner.known) for owner in snapshot.owners]


def only(snapshot: Snapshot) -> Owner:
    (owner,) = snapshot.owners
    return owner


def test_replicas_fold_into_the_deployment() -> None:
    snapshot = snapshot_of(
        deployments=[deployment()],
        replicasets=[replicaset("web-1", ref("Deployment", "web"))],
        pods=[pod(f"web-1-{i}", ref("ReplicaSet", "web-1"), node=f"n{i % 3}") for i in range(100)],
    )
    owner = only(snapshot)
    assert (owner.kind, owner.name) == ("Deployment", "web")
    template, pods = owner.shapes
    assert (template.source, pods.source, pods.pods) == ("template", "pods", 100)
    assert pods.examples == ("web-1-0", "web-1-1", "web-1-10")
    assert pods.declared == ("c0",)
    assert [running.pods for running in pods.running] == [100]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"pods": [pod("p", ref("ReplicaSet", "rs"))]}, ("ReplicaSet", "rs", False)),
        ({"pods": [pod("p")]}, ("Pod", "p", True)),
        ({"pods": [pod("job-x7", generateName="job-")]}, ("Pod", "job-", True)),
        ({"pods": [pod("kube-apiserver-n1", ref("Node", "n1", api="v1"))]}, ("Pod", "kube-apiserver", True)),
        ({"replicasets": [replicaset("rs")]}, ("ReplicaSet", "rs", True)),
        (
            {
                "replicasets": [replicaset("ro-1", ref("Rollout", "ro", api="argoproj.io/v1alpha1"))],
                "pods": [pod("p", ref("ReplicaSet", "ro-1"))],
            },
            ("Rollout", "ro", False),
        ),
        (
            {
                "jobs": [
                    obj(
                        "jobs",
                        metadata=meta("j-1", ref("CronJob", "j", api="batch/v1")),
                        spec={"template": {"spec": spec("a")}},
                    )
                ]
            },
            ("CronJob", "j", False),
        ),
        (
            {"pods": [pod("task-pod", ref("TaskRun", "task", api="tekton.dev/v1"))]},
            ("TaskRun", "task", False),
        ),
    ],
)
def test_roots(lists: dict[str, list[wire.Object]], expected: tuple[str, str, bool]) -> None:
    assert names(snapshot_of(**lists)) == [expected]


def test_history_is_no_subject() -> None:
    snapshot = snapshot_of(
        deployments=[deployment(image="app:2")],
        replicasets=[
            replicaset("web-1", ref("Deployment", "web"), replicas=0, image="app:1"),
            replicaset("web-2", ref("Deployment", "web"), image="app:2"),
        ],
    )
    assert {c.image for shape in only(snapshot).shapes for c in shape.containers} == {"app:2"}


def test_a_name_used_again_is_another_owner() -> None:
    snapshot = snapshot_of(
        replicasets=[replicaset("rs")],
        pods=[pod("p", ref("ReplicaSet", "rs", uid="uid-of-a-deleted-one"))],
    )
    (owner,) = snapshot.owners
    assert [shape.declared for shape in owner.shapes] == [None, None]


def test_circles_of_owners_end() -> None:
    snapshot = snapshot_of(
        replicasets=[replicaset("a", ref("ReplicaSet", "b")), replicaset("b", ref("ReplicaSet", "a"))],
        pods=[pod("p", ref("ReplicaSet", "a"))],
    )
    assert snapshot.owners


def test_owners_are_climbed_by_metadata() -> None:
    inventory = inventory_of(pods=[pod("p", ref("StrimziPodSet", "kafka", api="core.strimzi.io/v1"))])
    (wanted,) = inventory.wanted_owners()
    assert wanted == WantedOwner("shop", "core.strimzi.io/v1", "StrimziPodSet", "kafka", "uid-kafka")
    metadata = wire.Metadata(
        name="kafka",
        namespace="shop",
        owner_references=[
            wire.OwnerReference(
                kind="Kafka", name="bus", uid="uid-bus", api_version="kafka.strimzi.io/v1", controller=True
            )
        ],
    )
    inventory.add_owner(wanted, metadata)
    (above,) = inventory.wanted_owners()
    inventory.add_owner(above, wire.Metadata(name="bus", namespace="shop"))
    assert inventory.wanted_owners() == []
    assert names(inventory.snapshot(FILES)) == [("Kafka", "bus", True)]


def test_injection_shows_only_in_admitted_pods() -> None:
    manifest = obj("pods", metadata={"name": "p"}, spec=spec("app:1"))
    owner = only(snapshot_of(pods=[manifest]))
    assert (owner.namespace, owner.shapes[0].source, owner.shapes[0].pods) == ("default", "template", 0)


def test_the_snapshot_is_the_same_in_any_order() -> None:
    lists = {
        "deployments": [deployment(name) for name in "abc"],
        "replicasets": [replicaset(f"{name}-1", ref("Deployment", name)) for name in "abc"],
        "pods": [
            pod(f"{name}-1-{i}", ref("ReplicaSet", f"{name}-1"), image=f"app:{i % 2}", node=f"n{i % 4}")
            for name in "abc"
            for i in range(12)
        ],
        "nodes": [
            obj(
                "nodes",
                metadata={"name": f"n{i}"},
                status={"nodeInfo": {"operatingSystem": "linux", "architecture": a}},
            )
            for i, a in enumerate(("amd64", "arm64", "amd64", "arm64"))
        ],
    }
    first = dump_snapshot(snapshot_of(**lists))
    shuffle = random.Random(7)
    for _ in range(5):
        shuffled = {name: shuffle.sample(items, len(items)) for name, items in shuffle.sample(list(lists.items()), 4)}
        assert dump_snapshot(snapshot_of(**shuffled)) == first
    assert dump_snapshot(load_snapshot(first, "s.json")) == first
    platforms = {
        running.platform for owner in load_snapshot(first, "s").owners for s in owner.shapes for running in s.running
    }
    assert platforms == {"linux/amd64", "linux/arm64"}


def test_a_dropped_list_leaves_no_trace() -> None:
    inventory = Inventory()
    inventory.begin(wire.BY_NAME["deployments"]).add([deployment()])
    assert inventory.snapshot(FILES) == Inventory().snapshot(FILES)


def test_coverage_unites_namespaces_of_one_state() -> None:
    inventory = Inventory()
    for namespace in ("b", "a"):
        listing = inventory.begin(wire.BY_NAME["pods"])
        inventory.end(listing, namespace=namespace)
    inventory.cover("pods", "forbidden", namespace="c", detail="no right")
    rows = [(row.state, row.namespaces, row.complete) for row in inventory.snapshot(FILES).coverage]
    assert rows == [("forbidden", ("c",), False), ("read", ("a", "b"), True)]


SECRET = "hunter2-secret"
AUTH = base64.b64encode(f"deploy-user:{SECRET}".encode()).decode()


def test_nothing_secret_is_kept() -> None:
    config = {
        "auths": {
            f"https://deploy-user:{SECRET}@registry.example/v1/?q={SECRET}#x": {
                "username": "deploy-user",
                "password": SECRET,
                "auth": AUTH,
                "email": "deploy-user@example.com",
            }
        }
    }
    data = base64.b64encode(json.dumps(config).encode()).decode()
    secret = obj("secrets", metadata=meta("s"), type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": data})
    env = {"name": "PASSWORD", "value": SECRET, "valueFrom": {"secretKeyRef": {"name": "db", "key": SECRET}}}
    container = {"name": "c", "image": "app", "env": [env], "command": ["run", f"--password={SECRET}"]}
    holder = obj("pods", metadata=meta("p", annotations={"note": SECRET}), spec={"containers": [container]})
    text = dump_snapshot(snapshot_of(secrets=[secret], pods=[holder])).decode()
    for hidden in (SECRET, AUTH, "deploy-user", base64.b64encode(SECRET.encode()).decode(), data):
        assert hidden not in text
    assert "registry.example" in text
    assert '"secrets":["db"]' in text


def test_equal_credentials_get_equal_numbers_in_order_of_place() -> None:
    def secret(namespace: str, password: str) -> wire.Object:
        config = base64.b64encode(
            json.dumps({"auths": {"r.example": {"username": "u", "password": password}}}).encode()
        )
        data = {".dockerconfigjson": config.decode()}
        metadata = {"name": "s", "namespace": namespace}
        return obj("secrets", metadata=metadata, type="kubernetes.io/dockerconfigjson", data=data)

    snapshot = snapshot_of(secrets=[secret("c", "one"), secret("a", "two"), secret("b", "one")])
    numbers = {s.namespace: s.content.entries[0].same_as for s in snapshot.secrets}
    assert numbers == {"a": 1, "b": 2, "c": 2}


def test_secrets_that_are_named_but_are_none_for_the_kubelet() -> None:
    opaque = obj("secrets", metadata=meta("opaque"), type="Opaque")
    user = obj("pods", metadata=meta("p"), spec=spec("a", imagePullSecrets=[{"name": "opaque"}, {"name": "gone"}, {}]))
    others = snapshot_of(secrets=[opaque], pods=[user]).other_secrets
    assert [(o.name, o.type, o.missing) for o in others] == [("gone", "", True), ("opaque", "Opaque", False)]
    live = inventory_of(secrets=[], pods=[user])
    assert live.wanted_secrets() == [("shop", "gone"), ("shop", "opaque")]
    live.secret_missing("shop", "gone")
    assert [o.name for o in live.snapshot(ClusterInfo(source="live")).other_secrets] == ["gone"]


def test_node_images_know_whether_pods_use_them() -> None:
    digest = f"docker.io/library/app@sha256:{'a' * 64}"
    images = [{"names": [digest, "docker.io/library/app:1"]}, {"names": ["docker.io/library/app:2"]}, {"names": None}]
    node = obj("nodes", metadata={"name": "n1"}, status={"images": images})
    snapshot = snapshot_of(nodes=[node], pods=[pod("p")])
    assert [image.used for image in snapshot.nodes[0].images] == [True, False, False]


def test_unknown_snapshot_fields_are_refused() -> None:
    text = dump_snapshot(Snapshot()).decode().rstrip()[:-1] + ',"more":1}'
    with pytest.raises(msgspec.ValidationError, match="more"):
        msgspec.json.decode(text, type=Snapshot)
