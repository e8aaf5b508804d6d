"""Auths keys whose credentials go to more registries or repositories than they were meant for."""

from collections.abc import Iterator

from auditor import (
    Credentials,
    Fail,
    ImageUses,
    PullSecret,
    RegistryKeys,
    SecretUsers,
    Severity,
    check,
    docs,
    is_docker_hub_key,
    is_glob,
    key_problem,
    path_prefix_without_slash,
    usable,
)
from checks.pull_secrets._beyond import neighbours, strangers


@check(
    "Registry key offers its credential too widely",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/containers/images/#config-json"),
        "https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/keyring.go",
    ),
    remediation="""
        Name the one registry, and end a path with a slash so that it stops at a whole segment:
        `registry.example.com/team/` serves registry.example.com/team/app and not registry.example.com/team-b/app. For
        Docker Hub use the key `docker.io`, which is not offered to other hosts.
        """,
)
def overbroad_registry_key(
    secret: PullSecret, keys: RegistryKeys, users: SecretUsers, uses: ImageUses, credentials: Credentials
) -> Iterator[Fail]:
    """The kubelet hands a credential to every registry whose name fits the key, and the registry sees it in full. A
    star in the host fits names that anybody may register or answer for; a path is compared as plain text, so that
    `/org` serves `/organic` too; and the key `index.docker.io` is the last resort for every image whose host has
    neither dot nor port, `localhost/app` among them.
    """
    entries = [entry for entry in usable(secret) if not key_problem(entry.key)]
    bounded = False
    for key in dict.fromkeys(entry.key for entry in entries):
        if is_glob(key):
            yield Fail(f'The key "{key}" has a star in its host.', part=key, evidence={"key": key})
        elif path_prefix_without_slash(key):
            if found := neighbours(key, keys):
                yield Fail(
                    f'The key "{key}" does not end with a slash and so serves {found[0]} too.',
                    part=key,
                    evidence={"key": key, "neighbours": found[:20], "count": len(found)},
                )
            else:
                bounded = True
    hub = [entry.key for entry in entries if entry.problem is None and is_docker_hub_key(entry.key)]
    if hub and (found := strangers(secret, users, credentials)):
        yield Fail(
            f'The credential of the key "{hub[0]}" is offered to another host than Docker Hub, for {found[0]}.',
            part=hub[0],
            evidence={"key": hub[0], "images": found[:20], "count": len(found)},
        )
    elif hub:
        users.require(secret.namespace)
    if bounded:
        uses.all()  # only if no image remains unread is there no neighbour
