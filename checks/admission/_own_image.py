"""Why an image policy's backend would refuse the image that it is made of, by its own arguments and usual rules."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import DOCKER_HUB, MalformedReference, Owner, Policy, Reference, parse


def refusals(owner: Owner, policy: Policy) -> Iterator[str]:
    """Each of its images that is not in its own allowlist or has a floating tag."""
    allowed = {
        DOCKER_HUB if entry in ("index.docker.io", DOCKER_HUB) else entry.rstrip("/")
        for shape in owner.shapes
        for container in shape.containers
        for entry in container.allowlist
    }
    images = dict.fromkeys(container.image for shape in owner.shapes for container in shape.containers)
    for image in images:
        try:
            reference = parse(image)
        except MalformedReference:
            continue
        if allowed and not any(_allows(entry, reference) for entry in allowed):
            yield f"its own image {reference} is in no registry that it allows ({', '.join(sorted(allowed))})"
        elif not reference.digest and reference.effective_tag in policy.images.floating_tags:
            yield f"its own image {reference} has a floating tag, which such backends refuse"


def _allows(entry: str, reference: Reference) -> bool:
    return reference.name == entry or reference.name.startswith(f"{entry}/")
