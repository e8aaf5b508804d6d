"""Registry secrets in the format that Docker gave up."""

from collections.abc import Iterator

from auditor import DOCKERCFG, Fail, PullSecret, Severity, check, docs


@check(
    "Registry secret in the legacy dockercfg format",
    severity=Severity.LOW,
    references=(docs("concepts/configuration/secret/#docker-config-secrets"),),
    remediation="""
        Create the secret anew as kubernetes.io/dockerconfigjson: the content of .dockercfg goes under `auths`.

            {"auths": {"registry.example.com": {"auth": "..."}}}
        """,
)
def legacy_dockercfg_secret(secret: PullSecret) -> Iterator[Fail]:
    """The type kubernetes.io/dockercfg holds the file of Docker before 1.7. The kubelet still reads it, but today's
    tools write the other format, and content of the one under the type of the other is accepted by the API
    server and serves no image. Secrets of this type are also seldom renewed by anything.
    """
    if secret.type == DOCKERCFG and secret.made_by != "openshift":
        yield Fail("The secret is of type kubernetes.io/dockercfg; kubernetes.io/dockerconfigjson has replaced it.")
