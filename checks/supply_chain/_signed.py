"""What the signature checks have in common: which images they judge, and how they tell of a signature."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditor import Evidence, Image, Judged, Judgement, Signatures, Skip, Unread
from checks.supply_chain._asked import content, unread


def judgements(image: Image, signatures: Signatures, evidence: Evidence) -> tuple[Judgement, ...] | Skip:
    """By each entry of the policy that is about the image; a Skip where none is, or the registry has it no more.

    Raises Unread where the registry did not tell.
    """
    if not signatures:
        return Skip("the policy's signatures")
    if not signatures.entries(image):
        return Skip()
    row = content(image, evidence)
    return signatures.of(image, row) if row else Skip()


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
