"""Check: digest-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Evidence, Fail, ImageUse, Manual, Severity, Skip, check, comparable_runs, docs


@check(
    "A pinned image runs under another digest",
    severity=Severity.HIGH,
    references=(
        docs("concepts/containers/images/#image-names"),
        "https://github.com/opencontainers/image-spec/blob/main/image-index.md",
        "https://github.com/containerd/containerd/blob/main/internal/cri/server/container_status.go",
    ),
    remediation="""
    Ask the registry whether the digest that runs belongs to the one that is pinned, as the manifest of one platform in
    an index:

        crane manifest registry.example/team/app@sha256:PINNED | jq '.manifests[]? | {platform, digest}'

    If it is not there, the node runs something else: drain it, look at how the image came there (a mirror,
    `ctr import`, a changed pod), and let the pod start on a clean node.
    """,
)
def digest_mismatch(image: ImageUse, evidence: Evidence) -> Iterator[Fail | Manual | Skip]:
    """A digest in the spec promises one content; a running container of the same repository reports another digest.

    Often that is harmless: the pinned digest is that of an index, and the runtime reports the manifest that it chose
    for the platform. It is also what a tampered image store or mirror looks like. Only the registry can tell the two
    apart: where it was asked it does, else a person has to look. Digests of the image's config, and of other
    repositories, are not compared.
    """
    if image.reference is None:
        yield Skip()
        return
    if image.reference.digest is None:
        return
    pinned = image.reference.digest
    running = sorted({(run.digest, run.platform) for run in comparable_runs(image)})
    related = [(digest, evidence.related(image.repository, pinned, digest, platform)) for digest, platform in running]
    foreign = list(dict.fromkeys(digest for digest, same in related if same is False))
    others = list(dict.fromkeys(digest for digest, same in related if same is None))
    if foreign:
        yield Fail(
            f"{image.normalised} runs as {foreign[0]}, which is neither a platform of what is pinned nor its index.",
            evidence={"pinned": [pinned], "running": foreign[:20]},
        )
    elif others:
        yield Manual(
            f"{image.normalised} runs as {others[0]}{f' and {len(others) - 1} more' if len(others) > 1 else ''}: the "
            "registry knows whether that is a platform's manifest of the pinned index, or other content.",
            evidence={"pinned": [pinned], "running": others[:20]},
        )
