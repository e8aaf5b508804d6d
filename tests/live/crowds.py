"""Many pods on a real API server, and something that happens while they are read."""

from __future__ import annotations

import io
from collections.abc import Callable

from auditor.sources.progress import Progress
from tests.live.conftest import Server

PODS = "/api/v1/namespaces/default/pods"


def populate(server: Server, count: int, size: int = 0) -> None:
    """With pods whose annotations have so many characters."""
    for number in range(count):
        metadata = {"name": f"pod-{number:04}", "annotations": {"note": "x" * size}}
        container = {"name": "main", "image": f"registry.example/app:{number}"}
        server.create(PODS, {"metadata": metadata, "spec": {"containers": [container]}})


class Hooked(Progress):
    """Calls something once, as the first page of pods was read."""

    def __init__(self, hook: Callable[[], object]) -> None:
        super().__init__(io.StringIO(), shown=False)
        self._hook: Callable[[], object] | None = hook

    def advance(self, resource: str, objects: int) -> None:
        super().advance(resource, objects)
        hook, self._hook = self._hook, self._hook if resource != "pods" else None
        if hook and resource == "pods":
            hook()
