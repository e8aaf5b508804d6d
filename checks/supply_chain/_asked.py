"""What the registry says of an image, where it said anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditor import Evidence, Image, ImageEvidence, Platform, Unavailable, Unread

GONE = "not-found"


class Content(NamedTuple):
    """A content that an image stands for, and how to call it."""

    name: str
    row: ImageEvidence


def unread(image: Image, why: Unavailable | None) -> Unread:
    """Why nothing is known: once for all images of a registry."""
    resource = f"registry {image.reference.registry}"
    if why is None:
        return Unread(resource, None, "excluded", "nobody asked it for this image")
    state = "forbidden" if why.kind == "denied" else "failed"
    return Unread(resource, None, state, f"{why.kind}: {why.detail}" if why.detail else why.kind)


def contents(image: Image, evidence: Evidence) -> Iterator[Content]:
    """What runs, or is pinned, and what the tags that specs follow name now, if that differs: the next pod gets it.

    Raises Unread after those that are known, where others are not. What the registry has no more is not known either;
    a tag alone that is gone brings no content to pods.
    """
    missing = None
    seen: set[str] = set()
    for name, row in _rows(image, evidence):
        if row is None or row.unavailable:
            missing = missing or unread(image, row.unavailable if row else None)
        elif row.digest not in seen:
            seen.add(row.digest)
            yield Content(name, row)
    if missing:
        raise missing


def _rows(image: Image, evidence: Evidence) -> Iterator[tuple[str, ImageEvidence | None]]:
    if image.digest is not None:
        yield image.name, evidence.content(image.repository, image.digest)
    for tag in image.followed:
        named = evidence.tag(image.repository, tag)
        if named is None or named.unavailable:
            gone = named is not None and named.unavailable is not None and named.unavailable.kind == GONE
            if not (gone and image.digest):
                yield image.name, named
            continue
        if image.digest is not None and _same(image, image.digest, named.digest, evidence):
            continue
        moved = image.digest is not None
        name = f"what {image.repository}:{tag} names now ({named.digest})" if moved else image.name
        yield name, evidence.content(image.repository, named.digest)


def _same(image: Image, one: str, other: str, evidence: Evidence) -> bool:
    """Whether two digests are the same content wherever the image runs, as an index and its only manifest there are."""
    return all(evidence.related(image.repository, one, other, platform) for platform in image.platforms or ("",))


def platforms(image: Image, evidence: Evidence) -> Iterator[tuple[str, Platform]]:
    """The configurations of an image's contents; raises Unread after those that were read where others were not."""
    missing = None
    for name, row in contents(image, evidence):
        for platform in row.platforms:
            if platform.unavailable:
                missing = missing or unread(image, platform.unavailable)
            else:
                yield name, platform
        if not row.platforms:
            what = row.media_type or "its manifest"
            missing = missing or unread(image, Unavailable("unsupported", f"{what} has no configuration"))
    if missing:
        raise missing
