"""Registry secrets that the kubelet rejects, and the workloads that it thereby fails."""

from collections.abc import Iterator

from auditor import Fail, PullSecret, SecretUsers, Severity, check, docs


@check(
    "Registry secret cannot be decoded by the kubelet",
    severity=Severity.HIGH,
    references=(
        docs("concepts/configuration/secret/#docker-config-secrets"),
        "https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/config.go",
    ),
    remediation="""
        Write the content again with a tool instead of by hand; `auth` is the standard base64 of user:password.

            kubectl -n NAMESPACE create secret docker-registry NAME --docker-server=REGISTRY --docker-username=USER \\
              --docker-password="$PASSWORD" --dry-run=client -o yaml | kubectl apply -f -
        """,
)
def malformed_pull_secret(secret: PullSecret, users: SecretUsers) -> Iterator[Fail]:
    """The API server checks only that a registry secret holds a JSON object, not what is in it. The kubelet decodes all
    secrets that a pod names before it pulls, and stops at the first that it cannot read: then no pull with credentials
    of that pod works, for no registry, though its other secrets are sound. Nothing shows until an image is pulled anew.
    """
    reason = secret.content.rejected
    if reason is None:
        return
    entry = next((e for e in secret.content.entries if e.problem and reason.endswith(e.problem)), None)
    if entry:
        reason = f'in the entry of "{entry.key}", {entry.problem}'
    owners = list(dict.fromkeys(f"{u.owner.kind}/{u.owner.name}" for u in users.pulling(secret.namespace, secret.name)))
    seen = "" if users.complete(secret.namespace) else ", as far as workloads and service accounts were read"
    if owners:
        more = f" and {len(owners) - 3} more" if len(owners) > 3 else ""
        harm = f"That breaks every pull with credentials of {', '.join(owners[:3])}{more}{seen}."
    else:
        harm = f"No workload pulls with it{seen}."
    yield Fail(
        f"The kubelet rejects this secret: {reason}. {harm}",
        evidence={"reason": reason, "owners": owners, "count": len(owners)},
    )
