"""Pull secrets of service accounts that are missing or of no use."""

from collections.abc import Iterator

from auditor import Fail, OtherSecret, PullSecrets, ServiceAccount, Severity, check, docs


@check(
    "Service account names a pull secret that is missing or of an ignored type",
    severity=Severity.MEDIUM,
    references=(
        docs("tasks/configure-pod-container/configure-service-account/#add-imagepullsecrets-to-a-service-account"),
        docs("concepts/configuration/secret/#docker-config-secrets"),
    ),
    remediation="""
        Create the secret in the service account's namespace, with the type kubernetes.io/dockerconfigjson, or take its
        name out of the account's imagePullSecrets:

            kubectl -n NAMESPACE edit serviceaccount NAME
        """,
)
def dangling_service_account_secret(account: ServiceAccount, secrets: PullSecrets) -> Iterator[Fail]:
    """The names in a service account's imagePullSecrets are copied into its pods without a look at whether the secrets
    exist. The kubelet then passes over what is missing or of another type, and pulls with the rest or anonymously,
    so that every workload under the account has the same gap and none of them shows it.
    """
    for name in dict.fromkeys(name for name in account.pull_secrets if name):
        found = secrets.find(account.namespace, name)
        if not isinstance(found, OtherSecret):
            continue
        kind = f"of type {found.type}" if found.type else "not of a registry secret's type"
        wrong = f"does not exist in namespace {account.namespace}" if found.missing else f"is {kind} and so is ignored"
        yield Fail(f"The pull secret {name} {wrong}.", part=name, evidence={"secret": name, "missing": found.missing})
