"""Signatures as they lie beside an image: cosign's tags, Sigstore bundles and Notation's envelopes, unverified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from msgspec import Struct

from auditor.evidence import REFERRER_ANNOTATIONS, SIGNATURE_ANNOTATIONS, Referrer, SignatureMaterial, Unavailable
from auditor.registry.client import Repository
from auditor.registry.digests import as_tag
from auditor.registry.documents import Descriptor, Document
from auditor.registry.fault import Unanswered

LIMIT = 64
PAYLOAD = 1 << 20
_READ = 64
_IMAGE = 4 << 20
_RUN = 256 << 20
_LEAST = 256 << 10
_ANNOTATION = 1 << 16
_TEXT = 512
_SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
_COSIGN_ARTIFACT = "application/vnd.dev.cosign.artifact.sig.v1+json"
_BUNDLE = "application/vnd.dev.sigstore.bundle"
_NOTATION = "application/vnd.cncf.notary.signature"
_SIGNING = (_BUNDLE, _NOTATION, _COSIGN_ARTIFACT)
_ENVELOPES = frozenset(("application/jose+json", "application/cose"))


class Found(Struct, frozen=True):
    """What lies beside one image, and why there may be more."""

    referrers: tuple[Referrer, ...] = ()
    referrers_unavailable: Unavailable | None = None
    signatures: tuple[SignatureMaterial, ...] = ()
    signatures_unavailable: Unavailable | None = None


def room(images: int) -> int:
    """How many bytes of signatures are held for one image, of so many: the same whichever of them is read first."""
    return max(_LEAST, min(_IMAGE, _RUN // max(images, 1)))


def gather(repository: Repository, digest: str, left: int) -> Found:
    """Everything that names the digest as signed, up to so many bytes. Never raises: what cannot be read is told."""
    signatures: list[SignatureMaterial] = []
    faults: list[Unavailable] = []

    def take(read: Callable[[], Iterator[SignatureMaterial]]) -> None:
        nonlocal left
        try:
            for found in read():
                left -= len(found.payload) + sum(map(len, found.annotations.values()))
                if len(signatures) >= LIMIT or left < 0:
                    raise Unanswered("too-big", "there are more signatures of it than are read")
                if found not in signatures:
                    signatures.append(found)
        except Unanswered as fault:
            faults.append(fault.why)

    take(lambda: _classic(repository, digest))
    listed: Sequence[Descriptor] = ()
    unlisted = None
    try:
        listed = repository.referrers(digest)
    except Unanswered as fault:
        unlisted = fault.why
        faults.append(unlisted)
    signing = [found for found in listed if not found.artifact_type or found.artifact_type.startswith(_SIGNING)]
    for descriptor in signing[:_READ]:
        if len(signatures) < LIMIT or not faults:
            take(partial(_referring, repository, digest, descriptor))
    if len(signing) > _READ:
        faults.append(Unavailable("too-big", f"more than {_READ} referrers of it may be signatures"))
    referrers = tuple(sorted(map(_referrer, listed), key=lambda referrer: referrer.digest))
    return Found(referrers, unlisted, tuple(signatures), faults[0] if faults else None)


def _classic(repository: Repository, digest: str) -> Iterator[SignatureMaterial]:
    found = repository.tagged(f"{as_tag(digest)}.sig")
    if found is not None:
        yield from _layers(repository, *found)


def _referring(repository: Repository, digest: str, descriptor: Descriptor) -> Iterator[SignatureMaterial]:
    manifest = repository.manifest(descriptor.digest, again=False)
    # Under the fallback tag anything may be listed; the manifest itself has to say what it is about.
    if manifest.subject is None or manifest.subject.digest != digest:
        return
    kind = (
        descriptor.artifact_type
        or manifest.artifact_type
        or (manifest.config.media_type if manifest.config else None)
        or ""
    )
    if kind.startswith(_COSIGN_ARTIFACT):
        yield from _layers(repository, descriptor.digest, manifest)
    elif kind.startswith(_BUNDLE):
        for layer in manifest.layers or ():
            if (layer.media_type or "").startswith(_BUNDLE):
                yield _signature("bundle", repository, descriptor.digest, layer, manifest.annotations)
    elif kind.startswith(_NOTATION):
        for layer in manifest.layers or ():
            if layer.media_type in _ENVELOPES:
                yield _signature("notation", repository, descriptor.digest, layer, manifest.annotations)


def _layers(repository: Repository, at: str, manifest: Document) -> Iterator[SignatureMaterial]:
    for layer in manifest.layers or ():
        if layer.media_type == _SIMPLE_SIGNING:
            yield _signature("cosign", repository, at, layer, layer.annotations)


def _signature(
    form: str, repository: Repository, at: str, layer: Descriptor, annotations: dict[str, str] | None
) -> SignatureMaterial:
    if layer.size > PAYLOAD:
        raise Unanswered("too-big", f"a signature of more than {PAYLOAD:,} bytes")
    kept = SIGNATURE_ANNOTATIONS if form == "cosign" else REFERRER_ANNOTATIONS
    return SignatureMaterial(
        form,  # type: ignore[arg-type]
        layer.media_type or "",
        at,
        layer.digest,
        repository.blob(layer.digest, PAYLOAD),
        {name: annotations[name][:_ANNOTATION] for name in kept if name in annotations} if annotations else {},
    )


def _referrer(found: Descriptor) -> Referrer:
    annotations = found.annotations or {}
    return Referrer(
        found.digest,
        (found.artifact_type or "")[:_TEXT],
        (found.media_type or "")[:_TEXT],
        found.size,
        {name: annotations[name][:_TEXT] for name in REFERRER_ANNOTATIONS if name in annotations},
    )
