"""The params of an admission policy: what a binding's paramRef comes to in a namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from auditor.enforcement.admission_objects import Binding, Definition, mapping, text
from auditor.enforcement.selectors import matches
from auditor.enforcement.world import Unread, World
from auditor.model import PolicyObject

RESOURCE = "params"
"""What the objects that paramRefs name are called in coverage."""

_READ = frozenset({"apiVersion", "kind", "metadata", "data", "spec"})
_META_READ = frozenset({"name", "namespace", "labels"})


class Params(Struct, frozen=True):
    """`found`: with these values, None for a policy without; `absent`: none, and so the policy is not applied;
    `error`: a matter of the failurePolicy; `unknown`: not to be told."""

    state: Literal["found", "absent", "error", "unknown"]
    values: tuple[Mapping[str, Any] | None, ...] = ()
    detail: str = ""


class Store:
    """The objects that may be params, by kind and namespace."""

    def __init__(self, world: World) -> None:
        self._by_kind: dict[str, dict[str, list[PolicyObject]]] = {}
        for found in world.readable(RESOURCE):
            self._by_kind.setdefault(found.kind, {}).setdefault(found.namespace, []).append(found)
        self.gap: Unread | None = None
        try:
            world.objects(RESOURCE)
        except Unread as gap:
            self.gap = gap

    def knows(self, kind: Mapping[str, Any]) -> bool:
        found = self._by_kind.get(text(kind.get("kind")), {})
        return any(_is_of(item, kind) for items in found.values() for item in items)

    def near(self, kind: Mapping[str, Any], namespace: str) -> list[PolicyObject]:
        """Those of the namespace, and those of a kind that has none."""
        found = self._by_kind.get(text(kind.get("kind")), {})
        return [item for item in (*found.get(namespace, ()), *found.get("", ())) if _is_of(item, kind)]


def _is_of(item: PolicyObject, kind: Mapping[str, Any]) -> bool:
    """Of the very version: the API server looks a paramKind up by it."""
    return item.api_version in ("", kind.get("apiVersion"))


def params(store: Store, policy: Definition, bound: Binding, namespace: str) -> Params:
    """As the API server collects them for a request in the namespace: k8s apiserver
    pkg/admission/plugin/policy/generic/policy_dispatcher.go (CollectParams)."""
    kind, reference = policy.param_kind, bound.param_ref
    if kind is None:
        return Params("found", (None,))
    if reference is None:
        return Params("found", (None,), "its binding names no param")
    within = text(reference.get("namespace")) or namespace
    near = store.near(kind, within)
    name, selector = text(reference.get("name")), reference.get("selector")
    what = f"{kind.get('kind')} {name}" if name else f"a {kind.get('kind')}"
    if name:
        chosen = [found for found in near if found.name == name]
    else:
        chosen = [found for found in near if matches(selector, found.labels)]
        if any(matches(selector, found.labels) is None for found in near):
            return Params("unknown", detail="the selector of its paramRef is not understood")
    if store.gap and (not chosen or not name):
        return Params("unknown", detail=f"its params were not read ({store.gap.detail or store.gap.state})")
    if not chosen:
        return _missing(reference, what, kind, known=store.knows(kind))
    if not _suffices(policy):
        return Params("unknown", detail="it reads fields of its params that are not held here")
    whole = _reads_identity(policy)
    values = tuple(_value(found, kind, whole=whole) for found in chosen)
    return Params("found", values, f"params: {', '.join(found.name for found in chosen[:3])}")


def _missing(reference: Mapping[str, Any], what: str, kind: Mapping[str, Any], *, known: bool) -> Params:
    if reference.get("parameterNotFoundAction") == "Deny":
        return Params("error", detail=f"{what} does not exist, and parameterNotFoundAction is Deny")
    # A kind that the API server does not serve is an error, one that has no objects is not.
    if not known and (kind.get("apiVersion"), kind.get("kind")) != ("v1", "ConfigMap"):
        return Params("unknown", detail=f"{what} was not found, and perhaps the API server does not know the kind")
    return Params("absent", detail=f"{what} does not exist, and parameterNotFoundAction is Allow")


def _suffices(policy: Definition) -> bool:
    """Whether it reads of its params only what is held here."""
    for expression in policy.expressions:
        for path in expression.tree.paths:
            if path[0] != "params" or len(path) < 2:
                continue
            if path[1] not in _READ or (path[1] == "metadata" and not _META_READ.issuperset(path[2:3])):
                return False
    return True


def _reads_identity(policy: Definition) -> bool:
    """Whether it reads of its params more than data and spec: the same params in many namespaces are one, else."""
    paths = {path for expression in policy.expressions for path in expression.tree.paths if path[0] == "params"}
    return any(path[1:2] not in (("data",), ("spec",)) for path in paths)


def _value(found: PolicyObject, kind: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    parts = {"data": mapping(found.data), "spec": mapping(found.spec)}
    value = {key: part for key, part in parts.items() if part}
    if not whole:
        return value
    metadata: dict[str, Any] = {"name": found.name}
    if found.namespace:
        metadata["namespace"] = found.namespace
    if found.labels:
        metadata["labels"] = dict(found.labels)
    return {"apiVersion": kind.get("apiVersion"), "kind": found.kind, "metadata": metadata, **value}
