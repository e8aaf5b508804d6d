"""Images as content: what workloads use and run, by repository and digest, else by tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

import msgspec

from auditor.image import Reference, parse_image_id
from auditor.subjects import ImageUse


class Run(NamedTuple):
    """Running containers of one revision on one platform (empty where the nodes were not read) under one digest."""

    revision: str
    platform: str
    digest: str
    pods: int


def comparable_runs(image: ImageUse) -> Iterator[Run]:
    """What runs under a digest of the spec's own repository.

    Left out: a bare digest, which is that of the image's config, and a digest under another repository's name:
    containerd reports the first, in alphabetical order, of all names that an image has on the node
    (internal/cri/store/image).
    """
    if image.reference is None:
        return
    for shape, running in image.running():
        found = parse_image_id(running.image_id)
        if found.digest and found.repository == image.reference.name:
            yield Run(shape.revision, running.platform, found.digest, running.pods)


class Image(msgspec.Struct, frozen=True, dict=True):
    """One content that workloads use: what a digest names, or, where none is known, what a tag names.

    `reference` has neither tag nor digest. `tags` are those that specs name it by, `uses` the image uses that do, and
    `runs` what runs under a digest of the repository: for a pinned index those digests may be its platforms' manifests.
    A use whose pods run several digests belongs to several images.
    """

    reference: Reference
    digest: str | None
    tags: tuple[str, ...]
    uses: tuple[ImageUse, ...]
    runs: tuple[Run, ...]

    @property
    def repository(self) -> str:
        return self.reference.name

    @cached_property
    def name(self) -> str:
        """As a reference: with the tag where there is just one."""
        tag = f":{self.tags[0]}" if len(self.tags) == 1 else ""
        return f"{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"

    @cached_property
    def followed(self) -> tuple[str, ...]:
        """The tags by which specs without a digest name it: what the next pull gets is what they name then."""
        references = (use.reference for use in self.uses)
        tags = {reference.effective_tag for reference in references if reference and reference.digest is None}
        return tuple(sorted(filter(None, tags)))

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """Every digest that it is known by: its own, and those that run."""
        own = [self.digest] if self.digest else []
        return tuple(dict.fromkeys([*own, *sorted({run.digest for run in self.runs})]))

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """`os/architecture` of the nodes that run it, as far as they are known."""
        return tuple(sorted({run.platform for run in self.runs if run.platform}))

    @property
    def pods(self) -> int:
        """How many pods run it, of those whose digest is known."""
        return sum(run.pods for run in self.runs)

    @cached_property
    def where(self) -> tuple[str, ...]:
        """`namespace/Kind/name (container)` of its uses, in order: evidence."""
        return tuple(sorted({f"{u.namespace}/{u.owner.kind}/{u.owner.name} ({u.container})" for u in self.uses}))


def images(uses: Iterable[ImageUse]) -> tuple[Image, ...]:
    """The images of image uses, by name. What is no image reference is none: another check tells of it."""
    found: dict[tuple[str, str | None, str], _Found] = {}
    for use in uses:
        reference = use.reference
        if reference is None:
            continue
        runs = tuple(comparable_runs(use))
        if reference.digest is not None:
            _at(found, reference, reference.digest).add(use, runs)
            continue
        for digest in sorted({run.digest for run in runs}):
            _at(found, reference, digest).add(use, tuple(run for run in runs if run.digest == digest))
        if not runs:
            _at(found, reference, None).add(use, ())
    return tuple(sorted((made.image() for made in found.values()), key=lambda image: image.name))


def identities(found: Iterable[Image]) -> Iterator[tuple[Image, str]]:
    """Each image with the name that its findings are known by: its repository, so that a new tag or digest of the same
    faulty image is no new finding. Where a repository has several images, all but the first add what tells them apart.
    """
    seen: dict[str, int] = {}
    for image in found:
        known = seen.get(image.repository, 0)
        seen[image.repository] = known + 1
        yield image, image.name if known else image.repository


class _Found:
    """An image while its uses are gathered."""

    def __init__(self, reference: Reference, digest: str | None) -> None:
        self._reference, self._digest = reference, digest
        self._tags: set[str] = set()
        self._uses: list[ImageUse] = []
        self._runs: list[Run] = []

    def add(self, use: ImageUse, runs: Iterable[Run]) -> None:
        assert use.reference is not None  # looked at by the caller
        if tag := use.reference.tag if use.reference.digest else use.reference.effective_tag:
            self._tags.add(tag)
        self._uses.append(use)
        self._runs += runs

    def image(self) -> Image:
        return Image(self._reference, self._digest, tuple(sorted(self._tags)), tuple(self._uses), tuple(self._runs))


def _at(found: dict[tuple[str, str | None, str], _Found], reference: Reference, digest: str | None) -> _Found:
    """Where an image is gathered: by its digest, whatever its tags; without one, by its tag."""
    key = (reference.name, digest, "" if digest else reference.effective_tag or "")
    if key not in found:
        found[key] = _Found(msgspec.structs.replace(reference, tag=None, digest=None), digest)
    return found[key]
