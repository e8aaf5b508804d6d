"""The metadata of objects, and what their annotations' keys say."""

from __future__ import annotations

import msgspec
from msgspec import Raw, field

from auditor.wire.decoding import decode_object
from auditor.wire.fields import NOTHING, Wire, present


class Annotations(Wire, rename=None):
    """Annotations whose presence says something; their values are not decoded. Metadata holds them undecoded: see
    `known_annotations` and `annotation_keys`."""

    mirror: Raw = field(default=NOTHING, name="kubernetes.io/config.mirror")
    service_account: Raw = field(default=NOTHING, name="kubernetes.io/service-account.name")
    openshift_service_account: Raw = field(
        default=NOTHING, name="openshift.io/internal-registry-auth-token.service-account"
    )
    openshift_token_secret: Raw = field(default=NOTHING, name="openshift.io/token-secret.name")


class OwnerReference(Wire):
    kind: str | None = None
    name: str | None = None
    uid: str | None = None
    api_version: str | None = None
    controller: bool | None = None


class TouchedFields(Wire, rename=None):
    """A managedFields entry's field set, as far as it says that a Secret's data was written."""

    data: Raw = field(default=NOTHING, name="f:data")
    string_data: Raw = field(default=NOTHING, name="f:stringData")


class ManagedFields(Wire):
    time: str | None = None
    fields_v1: TouchedFields | None = field(default=None, name="fieldsV1")


class Metadata(Wire):
    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    generation: int | None = None
    creation_timestamp: str | None = None
    labels: dict[str, str | None] | None = None
    annotations: Raw = NOTHING
    owner_references: list[OwnerReference] | None = None


class SecretMetadata(Metadata):
    managed_fields: list[ManagedFields] | None = None


class Manager(Wire):
    """Which program last wrote through which subresource, and when."""

    manager: str | None = None
    subresource: str | None = None
    time: str | None = None


class PodMetadata(Metadata):
    managed_fields: list[Manager] | None = None


class Partial(Wire):
    """PartialObjectMetadata: that an object exists, and who owns it."""

    metadata: Metadata | None = None


def known_annotations(metadata: Metadata) -> Annotations:
    """The annotations that say something by being there; none where they are malformed."""
    if not present(metadata.annotations):
        return Annotations()
    try:
        return decode_object(Annotations, metadata.annotations)
    except msgspec.MsgspecError:
        return Annotations()


def annotation_keys(metadata: Metadata, part: str) -> tuple[str, ...]:
    """The keys that hold a text, in order. It is looked for in the bytes first, since hardly any object has such."""
    if part.encode() not in bytes(metadata.annotations):
        return ()
    try:
        keys = msgspec.json.decode(metadata.annotations, type=dict[str, Raw])
    except msgspec.MsgspecError:
        return ()
    return tuple(sorted(key for key in keys if part in key))
