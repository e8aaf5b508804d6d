"""Check: floating-tag."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Policy, Severity, Skip, check, cis, docs


@check(
    "Image has no tag, or a tag that is meant to move",
    severity=Severity.HIGH,
    references=(
        cis("5.5.1"),
        docs("concepts/containers/images/#image-names"),
        docs("concepts/configuration/overview/"),
    ),
    remediation="""
    Name a release, and pin it to its digest:

        image: registry.example/team/app:1.4.2@sha256:<64 hexadecimal digits>

    Which tags count as floating is a matter of the policy: `images.floatingTags`, by default latest, main, master,
    edge, nightly and dev. A missing tag means latest.
    """,
)
def floating_tag(image: ImageUse, policy: Policy) -> Iterator[Fail | Skip]:
    """`latest` and the tags of branches are moved by every build: which code runs depends on when a node pulled.

    A rollback to such a tag rolls back nothing, a restart is an update that nobody decided on, and after an incident
    nobody can say what ran. Any other tag may move; these are made to.
    """
    reference = image.reference
    if reference is None:
        yield Skip()
        return
    if reference.pinned:
        return
    if reference.tag is None:
        yield Fail(f"{image.normalised} has no tag, which means latest.", evidence={"tag": "latest", "implied": True})
    elif reference.tag in policy.images.floating_tags:
        yield Fail(f"{image.normalised} follows the floating tag {reference.tag}.", evidence={"tag": reference.tag})
