"""Registry secrets that containers can read."""

from collections.abc import Iterator

from auditor import Fail, Owner, PullSecrets, Severity, check, cis, docs


@check(
    "Registry credential is readable inside a container",
    severity=Severity.HIGH,
    references=(docs("concepts/security/secrets-good-practices/"), cis("5.4.1")),
    remediation="""
        Pulling needs imagePullSecrets only: the kubelet reads those, containers do not see them. Remove the secret from
        volumes, env and envFrom. What has to reach a registry itself, such as a build, gets a credential of its own
        that can do no more than its task.
        """,
)
def pull_secret_exposed_to_container(owner: Owner, secrets: PullSecrets) -> Iterator[Fail]:
    """A pull secret is meant for the kubelet. Mounted into a container or put into its environment, it belongs to
    whoever takes over that container, and with it often all private images, and the right to push where the
    credential was never narrowed down.
    """
    readers: dict[str, dict[str, None]] = {}
    for shape in owner.shapes:
        for container in shape.containers:
            for name in container.secrets:
                readers.setdefault(name, {})[container.name] = None
    for name, containers in sorted(readers.items()):
        if secrets.registry(owner.namespace, name):
            yield Fail(
                f"The registry secret {name} is mounted, or read into the environment, by {', '.join(containers)}.",
                part=name,
                evidence={"secret": name, "containers": list(containers)},
            )
