"""Whether images are signed as the policy wants it. Cryptography is imported where there is a key or a signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.evidence import Evidence, ImageEvidence, SignatureMaterial, Unavailable
from auditor.images import Image
from auditor.policy import Policy, Signature
from auditor.signatures.patterns import matches
from auditor.signatures.verdicts import Trust, Verdict

if TYPE_CHECKING:
    from auditor.signatures.keys import PublicKey

_DIGESTS = 20


class Judged(Struct, frozen=True):
    """One signature by one entry of the policy. `digest` is what it would cover: the image's own, or its index's."""

    material: SignatureMaterial
    digest: str
    verdict: Verdict


class Judgement(Struct, frozen=True, dict=True):
    """All signatures of an image by one entry of the policy; `missing` says why there may be more of them."""

    entry: int
    signatures: tuple[Judged, ...]
    missing: Unavailable | None = None

    @cached_property
    def trusted(self) -> tuple[Judged, ...]:
        return self.of("trusted")

    def of(self, *states: str) -> tuple[Judged, ...]:
        return tuple(judged for judged in self.signatures if judged.verdict.state in states)


class Signatures:
    """The policy's entries, and what registries hold."""

    def __init__(self, policy: Policy, evidence: Evidence) -> None:
        self._evidence = evidence
        self._entries = [(entry, _trust(entry, policy.files)) for entry in policy.signatures]
        self._made: dict[tuple[int, str, str], Judgement] = {}  # verifying takes time, and each check asks

    def __bool__(self) -> bool:
        """Whether the policy says anything of signatures."""
        return bool(self._entries)

    def entries(self, image: Image) -> tuple[int, ...]:
        """Which entries of the policy are about the image: none where nobody wants it signed."""
        return tuple(number for number, (entry, _) in enumerate(self._entries) if _about(entry, image))

    def of(self, image: Image, row: ImageEvidence) -> tuple[Judgement, ...]:
        """A judgement by each entry that is about the image: every one of them has to be met, by any of its signers.

        What counts is a signature of the image's own digest, or of an index that lists it.
        """
        return tuple(self._judgement(number, row) for number in self.entries(image))

    def coverage(self, image: Image, judgement: Judgement) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The digests that the image is known by, of its spec and of what runs: first those that a trusted signature
        covers, being one of theirs or of an index that lists them, then the others. No more than a few."""
        signed = {judged.digest for judged in judgement.trusted}
        for index in filter(None, [self._evidence.content(image.repository, digest) for digest in signed]):
            signed.update(child.digest for child in index.children if not child.attests)
        known = image.digests[:_DIGESTS]
        return tuple(d for d in known if d in signed), tuple(d for d in known if d not in signed)

    def _judgement(self, number: int, row: ImageEvidence) -> Judgement:
        key = (number, row.repository, row.digest)
        if key not in self._made:
            rows = [row, *self._evidence.indexes(row.repository, row.digest)]
            missing = next(filter(None, (found.signatures_unavailable for found in rows)), None)
            self._made[key] = Judgement(number, tuple(_judged(rows, self._entries[number][1])), missing)
        return self._made[key]


def _about(entry: Signature, image: Image) -> bool:
    return any(matches(pattern, image.reference) for pattern in entry.images)


def _trust(entry: Signature, files: Mapping[str, bytes]) -> Trust:
    """Keys and roots were tried when the policy was read; one whose file was not read trusts nobody."""
    named = [name for name in entry.keys if name in files]
    keys = _keys(named, files) if named else {}
    identities = tuple((identity.issuer, identity.subject) for identity in entry.identities)
    return Trust(keys, identities, files.get(entry.trust_root, b"") if entry.trust_root else None)


def _keys(names: Iterable[str], files: Mapping[str, bytes]) -> dict[str, PublicKey]:
    from auditor.signatures.keys import load_key

    return {name: load_key(files[name]) for name in names}


def _judged(rows: list[ImageEvidence], trust: Trust) -> Iterator[Judged]:
    for row in rows:
        for material in row.signatures:
            verdict = _verify(material, row.digest, trust)
            if verdict.state != "other":
                yield Judged(material, row.digest, verdict)


def _verify(material: SignatureMaterial, digest: str, trust: Trust) -> Verdict:
    from auditor.signatures import bundle, cosign

    if material.format == "notation":
        return Verdict("unknown", "it is a Notary Project signature, which is not verified here")
    if material.format == "cosign":
        return cosign.verify(material, digest, trust)
    return bundle.verify(material, digest, trust)
