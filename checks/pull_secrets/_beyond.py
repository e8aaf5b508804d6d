"""Images that a credential is offered for though its key was meant for others."""

from __future__ import annotations

from auditor import (
    DOCKER_HUB,
    Credentials,
    PullSecret,
    RegistryKeys,
    SecretUsers,
    is_docker_hub_key,
    parse_key,
    taken_for_docker_hub,
)


def neighbours(key: str, keys: RegistryKeys) -> list[str]:
    """The repositories in use that the key serves beyond the whole segments of its path."""
    parsed = parse_key(key)
    path = parsed.path.removeprefix("/") if parsed else ""
    return [i.name for i in keys.served(key) if i.repository != path and not i.repository.startswith(f"{path}/")]


def strangers(secret: PullSecret, users: SecretUsers, credentials: Credentials) -> list[str]:
    """The repositories of other hosts to which the secret's Docker Hub credential is offered by pods that use it."""
    found: dict[str, None] = {}
    for use in users.pulling(secret.namespace, secret.name):
        reference = use.reference
        if reference is None or reference.registry == DOCKER_HUB or not taken_for_docker_hub(reference):
            continue
        for shape, _ in use.places:
            names = credentials.effective(use.owner, shape)
            served = credentials.serving(use.namespace, names, reference)
            if any(each.secret == secret and is_docker_hub_key(each.entry.key) for each in served):
                found[reference.name] = None
    return sorted(found)
