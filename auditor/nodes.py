"""Nodes as the Snapshot has them: what each says of itself, and which of its images its pods use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from auditor import wire
from auditor.fold import Controller, Group
from auditor.image import MalformedReference, parse, parse_image_id
from auditor.model import Node, NodeImage, Shape


class NodeFold:
    """The nodes of one list. Most list the same images: those that are equal are one object."""

    def __init__(self) -> None:
        self._images: dict[NodeImage, NodeImage] = {}

    def node(self, item: wire.Node, origin: str) -> Node:
        metadata, spec = item.metadata or wire.Metadata(), item.spec or wire.NodeSpec()
        status = item.status or wire.NodeStatus()
        info = status.node_info or wire.NodeInfo()
        labels = metadata.labels or {}
        images = (NodeImage(tuple(sorted(i.names or ())), i.size_bytes or 0) for i in status.images or ())
        return Node(
            name=metadata.name or "",
            os=info.operating_system or labels.get("kubernetes.io/os") or "",
            architecture=info.architecture or labels.get("kubernetes.io/arch") or "",
            kubelet_version=info.kubelet_version or "",
            runtime_version=info.container_runtime_version or "",
            provider_id=(spec.provider_id or "").partition("://")[0],
            schedulable=not spec.unschedulable,
            images=tuple(self._images.setdefault(image, image) for image in images),
            origin=origin,
        )


def with_use(
    nodes: Mapping[str, Node],
    groups: Mapping[Controller, Mapping[Shape, Group]],
    daemons: Mapping[str, Collection[str]],
    working: Collection[str],
) -> tuple[Node, ...]:
    """The nodes in order with what runs on them, and the images marked that their pods name or run."""
    used = _used_names(groups)
    known: dict[NodeImage, tuple[set[str], NodeImage]] = {}
    made = []
    for name in sorted(nodes):
        here: set[str] = set().union(*used.get(name, ()))
        images = []
        for image in nodes[name].images:
            if image not in known:
                known[image] = (_normal(image.names), msgspec.structs.replace(image, used=True))
            names, marked = known[image]
            images.append(image if here.isdisjoint(names) else marked)
        made.append(
            msgspec.structs.replace(
                nodes[name],
                images=tuple(images),
                daemons=tuple(sorted(daemons.get(name, ()))),
                works=name in working,
            )
        )
    return tuple(made)


def _used_names(groups: Mapping[Controller, Mapping[Shape, Group]]) -> dict[str, list[set[str]]]:
    """By node, the normal forms of the images and imageIDs of its pods: one set for all pods that are alike in them."""
    used: dict[str, list[set[str]]] = {}
    for shapes in groups.values():
        for shape, group in shapes.items():
            named = {_used_name(container.image) for container in shape.containers}
            for running, nodes in group.running.items():
                names = (named | {_used_name(image_id) for _, image_id in running}) - {""}
                for node in nodes:
                    used.setdefault(node, []).append(names)
    return used


def _used_name(text: str) -> str:
    """The normal form of an image, by tag or by digest, or of an imageID; empty where it is neither."""
    image_id = parse_image_id(text)
    if image_id.repository and image_id.digest:
        return f"{image_id.repository}@{image_id.digest}"
    try:
        reference = parse(text)
    except MalformedReference:
        return ""
    return f"{reference.name}:{reference.effective_tag}"


def _normal(names: Iterable[str]) -> set[str]:
    normal = set()
    for name in names:
        try:
            normal.add(str(parse(name)))
        except MalformedReference:
            continue
    return normal
