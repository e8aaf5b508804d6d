"""What of admission policies and bindings the API server does not store, beside expressions that do not compile.

Source: k8s pkg/apis/admissionregistration/validation/validation.go and apimachinery
pkg/apis/meta/v1/validation/validation.go; each was tried on a 1.36 API server. Only what has the API's shape is judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from auditor.enforcement.fields import items, mapping, mappings, text, texts
from auditor.enforcement.selectors import matches
from auditor.objectnames import is_subdomain

ACTIONS = frozenset({"Deny", "Warn", "Audit"})
_OPERATIONS = frozenset({"*", "CONNECT", "CREATE", "DELETE", "UPDATE"})
_SCOPES = ("*", "Cluster", "Namespaced")
_REASONS = (None, "Forbidden", "Invalid", "RequestEntityTooLarge")
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset(
    "true false null in as break const continue else for function if import let loop package namespace return var void "
    "while".split()
)
_MOST_CONDITIONS = 64
_MOST_ANNOTATIONS = 20


def of_policy(spec: dict[str, Any]) -> Iterator[str]:
    """Why a ValidatingAdmissionPolicy is not stored, in clauses."""
    constraints = mapping(spec.get("matchConstraints"))
    if not items(constraints.get("resourceRules")):
        yield "it has no matchConstraints with resourceRules"
    yield from _of_match(constraints)
    if not items(spec.get("validations")) and not items(spec.get("auditAnnotations")):
        yield "it has neither validations nor auditAnnotations"
    if spec.get("failurePolicy") not in (None, "Fail", "Ignore"):
        yield "its failurePolicy is neither Fail nor Ignore"
    kind = spec.get("paramKind")
    if kind is not None and not (text(mapping(kind).get("kind")) and text(mapping(kind).get("apiVersion"))):
        yield "its paramKind lacks an apiVersion or a kind"
    yield from _of_expressions(spec)


def of_binding(spec: dict[str, Any]) -> Iterator[str]:
    """Why a ValidatingAdmissionPolicyBinding is not stored, in clauses."""
    given = items(spec.get("validationActions"))
    actions = frozenset(texts(given))
    if not given or not actions <= ACTIONS or len(given) != len(actions):
        yield "its validationActions are missing, unknown or given twice"
    if {"Deny", "Warn"} <= actions:
        yield "its validationActions hold both Deny and Warn"
    yield from _of_match(mapping(spec.get("matchResources")))
    reference = spec.get("paramRef")
    if not isinstance(reference, dict):
        return
    if bool(text(reference.get("name"))) == isinstance(reference.get("selector"), dict):
        yield "its paramRef needs either a name or a selector"
    if reference.get("parameterNotFoundAction") not in ("Allow", "Deny"):
        yield "its paramRef lacks a parameterNotFoundAction"
    yield from _of_selector(reference.get("selector"), "the selector of its paramRef")


def _of_match(match: dict[str, Any]) -> Iterator[str]:
    for field in ("resourceRules", "excludeResourceRules"):
        for rule in mappings(match.get(field)):
            yield from (f"its {field} hold {fault}" for fault in _of_rule(rule))
    if match.get("matchPolicy") not in (None, "Exact", "Equivalent"):
        yield "its matchPolicy is neither Exact nor Equivalent"
    for field in ("namespaceSelector", "objectSelector"):
        yield from _of_selector(match.get(field), f"its {field}")


def _of_rule(rule: dict[str, Any]) -> Iterator[str]:
    for part in ("operations", "apiGroups", "apiVersions", "resources"):
        values = texts(rule.get(part))
        if not values:
            yield f"a rule without {part}"
        if "*" in values and part != "resources" and len(values) > 1:
            yield f"* beside other {part}"
    if not _OPERATIONS.issuperset(texts(rule.get("operations"))):
        yield "an operation that there is not"
    if "" in texts(rule.get("apiVersions")):
        yield "an empty apiVersion"
    if rule.get("scope") not in (None, *_SCOPES):
        yield "a scope that there is not"
    yield from _of_resources(texts(rule.get("resources")))
    names = texts(rule.get("resourceNames"))
    if len(set(names)) != len(names) or any(name in (".", "..") or "/" in name or "%" in name for name in names):
        yield "resourceNames that are none, or one twice"


def _of_resources(resources: list[str]) -> Iterator[str]:
    """Wildcards that stand beside what they hold already."""
    if "" in resources:
        yield "an empty resource"
    plain = [resource for resource in resources if "/" not in resource]
    if ("*" in plain and len(plain) > 1) or ("*/*" in resources and len(resources) > 1):
        yield "a wildcard beside other resources"
    for resource in resources:
        kind, slash, below = resource.partition("/")
        if slash and {f"{kind}/*", f"*/{below}"} & (set(resources) - {resource}):
            yield f"{resource} beside a wildcard that covers it"


def _of_selector(selector: Any, what: str) -> Iterator[str]:
    if not isinstance(selector, dict):
        return
    # Fields that there are not are dropped.
    expressions = [_only(part, "key", "operator", "values") for part in mappings(selector.get("matchExpressions"))]
    known = {**_only(selector, "matchLabels"), "matchExpressions": expressions}
    pairs = [(key, [value]) for key, value in mapping(selector.get("matchLabels")).items()]
    pairs += [(text(part.get("key")), texts(part.get("values"))) for part in expressions]
    if matches(known, {}) is None or not all(_is_key(key) and all(map(_is_value, values)) for key, values in pairs):
        yield f"{what} is not one"


def _only(part: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: part[key] for key in keys if key in part}


def _is_key(key: str) -> bool:
    """A qualified name: a name of at most 63 characters, below a domain or not."""
    prefix, slash, name = key.rpartition("/")
    return _NAME.fullmatch(name) is not None and (not slash or is_subdomain(prefix))


def _is_value(value: Any) -> bool:
    return value == "" or (isinstance(value, str) and _NAME.fullmatch(value) is not None)


def _of_expressions(spec: dict[str, Any]) -> Iterator[str]:
    """Names that expressions cannot have, empty ones, and what stands beside them."""
    for validation in mappings(spec.get("validations")):
        if validation.get("reason") not in _REASONS:
            yield "a validation has a reason that there is not"
        message, expression = validation.get("message"), validation.get("messageExpression")
        if isinstance(message, str) and message and (not message.strip() or "\n" in message.strip()):
            yield "a validation's message is blank or of several lines"
        if isinstance(expression, str) and expression and not expression.strip():
            yield "a messageExpression is blank"
    for variable in mappings(spec.get("variables")):
        name = text(variable.get("name"))
        if not _IDENTIFIER.fullmatch(name) or name in _RESERVED:
            yield "a variable's name is none"
    yield from _of_names(mappings(spec.get("matchConditions")), "name", "matchConditions", _MOST_CONDITIONS)
    yield from _of_names(mappings(spec.get("auditAnnotations")), "key", "auditAnnotations", _MOST_ANNOTATIONS)
    for field, key in (
        ("validations", "expression"),
        ("variables", "expression"),
        ("matchConditions", "expression"),
        ("auditAnnotations", "valueExpression"),
    ):
        if any(not text(entry.get(key)).strip() for entry in mappings(spec.get(field))):
            yield f"one of its {field} has no {key}"


def _of_names(entries: list[dict[str, Any]], key: str, what: str, most: int) -> Iterator[str]:
    names = [text(entry.get(key)) for entry in entries]
    if len(set(names)) != len(names) or not all(map(_is_key, names)):
        yield f"its {what} lack names, or have one twice"
    if len(names) > most:
        yield f"it has more than {most} {what}"
