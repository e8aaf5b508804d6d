"""Pods into their controllers while they stream in: memory grows with owners and revisions, not with replicas."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping

import msgspec

from auditor import shapes, wire
from auditor.control_plane import control_plane_pod
from auditor.model import ControlPlanePod, DebugContainer, Node, RunningImage, Shape, WaitingImage

_EXAMPLES = 3

Controller = tuple[str, str, str, str, str]
"""Who made a pod: namespace, apiVersion, kind, name, uid (empty where nothing says it)."""


class Group:
    """Pods of one shape under one controller."""

    __slots__ = ("debug", "examples", "labels", "origin", "pods", "running", "waiting")

    def __init__(self) -> None:
        self.pods = 0
        self.origin = ""
        self.examples: list[str] = []
        self.running: dict[tuple[tuple[str, str], ...], dict[str, int]] = {}
        self.waiting: dict[tuple[str, str], WaitingImage] = {}
        self.debug: list[DebugContainer] = []
        self.labels: dict[str, str | None] | None = None

    def label(self, labels: dict[str, str | None] | None) -> None:
        """Keeps the labels that all pods have."""
        if self.labels is None:
            self.labels = labels
        elif labels is not None and labels != self.labels:
            self.labels = {key: value for key, value in self.labels.items() if labels.get(key) == value}

    def example(self, name: str) -> None:
        """Keeps the first few names in alphabetical order, whatever order they come in."""
        if len(self.examples) < _EXAMPLES or name < self.examples[-1]:
            insort(self.examples, name)
            del self.examples[_EXAMPLES:]

    def wait(self, waiting: WaitingImage) -> None:
        key = (waiting.container, waiting.reason)
        known = self.waiting.get(key)
        if known:
            message = min(known.message, waiting.message)
            waiting = msgspec.structs.replace(waiting, message=message, pods=known.pods + waiting.pods)
        self.waiting[key] = waiting

    def merge(self, other: Group) -> None:
        self.pods += other.pods
        self.origin = min(filter(None, (self.origin, other.origin)), default="")
        for name in other.examples:
            self.example(name)
        for images, nodes in other.running.items():
            mine = self.running.setdefault(images, {})
            for node, count in nodes.items():
                mine[node] = mine.get(node, 0) + count
        for waiting in other.waiting.values():
            self.wait(waiting)
        self.debug += other.debug
        self.label(other.labels)

    def fold(self, shape: Shape, nodes: Mapping[str, Node], declared: tuple[str, ...] | None) -> Shape:
        """The shape with what its pods run and wait for, by platform of the nodes that they run on."""
        running: dict[tuple[str, str, str], int] = {}
        systems: set[str] = set()
        for images, counts in self.running.items():
            for name, count in counts.items():
                node = nodes.get(name)
                platform = node.platform if node else ""
                systems.add(node.os if node else "")
                for container, image_id in images:
                    key = (container, image_id, platform)
                    running[key] = running.get(key, 0) + count
        return msgspec.structs.replace(
            shape,
            os=shape.os or (systems.pop() if len(systems) == 1 else ""),
            declared=declared,
            pods=self.pods,
            examples=tuple(self.examples),
            running=tuple(RunningImage(*key, pods) for key, pods in sorted(running.items())),
            waiting=tuple(self.waiting[key] for key in sorted(self.waiting)),
            debug=tuple(sorted(self.debug, key=lambda d: (d.pod, d.container))),
        )


class PodFold:
    """The pods of one list."""

    def __init__(self) -> None:
        self.groups: dict[Controller, dict[Shape, Group]] = {}
        self.control_plane: list[ControlPlanePod] = []
        self._strings: dict[str, str] = {}
        self._seen: set[str] = set()

    def add(self, pod: wire.Pod, origin: str = "") -> None:
        metadata, spec = pod.metadata, pod.spec
        if metadata is None or spec is None:
            return
        if origin and metadata.uid:  # dumps overlap; a list of the API does not hold an object twice
            if metadata.uid in self._seen:
                return
            self._seen.add(metadata.uid)
        metadata.namespace = metadata.namespace or "default"
        controller, static = _controller(metadata, spec.node_name or "")
        if component := control_plane_pod(pod, origin):
            self.control_plane.append(component)
            static = static or controller_of(metadata) is None  # its manifest, as the kubelet reads it from disk
        shape = shapes.shape_of(spec, metadata, admitted=bool(metadata.uid), static=static)
        known = self.groups.setdefault(controller, {})
        group = known.get(shape)
        if group is None:
            group = known[shape] = Group()
        group.pods += 1
        group.example(metadata.name or metadata.generate_name or "")
        group.label(metadata.labels or {})
        if origin:
            group.origin = min(group.origin or origin, origin)
        node = self._once(spec.node_name or "")
        running = shapes.running_of(pod)
        if running or node:  # the node of a pod that runs nothing yet still tells its operating system
            nodes = group.running.setdefault(running, {})
            nodes[node] = nodes.get(node, 0) + 1
        for waiting in shapes.waiting_of(pod):
            group.wait(waiting)
        if spec.ephemeral_containers:
            group.debug += shapes.debug_of(pod)

    def _once(self, text: str) -> str:
        """One object for equal strings: 150,000 pods name few nodes."""
        return self._strings.setdefault(text, text)


def controller_of(metadata: wire.Metadata) -> wire.OwnerReference | None:
    """The one ownerReference that controls; a Node, which controls mirror pods, is none."""
    return next((ref for ref in metadata.owner_references or () if ref.controller and ref.kind != "Node"), None)


def _controller(metadata: wire.Metadata, node: str) -> tuple[Controller, bool]:
    """Who made a pod, and whether it is a static pod's mirror: those stand for themselves, without the node's name."""
    namespace = metadata.namespace or ""
    ref = controller_of(metadata)
    if ref:
        return (namespace, ref.api_version or "", ref.kind or "", ref.name or "", ref.uid or ""), False
    mirror = any(ref.kind == "Node" and ref.controller for ref in metadata.owner_references or ())
    if mirror or wire.present(wire.known_annotations(metadata).mirror):
        return (namespace, "v1", "Pod", (metadata.name or "").removesuffix(f"-{node}"), ""), True
    return (namespace, "v1", "Pod", metadata.generate_name or metadata.name or "", ""), False
