"""What the registry says of an image, where it said anything."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Evidence, Image, ImageEvidence, Platform, Unavailable, Unread

GONE = "not-found"


def unread(image: Image, why: Unavailable | None) -> Unread:
    """Why nothing is known: once for all images of a registry."""
    resource = f"registry {image.reference.registry}"
    if why is None:
        return Unread(resource, None, "excluded", "nobody asked it for this image")
    state = "forbidden" if why.kind == "denied" else "failed"
    return Unread(resource, None, state, f"{why.kind}: {why.detail}" if why.detail else why.kind)


def content(image: Image, evidence: Evidence) -> ImageEvidence | None:
    """The row of an image's content, None where the registry does not have it; raises Unread where it did not tell."""
    row = evidence.of(image)
    if row is None or (row.unavailable and row.unavailable.kind != GONE):
        raise unread(image, row.unavailable if row else None)
    return None if row.unavailable else row


def platforms(image: Image, evidence: Evidence) -> Iterator[Platform]:
    """The configurations of an image, none where the registry does not have it; raises Unread after those that were
    read where others were not."""
    row = content(image, evidence)
    missing = None
    for platform in row.platforms if row else ():
        if platform.unavailable:
            missing = unread(image, platform.unavailable)
        else:
            yield platform
    if missing:
        raise missing
    if row and not row.platforms:
        raise unread(image, Unavailable("unsupported", f"{row.media_type or 'its manifest'} has no configuration"))
