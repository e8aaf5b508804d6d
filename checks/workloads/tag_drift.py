"""Check: tag-drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor import Evidence, Fail, ImageUse, Severity, Skip, check, comparable_runs, docs


@check(
    "One tag runs as different content",
    severity=Severity.HIGH,
    references=(
        docs("concepts/containers/images/#image-pull-policy"),
        "https://github.com/kubernetes/kubernetes/issues/93016",
        "https://github.com/containerd/containerd/blob/main/internal/cri/server/container_status.go",
    ),
    remediation="""
    Find out which digest is the right one (the registry's log of pushes tells when the tag moved), then pin to it,
    which also replaces the pods that run anything else:

        kubectl -n NAMESPACE set image deployment/NAME CONTAINER=registry.example/team/app@sha256:DIGEST

    Make the tags of the repository immutable, if the registry can.
    """,
)
def tag_drift(image: ImageUse, evidence: Evidence) -> Iterator[Fail | Skip]:
    """Pods of one revision, made from one template, run different content under one reference: the tag was moved
    between two pulls.

    Somebody pushed over a tag, by habit or with intent, and part of the replicas run code that never went through a
    rollout. Compared are only the digests that the spec's own repository has for one operating system and architecture;
    an index and its platform's manifest are the same content, if the registry was asked.
    """
    if image.reference is None:
        yield Skip()
        return
    if image.reference.pinned:
        return
    groups: dict[tuple[str, str], Counter[str]] = {}
    for run in comparable_runs(image):
        groups.setdefault((run.revision, run.platform), Counter())[run.digest] += run.pods
    for (revision, platform), digests in sorted(groups.items()):
        if len(evidence.distinct(image.repository, digests, platform)) < 2:
            continue
        # Runtimes report the digest that they pulled by: for a tag of several platforms that of the index, the same on
        # every platform. So two digests are a drift even where the nodes' platforms are not known.
        where = f"on {platform}" if platform else "on nodes whose platform was not read"
        yield Fail(
            f"{image.normalised} runs under {len(digests)} digests {where} in one revision: the tag has moved.",
            evidence={
                "digests": dict(sorted(digests.items())[:20]),
                "platforms": [platform or "unknown"],
                **({"revisions": [revision]} if revision else {}),
            },
        )
