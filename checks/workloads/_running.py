"""The digests that run of an image, as far as they can be compared with its reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditor import ImageUse, parse_image_id


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
