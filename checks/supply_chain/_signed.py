"""What the signature checks have in common: which images they judge, and how they tell of a signature."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditor import Evidence, Image, Judged, Judgement, Signatures, Skip
from checks.supply_chain._asked import content, unread


def judgements(image: Image, signatures: Signatures, evidence: Evidence) -> tuple[Judgement, ...] | Skip:
    """By each entry of the policy that is about the image; a Skip where none is, or the registry has it no more.

    Raises Unread where the registry did not tell.
    """
    if not signatures:
        return Skip("the policy's signatures")
    if not signatures.asked(image):
        return Skip()
    row = content(image, evidence)
    return signatures.of(image, row) if row else Skip()


def require_all(image: Image, judgement: Judgement) -> None:
    """Raises Unread where there may be signatures that were not seen."""
    if judgement.missing:
        raise unread(image, judgement.missing)


def told(found: Iterable[Judged]) -> list[dict[str, Any]]:
    """Signatures as evidence: where they lie, and what is to be said of them."""
    return [
        {
            "manifest": judged.material.manifest,
            "covers": judged.digest,
            "format": judged.material.format,
            "verdict": judged.verdict.state,
            **({"by": judged.verdict.by} if judged.verdict.by else {}),
            **({"detail": judged.verdict.detail} if judged.verdict.detail else {}),
        }
        for judged in list(found)[:20]
    ]
