"""Rules of webhooks and admission policies: which requests they cover."""

from __future__ import annotations

from typing import Any


def covers(
    rules: Any,
    *,
    operation: str,
    group: str = "",
    version: str = "v1",
    resource: str = "pods",
    subresource: str = "",
    namespaced: bool = True,
    name: str = "",
) -> bool:
    """Whether a list of RuleWithOperations (plain JSON; with resourceNames for admission policies) covers a request.

    No rules cover nothing; a rule that is malformed covers nothing (`understood` tells). `pods` leaves subresources
    out, `*` too; `pods/*` holds pods and their subresources, `*/*` everything. Comparison is exact, letter case
    included. `name` is the object's: a pod whose name the server generates has none yet and fits no resourceNames.
    matchPolicy Equivalent adds nothing for pods, which are served in one group and version alone.
    Source: k8s apiserver pkg/admission/plugin/webhook/predicates/rules/rules.go and
    pkg/admission/plugin/policy/matching/matching.go.
    """
    return any(
        _holds(rule.get("operations"), operation)
        and _holds(rule.get("apiGroups"), group)
        and _holds(rule.get("apiVersions"), version)
        and _covers_resource(rule.get("resources"), resource, subresource)
        and _covers_scope(rule.get("scope"), namespaced)
        and _covers_name(rule.get("resourceNames"), name)
        for rule in _rules(rules)
    )


def understood(rules: Any) -> bool:
    """Whether every rule has the shape of the API, so that what `covers` denies is really left out."""
    if rules is None:
        return True
    if not isinstance(rules, list):
        return False
    return all(isinstance(rule, dict) and _well_formed(rule) for rule in rules)


def names(rules: Any) -> tuple[str, ...]:
    """The resourceNames in any of the rules: objects of other names may be left out where there are some."""
    found = [name for rule in _rules(rules) for name in _strings(rule.get("resourceNames"))]
    return tuple(dict.fromkeys(found))


def _well_formed(rule: dict[str, Any]) -> bool:
    lists = [rule.get(key) for key in ("operations", "apiGroups", "apiVersions", "resources", "resourceNames")]
    return all(
        part is None or (isinstance(part, list) and all(isinstance(item, str) for item in part)) for part in lists
    ) and rule.get("scope") in (None, "*", "Namespaced", "Cluster")


def _rules(rules: Any) -> list[dict[str, Any]]:
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []


def _strings(part: Any) -> list[str]:
    return [item for item in part if isinstance(item, str)] if isinstance(part, list) else []


def _holds(part: Any, wanted: str) -> bool:
    found = _strings(part)
    return "*" in found or wanted in found


def _covers_resource(part: Any, resource: str, subresource: str) -> bool:
    for entry in _strings(part):
        kind, _, sub = entry.partition("/")
        if kind in ("*", resource) and sub in ("*", subresource):
            return True
    return False


def _covers_scope(scope: Any, namespaced: bool) -> bool:
    if scope in (None, "*"):
        return True
    return bool(scope == ("Namespaced" if namespaced else "Cluster"))


def _covers_name(part: Any, name: str) -> bool:
    # An empty list leaves nothing out; a malformed one must not count as that.
    if part is None or part == []:
        return True
    return bool(name) and name in _strings(part)
