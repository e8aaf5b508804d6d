"""Kyverno's verifyImages rules: which images one verifies, and what becomes of those without a signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.enforcement.fields import items, mappings, text, texts
from auditor.enforcement.kyverno_patterns import Unreadable, glob
from auditor.enforcement.kyverno_values import image_parts
from auditor.enforcement.outcomes import Outcome, strictest


def unsigned(rule: Mapping[str, Any], image: str) -> Outcome:
    """What a rule makes of an unsigned image.

    References are globs over the image with its registry and tag or digest; an entry without attestors and attestations
    verifies nothing but digests. Source: kyverno pkg/engine/internal/imageverifier.go.
    """
    return strictest(_entry(entry, image) for entry in mappings(rule.get("verifyImages")))


def _entry(entry: Mapping[str, Any], image: str) -> Outcome:
    try:
        name = image_parts(image)["reference"]
    except Unreadable:
        return Outcome.UNKNOWN
    wanted = references(entry)
    skipped = texts(entry.get("skipImageReferences"))
    if any("{{" in reference for reference in [*wanted, *skipped]):
        return Outcome.UNKNOWN
    if not _matches(name, wanted) or _matches(name, skipped):
        return Outcome.LET_IN
    return Outcome.VERIFIED if verifies(entry) else Outcome.LET_IN


def references(entry: Mapping[str, Any]) -> list[str]:
    """The images that an entry is for; `image` is the old way to say it."""
    return [*texts(entry.get("imageReferences")), *filter(None, [text(entry.get("image"))])]


def verifies(entry: Mapping[str, Any]) -> bool:
    """Whether an entry asks for a signature or an attestation; `key` and `issuer` with `subject` are the old ways."""
    if items(entry.get("attestations")) or text(entry.get("key")):
        return True
    if text(entry.get("issuer")) and text(entry.get("subject")):
        return True
    return any(items(one.get("entries")) for one in mappings(entry.get("attestors")))


def refuses_tags(rule: Mapping[str, Any], image: str) -> bool:
    """Whether the rule denies an image for being named by a tag: it does where tags are not replaced by digests."""
    name = image_parts(image)
    return any(
        entry.get("verifyDigest") is not False
        and entry.get("mutateDigest") is False
        and not name["digest"]
        and _matches(name["reference"], references(entry))
        for entry in mappings(rule.get("verifyImages"))
    )


def _matches(name: str, patterns: list[str]) -> bool:
    return any(glob(pattern, name) for pattern in patterns)
