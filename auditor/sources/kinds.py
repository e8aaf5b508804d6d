"""Which list of the inventory a document belongs to, and the document as an item of that list."""

from __future__ import annotations

import msgspec

from auditor import wire
from auditor.errors import SourceError
from auditor.sources.documents import Document

_CONSTRAINT = wire.BY_NAME[wire.CONSTRAINTS]
_SETTINGS = frozenset(name for _, name in wire.CONFIGMAPS)
_KINDS = {(resource.group, resource.kind): resource for resource in wire.RESOURCES} | {
    # Served until Kubernetes 1.16 beside apps, and still in many a manifest.
    ("extensions", wire.BY_NAME[name].kind): wire.BY_NAME[name]
    for name in ("deployments", "daemonsets", "replicasets")
}


class _Named(msgspec.Struct):
    """An object as far as its name."""

    metadata: wire.Metadata | None = None


def own_group(group: str) -> bool:
    """Whether an API group is one that somebody added to the cluster, and not the API server's own."""
    return "." in group and not group.endswith(".k8s.io")


UNMISTAKABLE = frozenset(kind for (group, kind), resource in _KINDS.items() if not own_group(group)) | {"Rollout"}
"""Kinds whose documents are meant for Kubernetes even where they lack an apiVersion."""


def resource_of(document: Document) -> wire.Resource | None:
    """The list, of whatever version the document is; None for kinds that nobody needs, or needs only as parameters."""
    group = group_of(document)
    if group == wire.CONSTRAINTS:
        return _CONSTRAINT
    if (group, document.kind) == ("", wire.SETTINGS.kind):
        # An engine may be installed in another namespace than its chart proposes, hardly by another name.
        return wire.SETTINGS if _name(document) in _SETTINGS else None
    return _KINDS.get((group, document.kind))


def is_configmap(document: Document) -> bool:
    """Whether it is read for the rules that it may hold, whatever else it is read for."""
    return document.kind == "ConfigMap" and not group_of(document)


def group_of(document: Document) -> str:
    return document.api_version.rpartition("/")[0]


def item_of(resource: wire.Resource, document: Document) -> wire.Object:
    """The document as an item of its list; SourceError where it does not fit its kind."""
    try:
        if resource is wire.PARAMETERS:
            parameter = wire.decode_parameter(document.json)
            _stated(parameter, document)
            metadata = parameter.metadata
            if metadata is not None and not group_of(document):
                metadata.namespace = metadata.namespace or "default"
            return parameter
        item = wire.decode_object(resource.type, document.json)
    except msgspec.MsgspecError as error:
        reason = str(error)  # types and paths, never values
    except UnicodeDecodeError:
        reason = "not UTF-8"
    except RecursionError:
        reason = "nested too deeply"
    else:
        if isinstance(item, wire.PolicyObject):
            _stated(item, document)
        return item
    raise SourceError(f"{document.origin}: {document.kind}: {reason}", "kubectl explain says what type a field has.")


def _stated(item: wire.PolicyObject | wire.Parameter, document: Document) -> None:
    """Items of typed lists carry neither kind nor apiVersion; the document knows them from the list."""
    item.kind, item.api_version = document.kind, document.api_version


def _name(document: Document) -> str:
    try:
        metadata = msgspec.json.decode(document.json, type=_Named).metadata
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return (metadata.name if metadata else None) or ""
