"""Pull secrets on the service account that every pod gets unasked."""

import re
from collections.abc import Iterator

from auditor import Fail, PullSecrets, ServiceAccount, Severity, check, cis, docs

_OPENSHIFT_NAME = re.compile(r"default-dockercfg-[a-z0-9]+")


@check(
    "Default service account hands out registry credentials",
    severity=Severity.MEDIUM,
    references=(
        docs("tasks/configure-pod-container/configure-service-account/#add-imagepullsecrets-to-a-service-account"),
        cis("5.1.5"),
    ),
    remediation="""
        Give the workloads that need the credential a service account of their own, and take it off the default one:

            kubectl -n NAMESPACE create serviceaccount APP
            kubectl -n NAMESPACE patch serviceaccount APP -p '{"imagePullSecrets": [{"name": "SECRET"}]}'
            kubectl -n NAMESPACE patch serviceaccount default --type=json \\
              -p '[{"op": "remove", "path": "/imagePullSecrets"}]'
        """,
)
def default_service_account_credentials(account: ServiceAccount, secrets: PullSecrets) -> Iterator[Fail]:
    """Pods that name no service account run as `default`, and pods that list no pull secret get those of their service
    account. Together that gives the credential to whatever anybody starts in the namespace, a debugging pod or a
    stranger's chart included, and with it every private image that it opens.
    """
    if account.name != "default":
        return
    names = [
        name for name in dict.fromkeys(account.pull_secrets) if name and not _made(account.namespace, name, secrets)
    ]
    if names:
        yield Fail(
            f"Every pod without a service account or pull secrets of its own inherits {', '.join(names)}.",
            evidence={"secrets": names},
        )


def _made(namespace: str, name: str, secrets: PullSecrets) -> bool:
    """Whether OpenShift made it for the account. Where the secret was not read, only its name can say so."""
    secret = secrets.seen(namespace, name)
    if secret is None and _OPENSHIFT_NAME.fullmatch(name):
        return secrets.registry(namespace, name) is None
    return secret is not None and secret.made_by == "openshift"
