"""A scan of the test API server, with a kubeconfig, the real inventory, and no real waits."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from auditor.inventory import Inventory
from auditor.model import ClusterInfo, Coverage, Snapshot
from auditor.sources.configuration import identify
from auditor.sources.encodings import Encoding
from auditor.sources.live import LiveCluster, LiveOptions, collect
from auditor.sources.progress import Progress
from auditor.sources.transport import Connection
from tests.apiserver import ApiServer


@dataclass
class Scan:
    """What came of it. `waits`: the seconds that would have been waited."""

    cluster: LiveCluster
    snapshot: Snapshot
    stderr: str
    waits: list[float] = field(default_factory=list)

    def row(self, resource: str, *namespaces: str) -> Coverage:
        """The one note about a resource, everywhere or in just these namespaces."""
        rows = [row for row in self.snapshot.coverage if row.resource == resource and row.namespaces == namespaces]
        assert len(rows) == 1, [row for row in self.snapshot.coverage if row.resource == resource]
        return rows[0]

    def states(self) -> dict[str, str]:
        return {row.resource: row.state for row in self.snapshot.coverage}


def write_kubeconfig(path: Path, server: str, user: Any = None, cluster: Mapping[str, Any] | None = None) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "admin@test",
        "contexts": [{"name": "admin@test", "context": {"cluster": "test", "user": "admin"}}],
        "clusters": [{"name": "test", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "admin", "user": {"token": "admin-token"} if user is None else user}],
    }
    path.write_text(yaml.safe_dump(document))
    return path


def scan(
    server: ApiServer,
    folder: Path,
    *,
    token: str = "admin-token",
    page_size: int = 500,
    namespaces: Sequence[str] = (),
    timeout: float = 5,
    kubeconfig: Path | None = None,
    resources: Sequence[str] = (),
    encoding: Encoding = "auto",
) -> Scan:
    config = kubeconfig or write_kubeconfig(folder / "kubeconfig", server.url, {"token": token} if token else {})
    options = LiveOptions(str(config), None, tuple(namespaces), page_size, timeout, tuple(resources), encoding)
    inventory, stderr, waits = Inventory(), io.StringIO(), list[float]()
    cluster = collect(options, inventory, Progress(stderr, shown=False), sleep=waits.append)
    return Scan(cluster, inventory.snapshot(ClusterInfo(cluster.name)), stderr.getvalue(), waits)


def pod(name: str, namespace: str = "default", **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "registry.example/app:1"}
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}"},
        "spec": {"containers": [container], **spec},
        "status": {},
    }


def owned(item: dict[str, Any], api_version: str, kind: str, name: str, uid: str) -> dict[str, Any]:
    reference = {"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": True}
    return {**item, "metadata": {**item["metadata"], "ownerReferences": [reference]}}


def named(name: str, namespace: str = "", **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-{namespace}-{name}", **({"namespace": namespace} if namespace else {})}
    return {"metadata": metadata, **rest}


def seen_by(server: ApiServer, folder: Path, user: dict[str, Any]) -> list[str]:
    """The Authorization header of two requests."""
    identity = identify(str(write_kubeconfig(folder / "k", server.url, user)), None)
    connection = Connection(identity, timeout=5, connections=2)
    connection.get("/version")
    connection.get("/version")
    connection.close()
    return [request.header("authorization") for request in server.requests]
