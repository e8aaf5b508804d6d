"""What runs on each node: which DaemonSets with all their containers, and whether anything else does."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.fold import Controller, Group
from auditor.model import Shape
from auditor.owners import Workloads


def running_on(
    groups: Mapping[Controller, Mapping[Shape, Group]], workloads: Workloads
) -> tuple[dict[str, set[str]], set[str]]:
    """DaemonSets (`namespace/name`) by node, and the nodes with other pods; static pods, which the kubelet starts
    itself, count for neither. A DaemonSet's pod of which a container has stopped is none that works."""
    daemons: dict[str, set[str]] = {}
    working: set[str] = set()
    for controller, shapes in groups.items():
        namespace, kind, name = workloads.root_of(controller)
        for shape, group in shapes.items():
            if shape.source != "pods" or shape.static:
                continue
            wanted = {container.name for container in shape.containers if container.role == "container"}
            for images, nodes in group.running.items():
                if kind != "DaemonSet" and images:
                    working.update(nodes)
                elif kind == "DaemonSet" and wanted <= {container for container, _ in images}:
                    for node in nodes:
                        daemons.setdefault(node, set()).add(f"{namespace}/{name}")
    return daemons, working - {""}
