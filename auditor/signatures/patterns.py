"""Which images an entry of the policy's `signatures` is about."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from auditor.image import MalformedReference, Reference, parse_entry


def matches(pattern: str, reference: Reference) -> bool:
    """Whether a pattern is about an image.

    Without a glob it is a registry or a path, as in the allowlist. With one it is compared with the whole normalised
    name: `*` stands for any characters of one path segment, `**` for any at all. Port 443 or capitals in the image's
    registry get it past no pattern: it is the same registry.
    """
    plain = msgspec.structs.replace(reference, registry=reference.registry.lower().removesuffix(":443"))
    return _matches(pattern, reference) or _matches(pattern, plain)


def _matches(pattern: str, reference: Reference) -> bool:
    if "*" in pattern:
        everything = pattern == "*"  # as people mean it
        return everything or bool(expression(pattern).fullmatch(reference.name))
    try:
        return parse_entry(pattern).covers(reference)
    except MalformedReference:
        return False


def fault(pattern: str) -> str:
    """Why a pattern can match nothing, empty where it may."""
    if "@" in pattern or (":" in pattern.rpartition("/")[2] and "/" in pattern):
        return "holds a tag or a digest; whole repositories are signed for"
    if "*" in pattern:
        return "" if set(pattern) - set("*/") or pattern in ("*", "**") else "holds nothing but globs"
    try:
        parse_entry(pattern)
    except MalformedReference as error:
        return str(error)
    return ""


@lru_cache(maxsize=1024)
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern's globs: `*` for any characters but `/`, `**` for any at all."""
    glob = {"*": "[^/]*"}
    parts = re.split(r"(\*+)", pattern)
    written = (glob.get(part, ".*") if part.startswith("*") else re.escape(part) for part in parts)
    return re.compile("".join(written), re.DOTALL)
