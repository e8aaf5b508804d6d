"""One registry credential in many namespaces."""

from collections.abc import Iterator

from auditor import Credential, Fail, Severity, check, cis, docs

_NAMESPACES = 3


@check(
    "Same registry credential in three or more namespaces",
    severity=Severity.MEDIUM,
    references=(docs("concepts/security/secrets-good-practices/"), cis("5.4.2")),
    remediation="""
        Give each namespace (or team) a pull-only credential of its own, such as a robot account or deploy token that
        sees only its repositories, or let the nodes' image credential provider plugin do without secrets.
        """,
)
def shared_registry_credential(credential: Credential) -> Iterator[Fail]:
    """A credential that is copied into many namespaces is as safe as the least guarded of them: whoever may read
    secrets in one, pulls (and often pushes) for all. The registry's log cannot tell who it was, and revoking it stops
    everything at once, so that nobody dares to.
    """
    places = [f"{secret.namespace}/{secret.name}" for secret in credential.secrets]
    namespaces = {secret.namespace for secret in credential.secrets}
    if len(namespaces) < _NAMESPACES:
        return
    first = credential.secrets[0].content.entries
    key = min(entry.key for entry in first if entry.same_as == credential.number)
    yield Fail(
        f'The credential of the key "{key}" stands in {len(places)} secrets of {len(namespaces)} namespaces.',
        part=key,
        evidence={"key": key, "secrets": places, "namespaces": len(namespaces)},
    )
