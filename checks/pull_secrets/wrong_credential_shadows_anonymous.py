"""Public images that are pulled with nothing but expired credentials."""

from collections.abc import Iterator

from auditor import CLUSTER, Cluster, Credentials, Fail, ImageUse, Manual, Policy, Severity, Skip, check, docs
from checks.pull_secrets._clouds import never_public
from checks.pull_secrets._lifetime import expiry, is_short_lived, moment


@check(
    "Expired credential keeps a public image from being pulled anonymously",
    severity=Severity.LOW,
    references=(
        docs("concepts/containers/images/#specifying-imagepullsecrets-on-a-pod"),
        "https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kuberuntime/kuberuntime_image.go",
    ),
    remediation="""
        Renew the credential, or take the key out of the secret (or the secret out of the pod's list), so that the image
        is pulled without credentials. If the registry is private, declare it under registries.private in the policy.
        """,
)
def wrong_credential_shadows_anonymous(
    image: ImageUse, credentials: Credentials, cluster: Cluster, policy: Policy
) -> Iterator[Fail | Manual | Skip]:
    """The kubelet pulls anonymously only if no credential at all matches the image. One that matches and is refused by
    the registry fails the pull, even of an image that everybody may have. So an expired token in a pull secret takes
    public images of the same registry down with it.
    """
    reference = image.reference
    if reference is None:
        yield Skip()
        return
    if policy.registries.is_private(reference) or never_public(reference.registry):
        return
    now = moment(cluster.collected_at)
    for shape, _ in sorted(image.places, key=lambda place: credentials.inherited(image.owner, place[0])):
        names = credentials.effective(image.owner, shape)
        served = credentials.serving(image.namespace, names, reference)
        if not served or not all(is_short_lived(each.entry) and each.entry.problem is None for each in served):
            continue
        ends = [expiry(each.secret, each.entry) for each in served]
        if now and all(end and end <= now for end in ends):
            secrets = sorted({each.secret.name for each in served})
            yield Fail(
                f"The only in-cluster credential that matches {image.repository} has expired (secret "
                f"{', '.join(secrets)}). The kubelet never falls back to an anonymous pull, so that public images "
                "fail with it.",
                evidence={"repository": image.repository, "secrets": secrets},
            )
        elif now is None or not any(end and end > now for end in ends):
            yield Manual(
                "Images are matched by nothing but short-lived credentials, of which it is not known whether they had "
                "expired when the cluster was read.",
                evidence={"repositories": [image.repository], "count": 1},
                about=CLUSTER,
            )
