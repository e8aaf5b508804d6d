"""Check: cached-mutable-tag."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ControlPlane, Fail, ImageUse, Nodes, Severity, Skip, check, docs


@check(
    "A tag that may move is cached by several nodes",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/containers/images/#image-pull-policy"),
        docs("reference/access-authn-authz/admission-controllers/#alwayspullimages"),
    ),
    remediation="""
    Pin the image to a digest: then IfNotPresent is safe, and saves the registry:

        image: registry.example/team/app:1.4.2@sha256:<64 hexadecimal digits>
        imagePullPolicy: IfNotPresent

    Else set `imagePullPolicy: Always`, or enable the AlwaysPullImages admission plugin for the whole cluster.
    """,
)
def cached_mutable_tag(image: ImageUse, nodes: Nodes, control_plane: ControlPlane) -> Iterator[Fail | Skip]:
    """With IfNotPresent a node that once pulled a tag never asks for it again, while a node that joins later gets what
    the tag means by then.

    When the tag moves, replicas of one workload run different code, a fixed image reaches some nodes only, and a
    rescheduled pod changes without a rollout. Static pods are left out: each belongs to one node.
    """
    if image.reference is None:
        yield Skip()
        return
    if image.reference.pinned or image.static or "IfNotPresent" not in image.pull_policies:
        return
    if control_plane.always_pull_images:
        return
    count = len(nodes.schedulable())
    if count > 1:
        yield Fail(
            f"{image.normalised} is pulled only where it is not present: its tag may stand for different content on "
            f"each of {count} schedulable nodes.",
            evidence={"pullPolicies": list(image.pull_policies)},
        )
