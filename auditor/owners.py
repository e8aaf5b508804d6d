"""Root owners: from a pod's controller up to what an engineer can change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from auditor import wire
from auditor.fold import Controller, Group, controller_of
from auditor.model import Node, Owner, Shape
from auditor.shapes import shape_of

_LISTED = {
    (resource.group, resource.kind) for resource in wire.RESOURCES if resource not in (*wire.ADMISSION, *wire.WATCHED)
}
_MAX_DEPTH = 10


class WantedOwner(Struct, frozen=True):
    """A controller that an ownerReference names."""

    namespace: str
    api_version: str
    kind: str
    name: str
    uid: str


class Workload(Struct, frozen=True):
    """A controller with a pod template, or of one only the metadata.

    `name` is the name in identities (generateName, if generated). `revision` is the one that its template makes now,
    for kinds whose pods carry one; None: every pod that it controls is of this template; "": not known.
    """

    namespace: str
    api_version: str
    kind: str
    name: str
    uid: str = ""
    object_name: str = ""
    parent: WantedOwner | None = None
    shape: Shape | None = None
    labels: dict[str, str | None] = {}
    history: bool = False
    replicas: int | None = None
    suspended: bool = False
    revision: str | None = None
    origin: str = ""


def workload_of(item: wire.Workload, resource: wire.Resource, origin: str = "") -> Workload:
    metadata, spec = item.metadata or wire.Metadata(), item.spec or wire.WorkloadSpec()
    template = spec.template
    if spec.job_template and spec.job_template.spec:
        template = spec.job_template.spec.template
    parent = _parent(metadata)
    shape = None
    labels: dict[str, str | None] = {}
    if template and template.spec:
        shape = shape_of(template.spec, template.metadata or wire.Metadata(), admitted=False)
        labels = (template.metadata.labels if template.metadata else None) or {}
    return Workload(
        namespace=metadata.namespace or "",
        api_version=resource.api_version,
        kind=resource.kind,
        name=metadata.generate_name or metadata.name or "",
        uid=metadata.uid or "",
        object_name=metadata.name or metadata.generate_name or "",
        parent=parent,
        shape=shape,
        labels=labels,
        history=resource.kind == "ReplicaSet" and spec.replicas == 0 and parent is not None,
        replicas=spec.replicas,
        suspended=bool(spec.suspend),
        revision=_revision(item, resource.kind),
        origin=origin,
    )


def _revision(item: wire.Workload, kind: str) -> str | None:
    """Which revision the template makes now, where pods of older ones may stand beside."""
    status = item.status or wire.WorkloadStatus()
    generation = item.metadata.generation if item.metadata else None
    if kind == "StatefulSet":
        return status.update_revision or ""
    if kind == "DaemonSet":
        current = (
            status.observed_generation == generation
            and status.desired_number_scheduled is not None
            and status.updated_number_scheduled == status.desired_number_scheduled
        )
        return None if current else ""
    return None if kind in ("ReplicaSet", "Job") else ""


def _parent(metadata: wire.Metadata) -> WantedOwner | None:
    ref = controller_of(metadata)
    if ref is None:
        return None
    return WantedOwner(metadata.namespace or "", ref.api_version or "", ref.kind or "", ref.name or "", ref.uid or "")


class Workloads:
    """All controllers that were read, by uid, and by name where manifests carry no uid."""

    def __init__(self) -> None:
        self._by_uid: dict[str, Workload] = {}
        self._by_name: dict[tuple[str, str, str, str], Workload] = {}

    def add(self, workload: Workload) -> None:
        if workload.uid:
            self._by_uid[workload.uid] = workload
        else:
            key = (workload.namespace, _group(workload.api_version), workload.kind, workload.object_name)
            self._by_name[key] = workload

    def add_metadata(self, wanted: WantedOwner, metadata: wire.Metadata) -> None:
        self.add(
            Workload(
                wanted.namespace,
                wanted.api_version,
                wanted.kind,
                metadata.generate_name or wanted.name,
                wanted.uid,
                wanted.name,
                _parent(metadata),
            )
        )

    def all(self) -> Iterable[Workload]:
        yield from self._by_uid.values()
        yield from self._by_name.values()

    def _find(self, wanted: WantedOwner) -> Workload | None:
        """By uid, since names are used again; by name only what has no uid."""
        found = self._by_uid.get(wanted.uid)
        return found or self._by_name.get((wanted.namespace, _group(wanted.api_version), wanted.kind, wanted.name))

    def wanted(self, controllers: Iterable[Controller]) -> list[WantedOwner]:
        refs = {WantedOwner(*controller) for controller in controllers if controller[4]}
        refs |= {workload.parent for workload in self.all() if workload.parent}
        unread = [ref for ref in refs if (_group(ref.api_version), ref.kind) not in _LISTED and not self._find(ref)]
        return sorted(unread, key=lambda ref: (ref.api_version, ref.kind, ref.namespace, ref.name, ref.uid))

    def _root(self, ref: WantedOwner) -> tuple[WantedOwner, Workload | None]:
        """The top of the chain of controllers, and its object if that was read. A circle ends where it closes."""
        workload = self._find(ref)
        for _ in range(_MAX_DEPTH):
            if workload is None or workload.parent is None:
                break
            ref, workload = workload.parent, self._find(workload.parent)
        return ref, workload

    def root_of(self, controller: Controller) -> tuple[str, str, str]:
        """Namespace, kind and name of the root owner of a controller's pods."""
        ref, root = self._root(WantedOwner(*controller))
        return (root.namespace, root.kind, root.name) if root else (ref.namespace, ref.kind, ref.name)

    def fold(self, groups: Mapping[Controller, Mapping[Shape, Group]], nodes: Mapping[str, Node]) -> tuple[Owner, ...]:
        """Every root owner with its templates and its pods, ordered."""
        roots: dict[tuple[str, str, str, str], _Root] = {}
        for workload in self.all():
            ref, root = self._root(workload.parent) if workload.parent else (None, workload)
            if workload.history or (workload.shape is None and not root):
                continue
            entry = _root_entry(roots, ref, root)
            if workload.shape:
                entry.templates.setdefault(workload.shape, workload.origin)
        for controller, shapes in groups.items():
            direct = self._find(WantedOwner(*controller)) if controller[2] != "Pod" else None
            ref, root = self._root(WantedOwner(*controller))
            entry = _root_entry(roots, ref, root)
            for shape, group in shapes.items():
                if shape.source == "template":
                    entry.templates.setdefault(shape, group.origin)
                    continue
                key = (shape, _declared(direct, shape))
                entry.pods.setdefault(key, Group()).merge(group)
        owners = [roots[key].owner(nodes) for key in sorted(roots)]
        return tuple(owner for owner in owners if owner.shapes)


class _Root:
    def __init__(self, key: tuple[str, str, str, str], workload: Workload | None, *, known: bool) -> None:
        self.key = key
        self.workload = workload
        self.known = known
        self.templates: dict[Shape, str] = {}
        self.pods: dict[tuple[Shape, tuple[str, ...] | None], Group] = {}

    def owner(self, nodes: Mapping[str, Node]) -> Owner:
        namespace, kind, name, api_version = self.key
        pods = [group.fold(shape, nodes, declared) for (shape, declared), group in self.pods.items()]
        origins = [origin for origin in (*self.templates.values(), *(g.origin for g in self.pods.values())) if origin]
        return Owner(
            namespace=namespace,
            kind=kind,
            name=name,
            api_version=api_version,
            known=self.known,
            replicas=self.workload.replicas if self.workload else None,
            suspended=bool(self.workload and self.workload.suspended),
            labels=self._labels(),
            shapes=(*sorted(self.templates, key=repr), *sorted(pods, key=repr)),
            origin=(self.workload.origin if self.workload else "") or min(origins, default=""),
        )

    def _labels(self) -> dict[str, str]:
        common = Group()
        for group in self.pods.values():
            common.label(group.labels)
        labels = (self.workload.labels if self.workload and self.workload.shape else common.labels) or {}
        return {key: labels[key] or "" for key in sorted(labels)}


def _root_entry(
    roots: dict[tuple[str, str, str, str], _Root], ref: WantedOwner | None, workload: Workload | None
) -> _Root:
    if workload:
        key = (workload.namespace, workload.kind, workload.name, workload.api_version)
    else:
        assert ref is not None
        key = (ref.namespace, ref.kind, ref.name, ref.api_version)
    known = workload is not None or key[1] == "Pod"
    return roots.setdefault(key, _Root(key, workload, known=known))


def _declared(direct: Workload | None, shape: Shape) -> tuple[str, ...] | None:
    """The containers of the template that made these pods, if that very template was read."""
    if direct is None or direct.shape is None:
        return None
    if direct.revision is not None and direct.revision != (shape.revision or None):
        return None
    return tuple(sorted(container.name for container in direct.shape.containers))


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]
