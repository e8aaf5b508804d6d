"""What runs of an image, in the words of those who scan it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.image import parse_image_id
from auditor.images import Image, Run
from auditor.subjects import ImageUse


def operator_names(use: ImageUse) -> Iterator[tuple[str, str]]:
    """What the operator may call the owner: itself, or the ReplicaSet of a revision that runs."""
    yield use.owner.kind, use.owner.name
    for shape, _ in use.places:
        if shape.revision:
            yield "ReplicaSet", f"{use.owner.name}-{shape.revision}"
        for pod in shape.examples if use.owner.kind == "Pod" else ():
            yield "Pod", pod


def apart(runs: Iterable[Run]) -> list[Run]:
    """One of each digest and platform."""
    return list({(run.digest, run.platform): run for run in runs}.values())


def told(run: Run) -> str:
    """`DIGEST on PLATFORM`, as far as that is known."""
    return f"{run.digest} on {run.platform}" if run.platform else run.digest


def image_ids(image: Image) -> tuple[str, ...]:
    """The digests of configurations that run, where nodes tell only those."""
    if image.runs:
        return ()
    found = (parse_image_id(running.image_id) for use in image.uses for _, running in use.running())
    return tuple(dict.fromkeys(each.digest for each in found if each.digest and not each.repository))
