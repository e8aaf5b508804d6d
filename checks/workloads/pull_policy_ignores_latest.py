"""Check: pull-policy-ignores-latest."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Severity, Skip, check, docs


@check(
    "Image follows latest, but is not pulled again",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/containers/images/#imagepullpolicy-defaulting"),
        "https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/v1/defaults.go",
    ),
    remediation="""
    Pin the image to a digest. If it has to follow latest, say so:

        kubectl -n NAMESPACE patch deployment NAME --patch '
          {"spec": {"template": {"spec": {"containers": [{"name": "CONTAINER", "imagePullPolicy": "Always"}]}}}}'
    """,
)
def pull_policy_ignores_latest(image: ImageUse) -> Iterator[Fail | Skip]:
    """For latest, or no tag, the API server sets imagePullPolicy to Always, but only when an object is created.

    IfNotPresent beside latest was stored while the image had another tag (`kubectl set image` keeps the policy), or
    written by hand. Either way nodes keep what they once pulled: the workload looks as if it followed the newest build,
    security fixes included, and does not.
    """
    reference = image.reference
    if reference is None:
        yield Skip()
        return
    if reference.effective_tag != "latest":
        return
    if "IfNotPresent" in image.pull_policies:
        follows = "names latest" if reference.tag else "has no tag, which means latest,"
        yield Fail(
            f"{image.normalised} {follows} with imagePullPolicy IfNotPresent, where the API server's own default is "
            "Always.",
            evidence={"pullPolicies": list(image.pull_policies)},
        )
