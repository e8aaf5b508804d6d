"""The params of an admission policy: what a binding's paramRef comes to in a namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from auditor.enforcement.admission_objects import Binding, Definition, text
from auditor.enforcement.selectors import matches
from auditor.enforcement.world import Unread, World
from auditor.model import PolicyObject
from auditor.policy_objects import as_params

RESOURCE = "params"
"""What the objects that paramRefs name are called in coverage."""

_META_READ = frozenset({"name", "namespace", "labels", "generation"})
_IDENTITY = frozenset({"apiVersion", "kind", "metadata"})
_CONFIGMAP = ("v1", "ConfigMap")


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
        self._world = world
        self.gap: Unread | None = None
        try:
            world.objects(RESOURCE)
        except Unread as gap:
            self.gap = gap

    def served(self, kind: Mapping[str, Any]) -> bool | None:
        """Whether the API server serves a paramKind; None where that is not known."""
        named = text(kind.get("apiVersion")), text(kind.get("kind"))
        if self.of(kind) or named == _CONFIGMAP:
            return True
        try:
            return False if self._world.parameters(*named) is None else None
        except Unread:
            return None

    def of(self, kind: Mapping[str, Any]) -> list[PolicyObject]:
        found = self._by_kind.get(text(kind.get("kind")), {})
        return [item for items in found.values() for item in items if _is_of(item, kind)]

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
    served = store.served(kind)
    if served is False:
        return Params("error", detail=f"its paramKind {kind.get('kind')} is not served")
    if reference is None:
        if served is None:
            return Params("unknown", detail=f"it is not known whether {kind.get('kind')} is served")
        return Params("found", (None,), "its binding names no param")
    if reference.get("namespace") and any(not found.namespace for found in store.of(kind)):
        return Params("error", detail=f"its paramRef names a namespace, and {kind.get('kind')} has none")
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
        return _missing(reference, what, served=served)
    if not _suffices(policy):
        return Params("unknown", detail="it reads fields of its params that are not held here")
    whole = _reads_identity(policy)
    values = tuple(_value(found, kind, whole=whole) for found in chosen)
    return Params("found", values, f"params: {', '.join(found.name for found in chosen[:3])}")


def _missing(reference: Mapping[str, Any], what: str, *, served: bool | None) -> Params:
    if reference.get("parameterNotFoundAction") == "Deny":
        return Params("error", detail=f"{what} does not exist, and parameterNotFoundAction is Deny")
    # A kind that the API server does not serve is an error, one that has no objects is not.
    if served is None:
        return Params("unknown", detail=f"{what} was not found, and perhaps the API server does not know the kind")
    return Params("absent", detail=f"{what} does not exist, and parameterNotFoundAction is Allow")


def _suffices(policy: Definition) -> bool:
    """Whether it reads of its params only what is held here."""
    for expression in policy.expressions:
        for path in expression.tree.paths:
            if path[0] != "params" or len(path) < 2:
                continue
            if path[1] == "binaryData" or (path[1] == "metadata" and not _META_READ.issuperset(path[2:3])):
                return False
    return True


def _reads_identity(policy: Definition) -> bool:
    """Whether it reads of its params what tells two of the same content apart: these are one, else."""
    paths = {path for expression in policy.expressions for path in expression.tree.paths if path[0] == "params"}
    return any(len(path) < 2 or path[1] in _IDENTITY for path in paths)


def _value(found: PolicyObject, kind: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    value = {**as_params(found), "apiVersion": kind.get("apiVersion")}
    return value if whole else {key: part for key, part in value.items() if key not in _IDENTITY}
