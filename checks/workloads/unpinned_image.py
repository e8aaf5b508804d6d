"""Check: unpinned-image."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Severity, Skip, check, cis, comparable_runs, docs


@check(
    "Image is not pinned to a digest",
    severity=Severity.MEDIUM,
    references=(
        cis("5.5.1"),
        docs("concepts/containers/images/#image-names"),
        "https://attack.mitre.org/techniques/T1525/",
    ),
    remediation="""
    Name the content, and keep the tag for people if you like:

        image: registry.example/team/app:1.4.2@sha256:<64 hexadecimal digits>

    Where the image runs already, the finding's evidence holds the digests that run now. For a tag, ask the registry:
    `crane digest registry.example/team/app:1.4.2`, or `skopeo inspect --format '{{.Digest}}' docker://…`.
    Renovate and Dependabot update digests as they update tags.
    """,
)
def unpinned_image(image: ImageUse) -> Iterator[Fail | Skip]:
    """A tag is a name that whoever can write to the repository may point at other content at any time.

    What was reviewed, scanned and signed under a tag need not be what the next pod starts, and two nodes may run
    different content under one name. A digest is the hash of the content itself: no registry, mirror or intruder can
    put anything else in its place. A tag beside a digest is only a note to the reader, since runtimes pull by digest.
    """
    if image.reference is None:
        yield Skip()
        return
    if image.reference.pinned:
        return
    tag = "has neither tag nor digest" if image.reference.tag is None else "names a tag, not content"
    running = sorted({f"{image.reference.name}@{run.digest}" for run in comparable_runs(image)})
    yield Fail(f"{image.normalised} {tag}.", evidence={"running": running[:20]} if running else {})
