"""The metadata of objects. Numbers: apimachinery's meta/v1/generated.proto."""

from __future__ import annotations

from typing import Annotated

from msgspec import Raw, field

from auditor.wire.fields import NOTHING, EncodedJson, Number, Sparse, Time, Undecoded, Wire


class OwnerReference(Wire):
    kind: Annotated[str | None, Number(1)] = None
    name: Annotated[str | None, Number(3)] = None
    uid: Annotated[str | None, Number(4)] = None
    api_version: Annotated[str | None, Number(5)] = None
    controller: Annotated[bool | None, Number(6)] = None


class TouchedFields(Wire, rename=None):
    """A managedFields entry's field set, as far as it says that a Secret's data was written."""

    data: Raw = field(default=NOTHING, name="f:data")
    string_data: Raw = field(default=NOTHING, name="f:stringData")


class ManagedFields(Wire):
    time: Annotated[str | None, Time(4)] = None
    fields_v1: Annotated[TouchedFields | None, EncodedJson(7, 1)] = field(default=None, name="fieldsV1")


class Metadata(Wire):
    name: Annotated[str | None, Number(1)] = None
    generate_name: Annotated[str | None, Number(2)] = None
    namespace: Annotated[str | None, Number(3)] = None
    uid: Annotated[str | None, Number(5)] = None
    generation: Annotated[int | None, Number(7)] = None
    labels: Annotated[dict[str, str | None] | None, Number(11)] = None
    annotations: Annotated[Undecoded, Number(12)] = NOTHING
    owner_references: Annotated[list[OwnerReference] | None, Number(13)] = None


class SecretMetadata(Metadata):
    creation_timestamp: Annotated[str | None, Time(8)] = None
    managed_fields: Annotated[list[ManagedFields] | None, Number(17)] = None


class Manager(Wire):
    """Which program last wrote through which subresource, and when."""

    manager: Annotated[str | None, Number(1)] = None
    subresource: Annotated[str | None, Number(8)] = None
    time: Annotated[str | None, Time(4)] = None


class PodMetadata(Metadata):
    """Of `managed_fields`, which are the most of a pod's bytes, only who wrote ephemeral containers is asked for."""

    managed_fields: Annotated[list[Manager] | None, Sparse(17, b"ephemeralcontainers")] = None


class Partial(Wire):
    """PartialObjectMetadata: that an object exists, and who owns it."""

    metadata: Metadata | None = None
