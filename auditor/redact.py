"""Secrets as they are read: what the kubelet would make of them, and nothing that is secret."""

from __future__ import annotations

import base64
import binascii

import msgspec
from msgspec import Struct

from auditor import wire
from auditor.credentials import SecretContent, read_secret
from auditor.model import PullSecret


class ReadSecret(Struct, frozen=True):
    """A Secret, redacted. `fingerprints` (one an entry) only ever tell equal from unequal, and stay in the process."""

    namespace: str
    name: str
    type: str
    registry: bool
    content: SecretContent
    fingerprints: tuple[bytes, ...] = ()
    written_at: str | None = None
    made_by: str = ""
    origin: str = ""

    def __repr__(self) -> str:
        return f"ReadSecret({self.namespace!r}, {self.name!r})"


def read(item: wire.Secret, origin: str = "") -> ReadSecret:
    """What is kept of a Secret; of one that is no registry secret, only its type."""
    metadata = item.metadata or wire.SecretMetadata()
    kind = item.type or "Opaque"
    registry = kind in wire.SECRET_TYPES
    content, fingerprints = read_secret(kind, decoded_data(item)) if registry else (SecretContent(), ())
    return ReadSecret(
        namespace=metadata.namespace or "default",
        name=metadata.name or metadata.generate_name or "",
        type=kind,
        registry=registry,
        content=content,
        fingerprints=fingerprints,
        written_at=_written_at(metadata),
        made_by=_made_by(metadata),
        origin=origin,
    )


def decoded_data(item: wire.Secret) -> dict[str, bytes | None]:
    """The decoded values, None where they are not base64; stringData goes over data, as in the API server."""
    data: dict[str, bytes | None] = {}
    for key, value in (item.data or {}).items():
        try:
            data[key] = base64.b64decode("".join((value or "").split()), validate=True)
        except (binascii.Error, ValueError):
            data[key] = None
    for key, value in (item.string_data or {}).items():
        data[key] = (value or "").encode()
    return data


def _written_at(metadata: wire.SecretMetadata) -> str | None:
    times = [
        entry.time
        for entry in metadata.managed_fields or ()
        if entry.time
        and entry.fields_v1
        and (wire.present(entry.fields_v1.data) or wire.present(entry.fields_v1.string_data))
    ]
    return max(times, default=metadata.creation_timestamp)


def _made_by(metadata: wire.SecretMetadata) -> str:
    """The controller that keeps a Secret; OpenShift's per-account ones are told by annotations of theirs."""
    annotations = wire.known_annotations(metadata)
    openshift = (annotations.openshift_service_account, annotations.openshift_token_secret)
    if any(wire.present(mark) for mark in openshift):
        return "openshift"
    for ref in metadata.owner_references or ():
        if ref.kind == "ServiceAccount":
            return "openshift"
        if ref.controller:
            return ref.kind or ""
    return "openshift" if wire.present(annotations.service_account) else ""


def number(read_secrets: list[ReadSecret]) -> tuple[PullSecret, ...]:
    """The secrets in order, equal credentials under equal numbers, counted from 1 in order of first place."""
    numbers: dict[bytes, int] = {}
    secrets = []
    for secret in sorted(read_secrets, key=lambda s: (s.namespace, s.name)):
        entries = tuple(
            msgspec.structs.replace(entry, same_as=numbers.setdefault(mark, len(numbers) + 1) if mark else 0)
            for entry, mark in zip(secret.content.entries, secret.fingerprints, strict=True)
        )
        secrets.append(
            PullSecret(
                secret.namespace,
                secret.name,
                secret.type,
                msgspec.structs.replace(secret.content, entries=entries),
                secret.written_at,
                secret.made_by,
                secret.origin,
            )
        )
    return tuple(secrets)
