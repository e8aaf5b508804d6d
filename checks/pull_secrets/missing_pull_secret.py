"""Pull secrets that are named and do not exist."""

from collections.abc import Iterator

from auditor import Credentials, Fail, OtherSecret, Owner, PullSecrets, Severity, check, docs
from checks.pull_secrets._named_secrets import named_secrets


@check(
    "Workload names a pull secret that does not exist",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/containers/images/#specifying-imagepullsecrets-on-a-pod"),
        docs("reference/access-authn-authz/admission-controllers/#serviceaccount"),
    ),
    remediation="""
        Create the secret in the workload's own namespace (secrets of other namespaces are never looked at), or take
        its name out of the list:

            kubectl -n NAMESPACE create secret docker-registry NAME --docker-server=REGISTRY \\
              --docker-username=USER --docker-password="$PASSWORD"

        An entry with an empty name has to go altogether: delete the imagePullSecrets field to get the service
        account's list back.
        """,
)
def missing_pull_secret(owner: Owner, credentials: Credentials, secrets: PullSecrets) -> Iterator[Fail]:
    """A pull secret that does not exist is no error to the kubelet: it records a warning event and goes on with the
    other secrets, or anonymously. So the mistake shows only when an image is pulled afresh, on a new node or after a
    cached image is gone. A list with nothing but an empty name is worse than none, since the service account's pull
    secrets are added only to pods that list nothing at all.
    """
    for where, name in named_secrets(owner, credentials):
        if not name:
            yield Fail(
                f"{where} lists a pull secret with an empty name: the kubelet ignores it, and a list that holds it "
                "keeps the service account's pull secrets out.",
                part="(empty name)",
            )
            continue
        found = secrets.find(owner.namespace, name)
        if isinstance(found, OtherSecret) and found.missing:
            yield Fail(
                f"{where} names the pull secret {name}, which does not exist in namespace {owner.namespace}.",
                part=name,
                evidence={"secret": name},
            )
