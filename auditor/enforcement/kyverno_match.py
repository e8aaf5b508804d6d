"""Which pods a Kyverno rule or exception is for: its match and exclude blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from auditor.enforcement.fields import items, mapping, text, texts
from auditor.enforcement.kyverno_patterns import glob
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.selectors import matches

_VERSION = re.compile(r"v\d+((alpha|beta)\d+)?|\*", re.ASCII)
_OURS = frozenset({"name", "names", "selector", "annotations"})
_EVERYBODY = frozenset({"system:authenticated"})


class Request(Struct, frozen=True):
    """A request for a plain pod (no labels or annotations, a name of no meaning) by somebody without special rights."""

    namespace: str
    operation: str = "CREATE"
    subresource: str = ""
    name: str = "sample"


def matched(rule: Mapping[str, Any], request: Request, known: Namespaces) -> bool | None:
    """Whether a rule with `match` and `exclude` is for the request; None where that cannot be decided.

    Source: kyverno pkg/engine/utils/match.go; an empty block matches nothing, an empty exclude excludes nothing.
    """
    wanted = _block(mapping(rule.get("match")), request, known)
    if wanted is False:
        return False
    excluded = _block(exclude, request, known) if (exclude := mapping(rule.get("exclude"))) else False
    if excluded is True:
        return False
    return None if wanted is None or excluded is None else True


def opts_out(rule: Mapping[str, Any]) -> bool:
    """Whether an exclude block turns on what the author of a pod chooses: its name, labels or annotations."""
    exclude = mapping(rule.get("exclude"))
    return any(_OURS & mapping(one.get("resources")).keys() for one in _filters(exclude))


def narrowed(block: Mapping[str, Any]) -> bool:
    """Whether a match block is for pods of some names, labels or annotations alone."""
    return all(_OURS & mapping(one.get("resources")).keys() for one in _filters(block))


def _filters(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [one for key in ("any", "all") for one in items(block.get(key)) if isinstance(one, dict)]
    return found or [dict(block)]


def _block(block: Mapping[str, Any], request: Request, known: Namespaces) -> bool | None:
    either, every = items(block.get("any")), items(block.get("all"))
    if either:
        return _any(_filter(one, request, known) for one in either)
    if every:
        return _all(_filter(one, request, known) for one in every)
    return _filter(block, request, known)


def _filter(found: Any, request: Request, known: Namespaces) -> bool | None:
    """One filter: all parts of its resource description hold, and the user is among those it names."""
    if not isinstance(found, dict):
        return None
    resources, parts = mapping(found.get("resources")), list(_user(found))
    if not resources and not parts:
        return False
    return _all([*_description(resources, request, known), *parts])


def _description(resources: dict[str, Any], request: Request, known: Namespaces) -> Iterator[bool | None]:
    if operations := texts(resources.get("operations")):
        yield request.operation in operations
    if kinds := texts(resources.get("kinds")):
        yield any(is_pod(kind, request.subresource) for kind in kinds)
    if name := text(resources.get("name")):
        yield glob(name, request.name)
    if names := texts(resources.get("names")):
        yield any(glob(pattern, request.name) for pattern in names)
    if namespaces := texts(resources.get("namespaces")):
        yield any(glob(pattern, request.namespace) for pattern in namespaces)
    if mapping(resources.get("annotations")):
        yield False
    if resources.get("selector") is not None:
        yield matches(expanded(resources["selector"], {}), {})
    if resources.get("namespaceSelector") is not None:
        selector = expanded(resources["namespaceSelector"], known.labels(request.namespace))
        yield known.selected(selector, request.namespace)


def _user(found: Mapping[str, Any]) -> Iterator[bool]:
    """Somebody is in the group of all who have logged in, and has no role of note."""
    if items(found.get("roles")):
        yield False
    if items(found.get("clusterRoles")):
        yield False
    subjects = [mapping(one) for one in items(found.get("subjects"))]
    if subjects:
        yield any(text(one.get("kind")) == "Group" and _everybody(text(one.get("name"))) for one in subjects)


def _everybody(pattern: str) -> bool:
    return any(glob(pattern, group) for group in _EVERYBODY)


@lru_cache(maxsize=4096)
def is_pod(selector: str, subresource: str, *, ephemeral: bool = True) -> bool:
    """Whether a kind of a rule, such as Pod, v1/Pod, Pod/exec or */*, means pods or one of their subresources.

    A rule for pods is for their ephemeral containers too (`ephemeral`), a resource filter is not. Source: kyverno
    pkg/utils/kube/kind.go and pkg/utils/match/kind.go.
    """
    *parts, last = selector.split("/")
    parts += last.split(".")
    group, version, kind, below = "*", "*", parts[0], ""
    if len(parts) == 2:
        if parts == ["*", "*"]:
            kind, below = "*", "*"
        elif _VERSION.fullmatch(parts[0]) and not (parts[0] == "*" and parts[1].islower()):
            version, kind = parts
        else:
            kind, below = parts
    elif len(parts) == 3:
        if _VERSION.fullmatch(parts[0]):
            version, kind, below = parts
        else:
            group, version, kind = parts
    elif len(parts) == 4:
        group, version, kind, below = parts
    elif len(parts) > 4:
        return False
    if not (glob(group, "") and glob(version, "v1") and glob(kind, "Pod")):
        return False
    return glob(below, subresource) or (ephemeral and subresource == "ephemeralcontainers")


def expanded(selector: Any, labels: Mapping[str, str]) -> Any:
    """A selector whose wildcards stand for the labels that they fit; one that fits none fits nothing."""
    if not isinstance(selector, dict) or not isinstance(selector.get("matchLabels"), dict):
        return selector
    found: dict[str, Any] = {}
    for key, value in selector["matchLabels"].items():
        if not isinstance(value, str) or not {"*", "?"} & set(f"{key}{value}"):
            found[key] = value
            continue
        fits = [(name, one) for name, one in labels.items() if glob(key, name) and glob(value, one)]
        name, one = fits[0] if fits else (key.replace("*", "0").replace("?", "0"), "0")
        found[name] = one
    return {**selector, "matchLabels": found}


def _any(found: Iterable[bool | None]) -> bool | None:
    seen = set(found)
    return True if True in seen else None if None in seen else False


def _all(found: Iterable[bool | None]) -> bool | None:
    seen = set(found)
    return False if False in seen else None if None in seen else True


def filtered(filters: str, namespace: str) -> bool:
    """Whether `resourceFilters` of Kyverno's ConfigMap take all pods of a namespace away from it.

    Each filter is [kind,namespace,name]; what is left out is a star. Source: kyverno pkg/config/types.go.
    """
    for found in re.findall(r"\[([^\[\]]*)\]", filters):
        kind, where, name = ([part.strip() for part in found.split(",")] + ["*", "*"])[:3]
        if is_pod(kind, "", ephemeral=False) and glob(where or "*", namespace) and not (name or "*").strip("*"):
            return True
    return False
