"""Manifests and indexes, decoded: what they are is decided by what they hold, and must agree with what they say."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct, field

from auditor.registry.digests import is_digest
from auditor.registry.fault import Unanswered

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ACCEPT = ", ".join((OCI_INDEX, DOCKER_INDEX, OCI_MANIFEST, DOCKER_MANIFEST))
_INDEXES = (OCI_INDEX, DOCKER_INDEX)
_MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST)
_ENTRIES = 1024
_ABSENT = Raw()


class PlatformField(Struct):
    os: str = ""
    architecture: str = ""
    variant: str | None = None
    os_version: str | None = field(default=None, name="os.version")


class Descriptor(Struct, rename="camel"):
    """A reference to content. `size` is in bytes, as it says."""

    digest: str
    size: int = 0
    media_type: str | None = None
    artifact_type: str | None = None
    platform: PlatformField | None = None
    annotations: dict[str, str] | None = None


class Document(Struct, rename="camel"):
    """A manifest (with `config` and `layers`) or an index (with `manifests`)."""

    schema_version: int = 0
    media_type: str | None = None
    artifact_type: str | None = None
    config: Descriptor | None = None
    layers: list[Descriptor] | None = None
    manifests: list[Descriptor] | None = None
    subject: Descriptor | None = None
    annotations: dict[str, str] | None = None
    fs_layers: Raw = _ABSENT

    @property
    def is_index(self) -> bool:
        return self.manifests is not None

    @property
    def kind(self) -> str:
        """Its media type."""
        return self.media_type or (OCI_INDEX if self.is_index else OCI_MANIFEST)


def decode(body: bytes) -> Document:
    """Raises Unanswered: `invalid` for what is no such document, or could be taken for either kind (CVE-2021-41190);
    `unsupported` for schema 1, whose digest is not that of its bytes."""
    try:
        found = msgspec.json.decode(body, type=Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unanswered("invalid", "what should be a manifest is none") from None
    if found.schema_version == 1 or bytes(found.fs_layers):
        raise schema_one()
    index, manifest = found.manifests is not None, found.layers is not None or found.config is not None
    stated = found.media_type
    if index == manifest or (stated and stated not in (_INDEXES if index else _MANIFESTS)):
        raise Unanswered("invalid", "a manifest that may be read in two ways")
    entries = [*(found.manifests or ()), *(found.layers or ()), *filter(None, (found.config, found.subject))]
    if len(entries) > _ENTRIES:
        raise Unanswered("too-big", f"a manifest lists more than {_ENTRIES} entries")
    if not all(is_digest(entry.digest) and 0 <= entry.size < 1 << 53 for entry in entries):
        raise Unanswered("invalid", "a manifest refers to content by what is no digest")
    return found


def schema_one() -> Unanswered:
    return Unanswered(
        "unsupported",
        "it is a manifest of schema 1, which registries and runtimes no longer serve: build and push it anew",
    )
