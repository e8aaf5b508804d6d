"""Cloud account keys that serve as registry credentials."""

from collections.abc import Iterator

from auditor import Fail, PullSecret, Severity, check, cis, docs

_KINDS = {"json-key": "the key of a Google service account", "access-key": "a cloud access key"}


@check(
    "Registry secret holds a long-lived cloud key",
    severity=Severity.MEDIUM,
    references=(
        docs("tasks/administer-cluster/kubelet-credential-provider/"),
        cis("5.4.2"),
        "https://cloud.google.com/artifact-registry/docs/docker/authentication",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
    ),
    remediation="""
        Give the nodes, or from Kubernetes 1.34 on the pods' service accounts, the right to read the registry, and let
        the kubelet's image credential provider plugin of the cloud fetch short-lived tokens. Then delete the secret and
        revoke the key at the cloud provider.
        """,
)
def long_lived_cloud_key(secret: PullSecret) -> Iterator[Fail]:
    """A service account key or access key does not expire and often opens more than the registry: whoever reads the
    secret holds a cloud identity that works from anywhere. In a pull secret it lies in every namespace that needs an
    image and in every backup of etcd.
    """
    for entry in secret.content.entries:
        if entry.kind in _KINDS:
            yield Fail(
                f'The key "{entry.key}" holds {_KINDS[entry.kind]}.',
                part=entry.key,
                evidence={"key": entry.key, "kind": entry.kind},
            )
