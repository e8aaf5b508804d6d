"""Registry secrets that nothing in their namespace names."""

from collections.abc import Iterator

from auditor import Fail, PullSecret, SecretUsers, Severity, check, cis, docs

# The cluster's own pull secret on OpenShift, which goes from here to the nodes' files.
_GLOBAL = ("openshift-config", "pull-secret")


@check(
    "Registry secret that nothing uses",
    severity=Severity.LOW,
    references=(docs("concepts/security/secrets-good-practices/"), cis("5.1.2")),
    remediation="""
        See whether a controller reads it (a custom resource, a build, a GitOps tool: those are not visible here). If
        not, delete it and revoke the credential at the registry.

            kubectl -n NAMESPACE delete secret NAME
        """,
)
def unused_pull_secret(secret: PullSecret, users: SecretUsers) -> Iterator[Fail]:
    """A credential that nobody needs is only there to be stolen, and since nothing breaks when it leaks or expires,
    nobody looks after it. Leftovers of removed applications are the usual kind, often with rights that a present-day
    credential would not get.
    """
    if secret.made_by == "openshift" or (secret.namespace, secret.name) == _GLOBAL:
        return
    if not users.named(secret.namespace, secret.name):
        yield Fail("No pod, workload template or service account of its namespace names this secret.")
