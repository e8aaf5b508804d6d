"""What is to be said of the signatures of one image, for a person who asks about it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.evidence import Evidence
from auditor.images import Image
from auditor.signatures.judgement import Judgement, Signatures


class Made(Struct, frozen=True, rename="camel"):
    """One signature: how it was judged, who made it, where it lies and which digest it would cover."""

    verdict: str
    by: str
    detail: str
    format: str
    manifest: str
    covers: str


class Signing(Struct, frozen=True, rename="camel"):
    """What one entry of the policy's `signatures` makes of an image.

    `covered` and `uncovered` are the digests that the image is known by: by a trusted signature or not. `unread` says
    why there may be more signatures than these.
    """

    entry: int
    signatures: tuple[Made, ...] = ()
    covered: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    unread: str = ""


def signing(image: Image, signatures: Signatures, evidence: Evidence) -> Iterator[Signing]:
    """By each entry of the policy that is about the image."""
    row = evidence.of(image)
    if row is None or row.unavailable:
        why = row.unavailable.kind if row and row.unavailable else "the registry was not asked"
        yield from (Signing(entry, unread=why) for entry in signatures.entries(image))
        return
    for judgement in signatures.of(image, row):
        covered, uncovered = signatures.coverage(image, judgement)
        unread = judgement.missing.kind if judgement.missing else ""
        yield Signing(judgement.entry, tuple(_made(judgement)), covered, uncovered, unread)


def _made(judgement: Judgement) -> Iterator[Made]:
    for judged in judgement.signatures:
        verdict, material = judged.verdict, judged.material
        yield Made(verdict.state, verdict.by, verdict.detail, material.format, material.manifest, judged.digest)
