"""Workloads that ask the image policy's backend for an exception."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImagePolicyFiles, Owner, Severity, check, docs


@check(
    "Pods ask the image policy for an exception by annotation",
    severity=Severity.LOW,
    references=(
        docs("reference/access-authn-authz/admission-controllers/#imagepolicywebhook"),
        "https://cloud.google.com/binary-authorization/docs/using-breakglass",
    ),
    remediation="""
        See with the owner of the workload why it needs the exception, and whether the backend grants it. Take the
        annotation out of the pod template when the emergency is over:

            kubectl -n NAMESPACE patch deployment NAME --type=json \\
              -p '[{"op": "remove", "path": "/spec/template/metadata/annotations/KEY"}]'
        """,
)
def image_policy_bypass_annotation(owner: Owner, files: ImagePolicyFiles) -> Iterator[Fail]:
    """ImagePolicyWebhook hands the annotations whose key holds `.image-policy.k8s.io/` to its backend, as the way to
    ask for an exception. Whoever may create pods may write them, and what the backend makes of them the cluster does
    not show. Where no API server runs the plugin, nobody reads them.
    """
    keys = sorted({key for shape in owner.shapes for key in shape.review_annotations})
    if not keys or files.plugin_runs is False:
        return
    where = "" if files.plugin_runs else " (whether ImagePolicyWebhook runs is not to be seen here)"
    yield Fail(
        f"Pods carry {', '.join(keys)}, which ImagePolicyWebhook forwards to its backend{where}.",
        evidence={"annotations": keys, "pods": sum(shape.pods for shape in owner.shapes)},
    )
