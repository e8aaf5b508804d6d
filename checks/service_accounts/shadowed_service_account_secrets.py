"""Pull secrets of a service account that a workload's own list keeps out, to its harm."""

from collections.abc import Iterator

from auditor import (
    Credentials,
    Fail,
    MalformedReference,
    Owner,
    Reference,
    ServiceAccounts,
    Severity,
    Shape,
    check,
    docs,
    parse,
)


@check(
    "Workload's own pull secrets shut out those of its service account",
    severity=Severity.LOW,
    references=(
        docs("reference/access-authn-authz/admission-controllers/#serviceaccount"),
        docs("concepts/containers/images/#specifying-imagepullsecrets-on-a-pod"),
    ),
    remediation="""
        The two lists are never merged. Name all secrets in the pod template, or none there and all in the service
        account:

            imagePullSecrets:
              - name: OWN-SECRET
              - name: SERVICE-ACCOUNT-SECRET
        """,
)
def shadowed_service_account_secrets(
    owner: Owner, accounts: ServiceAccounts, credentials: Credentials
) -> Iterator[Fail]:
    """A pod gets the pull secrets of its service account only if it lists none itself. Adding one secret to a workload
    thereby takes away all that came with the account, and an image that was covered before no longer is. It comes to
    light when the next node has to pull it.
    """
    templates = [shape for shape in owner.shapes if shape.source == "template"]
    for shape in templates or owner.shapes:
        own = shape.pull_secrets
        name = shape.service_account or "default"
        account = accounts.find(owner.namespace, name) if own and not shape.static else None
        more = tuple(secret for secret in (account.pull_secrets if account else ()) if secret and secret not in own)
        if not more:
            continue
        lost = [
            image.name
            for image in dict.fromkeys(_references(shape))
            if not _covers(owner.namespace, own, image, credentials)
            and _covers(owner.namespace, (*own, *more), image, credentials)
        ]
        if lost:
            listed = ", ".join(secret for secret in own if secret) or "an empty name"
            more_lost = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
            yield Fail(
                f"Its own pull secrets ({listed}) replace those of service account {name} ({', '.join(more)}), which "
                f"leaves {', '.join(lost[:3])}{more_lost} without a credential.",
                evidence={"serviceAccount": name, "shadowed": list(more), "repositories": lost},
            )


def _covers(namespace: str, names: tuple[str, ...], image: Reference, credentials: Credentials) -> bool:
    return any(served.entry.problem is None for served in credentials.serving(namespace, names, image))


def _references(shape: Shape) -> Iterator[Reference]:
    for container in shape.containers:
        try:
            yield parse(container.image)
        except MalformedReference:
            continue
