"""Objects that take part in admission, as the Snapshot keeps them: what decides, without what nobody may hold."""

from __future__ import annotations

import re
from typing import Any

from auditor import wire
from auditor.model import PolicyObject

MAX_DEPTH = 100
"""Levels of an object that are kept; what lies deeper is null. Nothing that the API server acts on is nested so."""

_NAMED_VALUES = frozenset({"env", "headers"})
# `key: value` in a ConfigMap's text, YAML or JSON, whose value may be a credential: of registries and alert receivers.
_CREDENTIAL = re.compile(
    r"""(?ix) ( (["']?) \b [\w.-]{0,40}
        (?: password | passwd | token | authorization | username | secret_?key | receiver_url ) \2 [ \t]* : [ \t]* )
        ( "(?:[^"\\\n]|\\.)*" | '(?:[^'\n]|'')*' | [^\s,{}\[\]\#"'][^\n,}\]"']* )""",
)
_CREDENTIAL_KEY = re.compile(r"(?i)(?:password|passwd|token|secret_?key|receiver_url)$")


def policy_object(item: wire.PolicyObject, resource: wire.Resource, origin: str = "") -> PolicyObject:
    """An object of a known list. `apiVersion` is its own, else that of its list."""
    metadata = item.metadata or wire.Metadata()
    return PolicyObject(
        resource=resource.coverage,
        kind=resource.kind or item.kind or "",
        name=metadata.name or metadata.generate_name or "",
        namespace=metadata.namespace or "",
        labels=_labels(metadata),
        generation=metadata.generation,
        spec=_pruned(item.spec or {}),
        status=_pruned(item.status or {}),
        webhooks=tuple(_pruned(webhook) for webhook in item.webhooks or ()),
        data=_settings(item.data or {}),
        origin=origin,
        api_version=item.api_version or resource.api_version,
    )


def parameter_object(item: wire.Parameter, origin: str = "") -> PolicyObject:
    """An object that policies take parameters from: its `spec`, `status` and `data` where they are mappings, any other
    field in `rest`. `as_params` puts them together again."""
    metadata = item.metadata or wire.Metadata()
    fields = {key: value for key, value in item.fields.items() if key != "binaryData"}
    parts = {key: fields.pop(key) for key in ("spec", "status", "data") if isinstance(fields.get(key), dict)}
    return PolicyObject(
        resource=wire.PARAMETERS.coverage,
        kind=item.kind or "",
        name=metadata.name or metadata.generate_name or "",
        namespace=metadata.namespace or "",
        labels=_labels(metadata),
        generation=metadata.generation,
        spec=_ordered(parts.get("spec", {})),
        status=_ordered(parts.get("status", {})),
        data=_ordered(parts.get("data", {})),
        origin=origin,
        api_version=item.api_version or "",
        rest=_ordered(fields),
    )


def as_params(found: PolicyObject) -> dict[str, Any]:
    """The object as CEL's `params` has it, as far as it is kept: of metadata only name, namespace, labels, generation.

    Annotations, uid and times are not there, so that of these an expression proves nothing.
    """
    metadata: dict[str, Any] = {"name": found.name}
    if found.namespace:
        metadata["namespace"] = found.namespace
    if found.labels:
        metadata["labels"] = dict(found.labels)
    if found.generation is not None:
        metadata["generation"] = found.generation
    parts = {"spec": found.spec, "status": found.status, "data": found.data}
    return {
        "apiVersion": found.api_version,
        "kind": found.kind,
        "metadata": metadata,
        **{key: value for key, value in parts.items() if value},
        **found.rest,
    }


def _labels(metadata: wire.Metadata) -> dict[str, str]:
    labels = metadata.labels or {}
    return {key: labels[key] or "" for key in sorted(labels)}


def _settings(data: dict[str, Any]) -> dict[str, Any]:
    """A ConfigMap's data without what may be a credential in it."""
    kept = {}
    for key in sorted(data):
        value = data[key]
        if isinstance(value, str):
            value = "…" if _CREDENTIAL_KEY.search(key) else _CREDENTIAL.sub(_redacted, value)
        kept[key] = _ordered(value)
    return kept


def _redacted(match: re.Match[str]) -> str:
    """The text stays YAML or JSON."""
    before, quote, value = match.groups()
    return f"{before}{value[0]}…{value[0]}" if value[0] in "\"'" else f"{before}{'null' if quote else '…'}"


def _ordered(value: Any, depth: int = 0) -> Any:
    """The same value with its keys in order: it came as somebody wrote it."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {key: _ordered(value[key], depth + 1) for key in sorted(value)}
    return [_ordered(part, depth + 1) for part in value] if isinstance(value, list) else value


def _pruned(value: Any, depth: int = 0) -> Any:
    """In order, and without certificates and the values of environment variables and headers, which may be tokens."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [_pruned(part, depth + 1) for part in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for key in sorted(value):
        part = value[key]
        if key == "caBundle" and isinstance(part, str | None):
            if part:
                kept[key] = True
        elif key in _NAMED_VALUES and isinstance(part, list):
            kept[key] = [_without_value(_pruned(entry, depth + 2)) for entry in part]
        else:
            kept[key] = _pruned(part, depth + 1)
    return kept


def _without_value(entry: Any) -> Any:
    """An entry of `env` (core/v1 EnvVar) or `headers` (Kyverno's HTTPHeader) without its value."""
    if isinstance(entry, dict) and isinstance(entry.get("value"), str) and ("name" in entry or "key" in entry):
        return {key: part for key, part in entry.items() if key != "value"}
    return entry
