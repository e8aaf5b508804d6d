"""Check: never-pull."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Severity, check, docs, kep


@check(
    "Image is never pulled",
    severity=Severity.LOW,
    references=(
        docs("concepts/containers/images/#image-pull-policy"),
        kep(2535, "sig-node", "ensure-secret-pulled-images"),
    ),
    remediation="""
    Let the kubelet fetch what the reference names, pinned so that nothing else can stand in for it:

        image: registry.example/team/app@sha256:<64 hexadecimal digits>
        imagePullPolicy: IfNotPresent

    Where nodes are loaded with images on purpose (air-gapped sites), switch this check off in the policy and say why.
    """,
)
def never_pull(image: ImageUse) -> Iterator[Fail]:
    """With imagePullPolicy Never a container runs whatever the node holds under the image's name.

    No registry is asked, so neither its access rules nor its current content count: anyone who can load images on a
    node, or who pulled something under that name before, chooses the code. Nodes without the image fail to start the
    pod, or, with credential verification on, act as if they had none.
    """
    if "Never" in image.pull_policies:
        yield Fail(
            f"{image.normalised} has imagePullPolicy Never: what runs is whatever the node already holds.",
            evidence={"pullPolicies": list(image.pull_policies)},
        )
