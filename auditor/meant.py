"""Which images of a cluster a person means: a repository, a tag of it or a digest."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

from auditor.evidence import Evidence
from auditor.image import MalformedReference, Reference, parse
from auditor.images import Image, images
from auditor.model import Owner
from auditor.subjects import image_uses
from auditor.views import Views


def reference_of(asked: str) -> Reference | None:
    """What is asked for as a reference, None where it is none."""
    try:
        return parse(asked)
    except MalformedReference:
        return None


def means(wanted: Reference, image: Image, evidence: Evidence) -> bool:
    """A digest says which content; a tag those that specs name by it; neither, all of the repository."""
    if image.repository != wanted.name:
        return False
    if wanted.digest:
        known = image.digest is not None and evidence.related(image.repository, image.digest, wanted.digest)
        return bool(wanted.digest in image.digests or known)
    return wanted.tag is None or wanted.tag in image.tags


def only(asked: str, owners: Iterable[Owner]) -> tuple[Owner, ...]:
    """The workloads that use it, with the containers alone that do: what others of theirs run is nobody's question.

    Whether a digest stands for an image that names another one, its index, only the registry can tell: where nothing
    names a digest itself, everything of its repository is meant.
    """
    wanted = reference_of(asked)
    if wanted is None:
        return ()
    every = tuple(owners)
    used = images(use for owner in every for use in image_uses(owner))
    same = [image for image in used if image.repository == wanted.name]
    found = [image for image in same if means(wanted, image, Evidence(()))]
    meant = found if found or not wanted.digest else same
    uses = {_key(use.owner, use.container, use.image) for image in meant for use in image.uses}
    narrowed = (_narrowed(owner, uses) for owner in every)
    return tuple(owner for owner in narrowed if owner.shapes)


def _key(owner: Owner, container: str, image: str) -> tuple[str, ...]:
    return owner.namespace, owner.kind, owner.name, container, image


def _narrowed(owner: Owner, uses: set[tuple[str, ...]]) -> Owner:
    shapes = []
    for shape in owner.shapes:
        containers = tuple(found for found in shape.containers if _key(owner, found.name, found.image) in uses)
        if containers:
            shapes.append(msgspec.structs.replace(shape, containers=containers))
    return msgspec.structs.replace(owner, shapes=tuple(shapes))


def near(asked: str, views: Views) -> list[str]:
    """Images of the cluster whose names are like this one."""
    names = {image.repository for image in views.images} | {repository.name for repository in views.repositories}
    bare = {name.rpartition("/")[2]: name for name in sorted(names, reverse=True)}
    last = asked.partition("@")[0].rpartition("/")[2].partition(":")[0]
    close = get_close_matches(asked, sorted(names), 3, 0.7)
    return list(dict.fromkeys([*close, *(bare[name] for name in get_close_matches(last, sorted(bare), 3, 0.7))]))[:3]
