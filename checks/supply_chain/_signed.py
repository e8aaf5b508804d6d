"""What the signature checks have in common: which images they judge, and how they tell of a signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from auditor import Evidence, Image, Judged, Judgement, Signatures, Skip, Unread
from checks.supply_chain._asked import contents, unread


def judgements(image: Image, signatures: Signatures, evidence: Evidence) -> Iterator[tuple[str, Judgement] | Skip]:
    """Of each content of the image, with how to call it, by each entry of the policy that is about it; a Skip where
    none is.

    Raises Unread where the registry did not tell. What it has no more it did not tell either: whoever deletes an image
    hides its signatures.
    """
    if not signatures:
        yield Skip("the policy's signatures")
    elif not signatures.entries(image):
        yield Skip()
    else:
        for name, row in contents(image, evidence):
            for judgement in signatures.of(image, row):
                yield name, judgement


def part_of(image: Image, judgement: Judgement, signatures: Signatures) -> str:
    """Tells the answers of several entries apart."""
    return f"signatures[{judgement.entry}]" if len(signatures.entries(image)) > 1 else ""


def require_all(image: Image, judgement: Judgement) -> None:
    """Raises Unread where there may be signatures that were not seen."""
    if judgement.missing:
        raise unread(image, judgement.missing)


def require_judged(judgement: Judgement) -> None:
    """Raises Unread where a trusted signer may have made a signature that cannot be judged here."""
    if unclear := judgement.of("unverified"):
        raise Unread("signatures", None, "failed", unclear[0].verdict.detail)


def evident(image: Image, judgement: Judgement, shown: Iterable[Judged], signatures: Signatures) -> dict[str, Any]:
    """What a finding shows: signatures, which of the image's digests trusted ones cover, and where it is used."""
    covered, uncovered = signatures.coverage(image, judgement)
    return {
        "signatures": [_told(judged) for judged in list(shown)[:20]],
        "covered": list(covered),
        "uncovered": list(uncovered),
        "where": list(image.where[:20]),
    }


def _told(judged: Judged) -> dict[str, Any]:
    """A signature: where it lies, which digest it would cover, and what is to be said of it."""
    return {
        "manifest": judged.material.manifest,
        "covers": judged.digest,
        "format": judged.material.format,
        "verdict": judged.verdict.state,
        **({"by": judged.verdict.by} if judged.verdict.by else {}),
        **({"detail": judged.verdict.detail} if judged.verdict.detail else {}),
    }
