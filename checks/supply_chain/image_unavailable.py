"""Check: image-unavailable."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import WITH_REGISTRY, Evidence, Fail, Image, Severity, check, docs
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

        kubectl -n <namespace> set image deployment/<name> <container>=registry.example/team/app@sha256:<digest>

    Keep what is deployed from being cleaned up: protect its tags, or have the retention ask the cluster first.
    """,
)
def image_unavailable(image: Image, evidence: Evidence) -> Iterator[Fail]:
    """Pods run on from their nodes' caches after an image is deleted, and nobody notices until one has to start
    elsewhere: at a node's end, in the middle of an incident. A name that is free again can also be taken by another.

    What counts is what the specs name: a tag, or a digest whose tag no node looks at. A registry that refuses to tell
    (some say 401 or 403 of what does not exist) leaves the question open.
    """
    pinned = [use for use in image.uses if use.reference and use.reference.digest]
    rows = [(image.name, evidence.content(image.repository, image.digest))] if pinned and image.digest else []
    if len(pinned) < len(image.uses):
        names = {use.reference.effective_tag for use in image.uses if use.reference and not use.reference.digest}
        rows += [
            (f"{image.repository}:{tag}", evidence.tag(image.repository, tag)) for tag in sorted(filter(None, names))
        ]
    missing = None
    for name, row in rows:
        if row is None or (row.unavailable and row.unavailable.kind != GONE):
            missing = unread(image, row.unavailable if row else None)
        elif row.unavailable:
            yield Fail(
                f"The registry has no {name} any more; {image.pods} running pods have it from their nodes' caches."
                if image.pods
                else f"The registry has no {name}.",
                part=name.removeprefix(image.repository) if len(rows) > 1 else "",
                evidence={"where": list(image.where[:20]), "registry": row.unavailable.detail},
            )
    if missing:
        raise missing
