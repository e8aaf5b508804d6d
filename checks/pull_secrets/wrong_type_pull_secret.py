"""Pull secrets of a type that the kubelet ignores."""

from collections.abc import Iterator

from auditor import Credentials, Fail, OtherSecret, Owner, PullSecrets, Severity, check, docs
from checks.pull_secrets._named_secrets import named_secrets


@check(
    "Pull secret is of a type that the kubelet ignores",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/configuration/secret/#docker-config-secrets"),
        docs("tasks/configure-pod-container/pull-image-private-registry/"),
    ),
    remediation="""
        The type of a Secret cannot be changed: create it anew as kubernetes.io/dockerconfigjson, under another name or
        after deleting the old one.

            kubectl -n NAMESPACE create secret generic NAME --type=kubernetes.io/dockerconfigjson \\
              --from-file=.dockerconfigjson=config.json
        """,
)
def wrong_type_pull_secret(owner: Owner, credentials: Credentials, secrets: PullSecrets) -> Iterator[Fail]:
    """The kubelet reads registry credentials from Secrets of the types kubernetes.io/dockerconfigjson and
    kubernetes.io/dockercfg only. One of another type, such as an Opaque one that holds the very same content, is passed
    over without a word, and images are pulled as if it were not there.
    """
    for where, name in named_secrets(owner, credentials):
        found = secrets.find(owner.namespace, name) if name else None
        if isinstance(found, OtherSecret) and not found.missing:
            kind = f"of type {found.type}" if found.type else "not of a registry secret's type"
            yield Fail(
                f"{where} names the pull secret {name}, which is {kind}: the kubelet ignores it.",
                part=name,
                evidence={"secret": name, "type": found.type} if found.type else {"secret": name},
            )
