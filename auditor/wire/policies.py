"""Objects that take part in admission: read whole, and by JSON alone."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, field

from auditor.wire.decoding import decode_object
from auditor.wire.fields import Wire
from auditor.wire.metadata import Metadata


class PolicyObject(Wire):
    """An object that takes part in admission: a policy, a binding, a webhook configuration, an engine's own settings.

    These say what is allowed and hold no credentials; `data` is that of the few ConfigMaps that are read by name.
    """

    kind: str | None = None
    api_version: str | None = None
    metadata: Metadata | None = None
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None
    webhooks: list[dict[str, Any]] | None = None
    data: dict[str, Any] | None = None


class Parameter(Wire):
    """An object of any kind that a policy takes its parameters from; `fields` are all others, as the API gives them."""

    kind: str | None = None
    api_version: str | None = None
    metadata: Metadata | None = None
    fields: dict[str, Any] = field(default_factory=dict)


class _Described(Wire):
    metadata: Metadata | None = None


def decode_parameter(body: bytes | Raw) -> Parameter:
    """An object whose shape nobody knows; raises msgspec.MsgspecError where it is no object with metadata."""
    metadata = decode_object(_Described, body).metadata
    fields: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    kind, api_version = fields.pop("kind", None), fields.pop("apiVersion", None)
    fields.pop("metadata", None)
    return Parameter(
        kind if isinstance(kind, str) else None,
        api_version if isinstance(api_version, str) else None,
        metadata,
        fields,
    )
