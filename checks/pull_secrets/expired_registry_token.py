"""Registry tokens that have expired by the time of the audit."""

from collections.abc import Iterator

from auditor import Cluster, Fail, Manual, PullSecret, Severity, check, docs, usable
from checks.pull_secrets._lifetime import LIFETIMES, expiry, is_short_lived, moment


@check(
    "Registry token has expired",
    severity=Severity.MEDIUM,
    references=(
        docs("tasks/administer-cluster/kubelet-credential-provider/"),
        "https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html",
        "https://cloud.google.com/artifact-registry/docs/docker/authentication",
    ),
    remediation="""
        Short-lived tokens do not belong in a secret that nobody renews. Let the kubelet get them itself, with the
        cloud's image credential provider plugin, or have a controller rewrite the secret well before the token ends;
        if one is meant to, see why it has stopped.
        """,
)
def expired_registry_token(secret: PullSecret, cluster: Cluster) -> Iterator[Fail | Manual]:
    """Tokens of cloud registries live for hours, and copied into a secret they outlive their use unnoticed: pods go on
    running from cached images until one is scheduled to a fresh node, usually in the middle of an incident. An expired
    token also does harm to public images, for a pull with a credential that matches is never tried again without.
    """
    now = moment(cluster.collected_at)
    for entry in usable(secret):
        if not is_short_lived(entry):
            continue
        end = expiry(secret, entry)
        stated = entry.expires_at is not None
        what = "a token" if stated else f"{LIFETIMES[entry.kind][0]}"
        evidence = {"key": entry.key, "expires": entry.expires_at or "", "written": secret.written_at or ""}
        evidence = {name: value for name, value in evidence.items() if value}
        if now is None or end is None:
            unknown = "when the cluster was read" if now is None else "when the secret was written"
            yield Manual(
                f'The key "{entry.key}" holds {what}, which does not last; {unknown} is not known.',
                part=entry.key,
                evidence=evidence,
            )
        elif end <= now:
            since = f"it expired at {entry.expires_at}" if stated else f"it was last written at {secret.written_at}"
            lasts = "" if stated else f" and lasts {LIFETIMES[entry.kind][1].seconds // 3600} h"
            yield Fail(f'The key "{entry.key}" holds {what}: {since}{lasts}.', part=entry.key, evidence=evidence)
