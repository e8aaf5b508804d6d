"""Check: image-unavailable."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import WITH_REGISTRY, Evidence, Fail, Image, ImageEvidence, Severity, check, docs
from checks.supply_chain._asked import GONE, unread


@check(
    "The registry no longer has what a workload names",
    severity=Severity.MEDIUM,
    opt_in=WITH_REGISTRY,
    references=(
        docs("concepts/containers/images/#imagepullbackoff"),
        "https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests",
    ),
    remediation="""
    See what the registry has, and what it deleted (retention rules are the usual reason):

        crane ls registry.example/team/app

    Push the image again from the build that made it, or move the workload to one that is there, by digest:

        kubectl -n NAMESPACE set image deployment/NAME CONTAINER=registry.example/team/app@sha256:DIGEST

    Keep what is deployed from being cleaned up: protect its tags, or have the retention ask the cluster first.
    """,
)
def image_unavailable(image: Image, evidence: Evidence) -> Iterator[Fail]:
    """Pods run on from their nodes' caches after an image is deleted, and nobody notices until one has to start
    elsewhere: at a node's end, in the middle of an incident. A name that is free again can also be taken by another.

    What counts is what the specs name: a tag and the content behind it, or a digest whose tag no node looks at; of an
    index, the manifests for the nodes' platforms; of each manifest, the configuration. A registry that refuses to tell
    (some say 401 or 403 of what does not exist) leaves the question open.
    """
    shown = {"where": list(image.where[:20])}
    held = f" any more; {image.pods} running pods have it from their nodes' caches" if image.pods else ""
    missing = None
    for name, row in _named(image, evidence):
        if row is None or (row.unavailable and row.unavailable.kind != GONE):
            missing = unread(image, row.unavailable if row else None)
        elif row.unavailable:
            yield Fail(f"The registry has no {name}{held}.", evidence={**shown, "registry": row.unavailable.detail})
        else:
            for platform in row.platforms:
                if platform.unavailable and platform.unavailable.kind == GONE:
                    where = platform.platform or platform.digest
                    yield Fail(f"The registry has {name}, but not all of it for {where}.", where, evidence=shown)
    if missing:
        raise missing


def _named(image: Image, evidence: Evidence) -> Iterator[tuple[str, ImageEvidence | None]]:
    """What specs name, and the registry's answer: a digest, or a tag and then the content that it names now."""
    if image.digest is not None and any(use.reference and use.reference.digest for use in image.uses):
        yield f"{image.repository}@{image.digest}", evidence.content(image.repository, image.digest)
    for tag in image.followed:
        named = evidence.tag(image.repository, tag)
        yield f"{image.repository}:{tag}", named
        if named and not named.unavailable:
            yield f"{image.repository}:{tag} ({named.digest})", evidence.content(image.repository, named.digest)
