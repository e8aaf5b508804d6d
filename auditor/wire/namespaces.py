"""Namespaces, and what they hold of credentials: service accounts and secrets.

Numbers: k8s.io/api/core/v1/generated.proto.
"""

from __future__ import annotations

from typing import Annotated

from auditor.wire.containers import LocalReference
from auditor.wire.fields import Base64, Number, Wire
from auditor.wire.metadata import Metadata, SecretMetadata


class Namespace(Wire):
    metadata: Annotated[Metadata | None, Number(1)] = None


class ObjectReference(LocalReference):
    name: Annotated[str | None, Number(3)] = None


class ServiceAccount(Wire):
    metadata: Annotated[Metadata | None, Number(1)] = None
    secrets: Annotated[list[ObjectReference] | None, Number(2)] = None
    image_pull_secrets: Annotated[list[LocalReference] | None, Number(3)] = None


class Secret(Wire):
    metadata: Annotated[SecretMetadata | None, Number(1)] = None
    type: Annotated[str | None, Number(3)] = None
    data: Annotated[dict[str, str | None] | None, Base64(2)] = None
    string_data: Annotated[dict[str, str | None] | None, Number(4)] = None
