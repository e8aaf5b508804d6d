"""Which programs that detect what containers do run on a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model import Node
from auditor.watcher_pods import FALCO, runs

if TYPE_CHECKING:
    from auditor.views import Views


class RuntimeDetection:
    """Which programs that detect what containers do run on a node."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        names = frozenset(views.policy.runtime_detection)
        wanted = names | (FALCO if "falco" in names else frozenset())
        self._daemons = frozenset(
            f"{owner.namespace}/{owner.name}"
            for owner in views.snapshot.owners
            if owner.kind == "DaemonSet" and (owner.name in names or runs(owner.shapes, owner.labels, wanted))
        )

    def on(self, node: Node) -> tuple[str, ...]:
        """The DaemonSets of them that run there; Unread where there are none, and pods could not be read."""
        found = tuple(name for name in node.daemons if name in self._daemons)
        if not found:
            self._gaps.require("pods", everywhere=True)
        return found

    def works(self, node: Node) -> bool:
        """Whether workloads run there, too; Unread where none was seen, and pods could not be read."""
        if not node.works:
            self._gaps.require("pods", everywhere=True)
        return node.works

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """All of them that the cluster has."""
        return tuple(sorted(self._daemons))
