"""The JSON Schema of the policy file, generated from the declarations."""

from __future__ import annotations

from typing import Any

import msgspec

from auditor.policy import PolicyFile
from auditor.report import Severity

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

# What the Structs check after they are built, which their declarations cannot say.
_RULES: dict[str, dict[str, Any]] = {
    "CheckSetting": {
        "if": {"properties": {"enabled": {"const": False}}, "required": ["enabled"]},
        "then": {"properties": {"reason": {"type": "string"}}, "required": ["reason"]},
    },
    "Signature": {
        "anyOf": [{"properties": {name: {"minItems": 1}}, "required": [name]} for name in ("keys", "identities")]
    },
}
# An entry is a Struct in memory and text in the file. The parser of entries says more than a pattern can.
_ENTRY = {
    "title": "Entry",
    "description": "A registry, or registry and path, without tag or digest: quay.io, docker.io/library, "
    "registry.example:5000/team. What does not start with a registry is on Docker Hub. It covers whole path segments.",
    "type": "string",
    "pattern": r"^[^\s@*?{}\\]+$",
}


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) as plain values; dates are strings in it, as in JSON."""
    _, parts = msgspec.json.schema_components([PolicyFile])
    parts["Entry"] = _ENTRY
    parts["Severity"] = {**parts["Severity"], "enum": [str(severity) for severity in Severity]}
    for name, rules in _RULES.items():
        parts[name] = {**parts[name], **rules}
    root = parts.pop("PolicyFile")
    schema = {"$schema": _DIALECT, **root, "title": "Auditor policy", "$defs": dict(sorted(parts.items()))}
    cleaned: dict[str, Any] = _cleaned(schema)
    return cleaned


def _cleaned(part: Any) -> Any:
    """Without defaults that only say "nothing given", and without null for lists, which the reader refuses too."""
    if isinstance(part, list | tuple):
        return [_cleaned(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {
        key: _cleaned(value)
        for key, value in part.items()
        if not (key == "default" and (value is None or isinstance(value, dict)))
        and not (key == "required" and not value)
    }
    match kept.get("anyOf"):
        case [{"type": "array"} as items, {"type": "null"}]:
            return {**{key: value for key, value in kept.items() if key != "anyOf"}, **items}
    return kept
