"""Auths keys that serve nothing, or not what people think, and why."""

import re

from auditor.registrykey import Key, UnparsableKey, is_docker_hub_key, parse_key, read_key

# What a repository path can begin with: whole components, and perhaps a separator after the last.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_PATH_START = re.compile(rf"(?:/(?:{_COMPONENT}/)*(?:{_COMPONENT}(?:\.|__?|-+)?)?)?", re.ASCII)
_PATH_MAX = 256
_LABEL = re.compile(r"[A-Za-z0-9_*-]+", re.ASCII)
_SCHEME = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?//", re.ASCII)
_DOCKER_HUB_HOSTS = frozenset(
    (
        "docker.io",
        "index.docker.io",
        "registry.docker.io",
        "registry-1.docker.io",
        "hub.docker.io",
        "auth.docker.io",
        "docker.com",
        "www.docker.com",
        "hub.docker.com",
        "index.docker.com",
        "registry.docker.com",
        "registry.hub.docker.com",
        "login.docker.com",
        "app.docker.com",
        "docker",
        "dockerhub",
    )
)


def key_problem(auths_key: str) -> str | None:
    """Why no image at all can be served by the key, or None. The reason quotes nothing of the key.

    Safe for keys as they stand in a secret: nothing of them is kept.
    """
    if not auths_key:
        return "is empty"
    wrong = _wrong_key(auths_key)
    if wrong is None:
        return None
    if auths_key != auths_key.strip():
        return "has white space around it"
    if not auths_key.startswith(("http://", "https://")) and _SCHEME.match(auths_key):
        return "starts with a scheme other than http:// or https:// in lower case"
    return wrong


def is_docker_hub_lookalike(auths_key: str) -> bool:
    """Whether people take the key for Docker Hub's though no image of Docker Hub is served by it.

    It may still serve an image that names this very host, such as registry-1.docker.io/library/nginx.
    """
    bare = auths_key.strip()
    scheme = _SCHEME.match(bare)
    authority = re.split(r"[/?#]", bare[scheme.end() :] if scheme else bare, maxsplit=1)[0].rpartition("@")[2]
    host = authority.partition(":")[0].rstrip(".").lower()
    if host not in _DOCKER_HUB_HOSTS or is_docker_hub_key(auths_key):
        return False
    key = parse_key(auths_key)
    if key is None or key.labels != ("docker", "io") or key.port:
        return True
    return key_problem(auths_key) is not None


def _wrong_key(auths_key: str) -> str | None:
    try:
        key = read_key(auths_key)
    except UnparsableKey as error:
        return f"cannot be parsed: it {error}"
    if key.normalised == b"index.docker.io":
        return None
    if key.labels == ("index", "docker", "io") and not key.port:
        return "is not Docker Hub's key, https://index.docker.io/v1/ to the last slash, and no image has this host"
    return _wrong_host(key) or _wrong_path(key.path)


def _wrong_host(key: Key) -> str | None:
    if key.normalised.startswith(b"["):
        # Without a port the brackets stay on and make the host a glob for one character: a host of one capital.
        if key.port or re.search("[A-F]", key.labels[0]):
            return None
        return "is an IPv6 address without a port, which the kubelet misreads"
    host = ".".join(key.labels)
    if not host:
        return "names no host"
    if not all(_LABEL.fullmatch(label) for label in key.labels):
        return "has a host that no image reference can have"
    single = len(key.labels) == 1 and not key.port and "*" not in host
    if single and host != "localhost" and host == host.lower():
        return "has a host without dot or port, which images read as an organisation on Docker Hub"
    return None


def _wrong_path(path: str) -> str | None:
    if len(path) <= _PATH_MAX and _PATH_START.fullmatch(path):
        return None
    if "*" in path:
        return "has a glob in its path, where globs do not work"
    if ":" in path or "@" in path:
        return "has a tag or digest, which the kubelet does not look keys up by"
    return "has a path that no image reference can have"
