"""Auths keys, and whole registry secrets, that serve no image."""

from collections.abc import Iterator

from auditor import (
    Fail,
    ImageUses,
    PullSecret,
    RegistryKeys,
    Severity,
    check,
    docs,
    is_docker_hub_lookalike,
    key_problem,
)


@check(
    "Registry secret has a key that serves no image",
    severity=Severity.LOW,
    references=(
        docs("concepts/containers/images/#config-json"),
        "https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/keyring.go",
    ),
    remediation="""
        Use the registry's host as images name it, with its port and without scheme, tag or spaces
        (`registry.example.com:5000`); for Docker Hub use exactly `https://index.docker.io/v1/` or `docker.io`. A secret
        of type kubernetes.io/dockerconfigjson holds `{"auths": {KEY: {"auth": ...}}}`, one of type
        kubernetes.io/dockercfg the keys without `auths`.
        """,
)
def unusable_registry_key(secret: PullSecret, keys: RegistryKeys, uses: ImageUses) -> Iterator[Fail]:
    """The kubelet finds credentials by comparing an image's name with the keys of a secret, and it does so without
    mercy: a missing last slash, a space or another name of the same registry, and the credential is never used.
    Nothing reports that. The pull is tried anonymously instead, or the credential just lies there to be stolen.
    """
    if secret.content.unusable:
        yield Fail(f"No image is served by this secret: {secret.content.unusable}.", part="(content)")
    doubtful = []
    for entry in secret.content.entries:
        if problem := key_problem(entry.key):
            yield Fail(f'The key "{entry.key}" {problem}.', part=entry.key, evidence={"key": entry.key})
        elif is_docker_hub_lookalike(entry.key) and not keys.served(entry.key):
            doubtful.append(entry.key)
    if doubtful:
        uses.all()  # an image that was not read might name this very host
    for key in doubtful:
        yield Fail(
            f'The key "{key}" is not Docker Hub\'s for the kubelet, and no image in use names this host.',
            part=key,
            evidence={"key": key},
        )
