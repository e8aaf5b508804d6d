"""Which pods a Gatekeeper constraint is for: its match, and what Gatekeeper's Config exempts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from auditor.enforcement.chain import Fact, Flaw, Link
from auditor.enforcement.fields import mappings, text, texts
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.selectors import matches
from auditor.model import PolicyObject


def pods(match: Any) -> tuple[Link, tuple[Fact, ...]]:
    """Whether any pod of a matched namespace is judged: the part of spec.match that does not turn on the namespace.

    Source: gatekeeper pkg/mutation/match/match.go; what is absent matches everything.
    """
    if match is None:
        return Link("match", "holds", "it matches everything"), ()
    if not isinstance(match, dict):
        return Link("match", "unknown", "its match is not understood"), ()
    broken = next(_misses(match), None)
    if broken is not None:
        return Link("match", "broken", broken), ()
    if not all(_listed(match.get(key)) for key in ("kinds", "namespaces", "excludedNamespaces")):
        return Link("match", "unknown", "its match is not understood"), ()
    if text(match.get("source")) not in ("", "All", "Original"):
        return Link("match", "unknown", "its match has a source that is not known"), ()
    return _labels(match.get("labelSelector"))


def _listed(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _misses(match: dict[str, Any]) -> Iterator[str]:
    kinds = mappings(match.get("kinds"))
    if kinds and not any(_has(one, "kinds", "Pod") and _has(one, "apiGroups", "") for one in kinds):
        yield "its match names kinds and leaves out Pod"
    if match.get("scope") == "Cluster":
        yield "its match is for objects outside namespaces"
    if match.get("source") == "Generated":
        yield "its match is for objects that Gatekeeper expands from others"
    if text(match.get("name")).strip("*"):
        yield "its match is for pods of some names, and the name is the author's to choose"


def _has(kinds: Mapping[str, Any], key: str, wanted: str) -> bool:
    found = texts(kinds.get(key))
    return not found or "*" in found or wanted in found


def _labels(selector: Any) -> tuple[Link, tuple[Fact, ...]]:
    """As with a webhook's object selector: the plain pod is the one without labels."""
    plain = matches(selector, {})
    if plain is None:
        return Link("match", "unknown", "its labelSelector is not understood"), ()
    if not plain:
        return Link("match", "broken", "its labelSelector picks only pods whose author labels them so"), ()
    if isinstance(selector, dict) and any(selector.values()):
        detail = "its labelSelector lets the author of a pod opt out by a label"
        return Link("match", "broken", detail, essential=False), (Fact(Flaw.SELF_SERVICE, f"{detail}.", part="match"),)
    return Link("match", "holds", "it matches pods"), ()


def namespaces(match: Any, known: Namespaces) -> dict[str, tuple[Link, ...]]:
    """The link of each namespace that the match leaves out, or of which that is not known; none for the others."""
    if not isinstance(match, dict):
        return {}
    wanted, excluded, selector = (
        match.get("namespaces"),
        match.get("excludedNamespaces"),
        match.get("namespaceSelector"),
    )
    found: dict[str, tuple[Link, ...]] = {}
    for name in known.names:
        if texts(wanted) and not any(wildcard(pattern, name) for pattern in texts(wanted)):
            found[name] = _NOT_NAMED
        elif any(wildcard(pattern, name) for pattern in texts(excluded)):
            found[name] = _EXCLUDED
        elif selector is not None and (selected := known.selected(selector, name)) is not True:
            found[name] = _UNDECIDED if selected is None else _NOT_SELECTED
    return found


_NOT_NAMED = (Link("match namespace", "broken", "the constraint's match names other namespaces"),)
_EXCLUDED = (Link("match namespace", "broken", "the constraint's match excludes the namespace"),)
_NOT_SELECTED = (Link("match namespace", "broken", "the constraint's namespaceSelector leaves it out"),)
_UNDECIDED = (Link("match namespace", "unknown", "the constraint's namespaceSelector cannot be decided"),)
_EXEMPT = (Link("exemption", "broken", "Gatekeeper's Config exempts the namespace from its webhook"),)


def exempt(configs: Iterable[PolicyObject], homes: frozenset[str], known: Namespaces) -> dict[str, tuple[Link, ...]]:
    """The link of each namespace that Gatekeeper's Config takes out of its webhook.

    Gatekeeper reads the one Config that is called config, in the namespace that it runs in (`homes`, if known).
    Source: gatekeeper pkg/controller/config/process/excluder.go.
    """
    patterns = [
        pattern
        for config in configs
        if config.name == "config" and (not homes or config.namespace in homes)
        for entry in mappings(config.spec.get("match"))
        if {"*", "webhook"} & set(texts(entry.get("processes")))
        for pattern in texts(entry.get("excludedNamespaces"))
    ]
    return {name: _EXEMPT for name in known.names if any(wildcard(pattern, name) for pattern in patterns)}


def wildcard(pattern: str, name: str) -> bool:
    """Gatekeeper's globs have a star at the start, the end or both, and nowhere else (pkg/wildcard/wildcard.go)."""
    if pattern.startswith("*") and pattern.endswith("*"):
        return pattern.removeprefix("*").removesuffix("*") in name
    if pattern.startswith("*"):
        return name.endswith(pattern[1:])
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
