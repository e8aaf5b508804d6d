"""Several small clusters on loopback, and the kubeconfig that has a context for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.sources.scanning import named, pod

PINNED = f"registry.example/app@sha256:{'a' * 64}"
DEAD = "http://127.0.0.1:1"
TOKEN = {"token": "admin-token"}


def cluster(name: str, *images: str) -> Store:
    """A cluster with a uid of its own, whose namespace `shop` runs the images."""
    store = Store()
    system = named("kube-system")
    system["metadata"]["uid"] = f"uid-of-{name}"
    store.add("v1", "namespaces", [system, named("shop")])
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    store.add("v1", "pods", [pod("web", "shop", containers=containers)] if images else [])
    return store


@contextmanager
def serving(stores: Mapping[str, Store]) -> Iterator[dict[str, ApiServer]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(ApiServer(store)) for name, store in stores.items()}


def write_contexts(path: Path, servers: Mapping[str, str], users: Mapping[str, Any] | None = None) -> str:
    """A kubeconfig with a context, a cluster and a user of each name; the user has a token unless `users` says else."""
    given = users or {}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": next(iter(servers), ""),
        "contexts": [{"name": name, "context": {"cluster": f"{name}-cluster", "user": name}} for name in servers],
        "clusters": [{"name": f"{name}-cluster", "cluster": {"server": server}} for name, server in servers.items()],
        "users": [{"name": name, "user": given.get(name, TOKEN)} for name in servers],
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)
