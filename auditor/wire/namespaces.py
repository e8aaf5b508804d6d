"""Namespaces, and what they hold of credentials: service accounts and secrets."""

from __future__ import annotations

from auditor.wire.containers import LocalReference
from auditor.wire.fields import Wire
from auditor.wire.metadata import Metadata, SecretMetadata


class Namespace(Wire):
    metadata: Metadata | None = None


class ServiceAccount(Wire):
    metadata: Metadata | None = None
    secrets: list[LocalReference] | None = None
    image_pull_secrets: list[LocalReference] | None = None


class Secret(Wire):
    metadata: SecretMetadata | None = None
    type: str | None = None
    data: dict[str, str | None] | None = None
    string_data: dict[str, str | None] | None = None
