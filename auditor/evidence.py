"""What registries say about images: parsed facts and public signature material, kept in the Snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from auditor.images import Image

Kind = Literal[
    "not-found", "denied", "rate-limited", "unreachable", "refused", "invalid", "too-big", "timeout", "unsupported"
]
"""`denied`: 401 or 403, which some registries say of what does not exist too. `refused`: not asked, for safety.
`invalid`: the answer is not what it should be, such as bytes of another digest."""


_ROOT = re.compile(r"|root|[+-]?0+", re.ASCII)
"""Runtimes read the number as Go does, with a sign if there is one."""


class Part(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of the evidence."""


class Unavailable(Part, frozen=True):
    """What was not to be had, and why. `detail` is for a person and holds no credential."""

    kind: Kind
    detail: str = ""


class Child(Part, frozen=True):
    """An entry of an index. `platform` is `os/architecture`; `attests` is the digest that a BuildKit attestation is of,
    empty for an image."""

    digest: str
    platform: str = ""
    variant: str = ""
    os_version: str = ""
    media_type: str = ""
    attests: str = ""


class Step(Part, frozen=True):
    """A step of an image's history, redacted: its text may hold values of build arguments and variables.

    `instruction` is the Dockerfile's word, upper-case, empty where another tool built it. `programs` are the known
    programs (auditor/registry/programs.py) among the command words of what it runs, lower-case, without path, each
    once, in order: of `RUN /bin/sh -c apt-get update && ./x` they are sh, apt-get; of another builder's text its first
    word; of CMD, ENTRYPOINT and SHELL the shell that they start.
    """

    instruction: str = ""
    programs: tuple[str, ...] = ()
    created: str | None = None
    empty: bool = False


class Platform(Part, frozen=True):
    """One platform's manifest and configuration. What does not say anything is empty, as in the configuration.

    `created` is as stated, RFC 3339 (reproducible builds state 1970 or 1980). `size_bytes` is that of the compressed
    layers. `environment` are names of variables; `entrypoint` and `command` the first word of each (of a command that
    is the entrypoint's argument only a known program); `labels` those of LABELS alone. `unavailable`: why nothing but
    the digest is known.
    """

    digest: str
    platform: str = ""
    variant: str = ""
    created: str | None = None
    user: str = ""
    entrypoint: str = ""
    command: str = ""
    environment: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    history: tuple[Step, ...] = ()
    layers: int = 0
    size_bytes: int = 0
    unavailable: Unavailable | None = None


class Referrer(Part, frozen=True):
    """An artifact that names the image as its subject. `annotations` are those of REFERRER_ANNOTATIONS alone."""

    digest: str
    artifact_type: str = ""
    media_type: str = ""
    size_bytes: int = 0
    annotations: dict[str, str] = {}


class SignatureMaterial(Part, frozen=True):
    """One signature as it lies in the registry, unverified. Whoever can push to the repository wrote all of it.

    `cosign`: a layer of the tag `sha256-….sig`; `payload` is the signed text, and `annotations` hold the signature
    (SIGNATURE_ANNOTATIONS). `bundle`: a Sigstore bundle, whose JSON is the payload. `notation`: a JWS or COSE envelope.
    `digest` is the payload's, which its bytes were checked against; `manifest` that of the manifest that lists it.
    """

    format: Literal["cosign", "bundle", "notation"]
    media_type: str
    manifest: str
    digest: str
    payload: bytes
    annotations: dict[str, str] = {}


class ImageEvidence(Part, frozen=True):
    """What a registry said of one tag, or of one content.

    A tag's row has `tag`, and as `digest` what the tag names now (empty if `unavailable`): all else stands in the row
    of that digest. A content's row has an empty `tag`. `repository` is `registry/repository`, normalised.

    `children` are an index's entries, empty for a single manifest; `platforms` what was looked at of it: those that
    nodes run it on, else those of the nodes, else linux/amd64 or the first. `signatures_unavailable`: why there may be
    signatures that are not in `signatures`. Only where it is None, none is none. `referrers_unavailable` likewise.
    """

    repository: str
    tag: str = ""
    digest: str = ""
    media_type: str = ""
    children: tuple[Child, ...] = ()
    platforms: tuple[Platform, ...] = ()
    referrers: tuple[Referrer, ...] = ()
    referrers_unavailable: Unavailable | None = None
    signatures: tuple[SignatureMaterial, ...] = ()
    signatures_unavailable: Unavailable | None = None
    unavailable: Unavailable | None = None

    @property
    def reference(self) -> str:
        return f"{self.repository}:{self.tag}" if self.tag else f"{self.repository}@{self.digest}"


def is_root(user: str) -> bool:
    """Whether a configuration's User, `user[:group]`, is root: by number, by name, or because there is none.

    Any other name is taken for another user, though /etc/passwd decides (image-spec config.md).
    """
    return _ROOT.fullmatch(user.partition(":")[0].strip()) is not None


class Evidence:
    """The rows of a snapshot, to be asked. None always means: nobody asked the registry for it."""

    def __init__(self, rows: Iterable[ImageEvidence]) -> None:
        self._rows = tuple(rows)
        self._tags = {(row.repository, row.tag): row for row in self._rows if row.tag}
        self._contents = {(row.repository, row.digest): row for row in self._rows if not row.tag}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def tag(self, repository: str, tag: str) -> ImageEvidence | None:
        """What the tag names now."""
        return self._tags.get((repository, tag))

    def content(self, repository: str, digest: str) -> ImageEvidence | None:
        """What is known of a manifest or an index."""
        return self._contents.get((repository, digest))

    def of(self, image: Image) -> ImageEvidence | None:
        """The content of an image that workloads use: by its digest, else by what its tag names now.

        Where the tag could not be resolved it is the tag's own row, which says why.
        """
        if image.digest is not None:
            return self.content(image.repository, image.digest)
        row = next(filter(None, (self.tag(image.repository, tag) for tag in image.tags)), None)
        return row if row is None or row.unavailable else self.content(image.repository, row.digest)

    def related(self, repository: str, one: str, other: str, platform: str = "") -> bool | None:
        """Whether two digests stand for the same image, on a platform (`os/architecture`) if that is known: one is an
        index of the other, or both list the same manifests.

        None where that cannot be told: not both were read, or two indexes have only some manifests in common.
        """
        if one == other:
            return True
        rows = [self.content(repository, digest) for digest in (one, other)]
        first, second = (_manifests(row, digest, platform) for row, digest in zip(rows, (one, other), strict=True))
        common = first & second
        if first == second or (common and (platform or common & {one, other})):
            return True
        read = all(row and not row.unavailable for row in rows)
        return False if read and not common else None

    def distinct(self, repository: str, digests: Iterable[str], platform: str = "") -> list[str]:
        """One digest of each image among these: what is not known to be the same counts apart."""
        found: list[str] = []
        for digest in digests:
            if not any(self.related(repository, digest, known, platform) for known in found):
                found.append(digest)
        return found

    def indexes(self, repository: str, digest: str) -> Iterator[ImageEvidence]:
        """The indexes that list a manifest, among those that were read: a signature of one of them counts for it."""
        for row in self._rows:
            if row.repository == repository and any(child.digest == digest for child in row.children):
                yield row


def _manifests(row: ImageEvidence | None, digest: str, platform: str) -> set[str]:
    """The manifests that a digest stands for: an index's, of the platform if it has any, else itself."""
    images = [child for child in row.children if not child.attests] if row else []
    fitting = [child for child in images if child.platform == platform]
    return {child.digest for child in fitting or images} or {digest}


LABELS = (
    "org.opencontainers.image.base.digest",
    "org.opencontainers.image.base.name",
    "org.opencontainers.image.created",
    "org.opencontainers.image.licenses",
    "org.opencontainers.image.ref.name",
    "org.opencontainers.image.revision",
    "org.opencontainers.image.source",
    "org.opencontainers.image.title",
    "org.opencontainers.image.url",
    "org.opencontainers.image.vendor",
    "org.opencontainers.image.version",
)
"""Of a configuration's labels, and of a manifest's annotations where the configuration has no such label. User
information is taken out of addresses; a value is cut after 512 characters."""

SIGNATURE_ANNOTATIONS = (
    "dev.cosignproject.cosign/signature",
    "dev.sigstore.cosign/certificate",
    "dev.cosignproject.cosign/certificate",
    "dev.sigstore.cosign/chain",
    "dev.sigstore.cosign/bundle",
    "dev.sigstore.cosign/rfc3161timestamp",
)
"""Of a layer of a cosign signature: what verifying it takes."""

REFERRER_ANNOTATIONS = (
    "dev.sigstore.bundle.content",
    "dev.sigstore.bundle.predicateType",
    "in-toto.io/predicate-type",
    "io.cncf.notary.x509chain.thumbprint#S256",
    "org.opencontainers.image.created",
)
