"""Which auths key of a pull secret serves which image: the kubelet's rules, exactly."""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote_to_bytes

import msgspec

from auditor.goglob import match
from auditor.image import DOCKER_HUB, Reference

_FALLBACK = b"index.docker.io"
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# In a host only bytes beyond ASCII, and the percent sign itself, may be escaped.
_BAD_HOST_ESCAPE = re.compile(rb"%(?!25|[89A-Fa-f][0-9A-Fa-f])")
_BAD_HOST = re.compile(rb"""[^A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>"%\x80-\xff]""")
_USERINFO = re.compile(rb"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_PORT = re.compile(rb"(?::[0-9]*)?")


class Key(msgspec.Struct, frozen=True):
    """A parsed auths key: the host's dot-separated labels (globs among them), the port ("" for none), the raw path.

    `normalised` is host and path as the kubelet indexes them, in bytes, which is the order that it sorts in.
    """

    labels: tuple[str, ...]
    port: str
    path: str
    normalised: bytes


class UnparsableKey(ValueError):
    """Go's net/url refuses the key, so the kubelet skips it; the message quotes nothing of it."""


def read_key(auths_key: str) -> Key:
    """Parse an auths key as the kubelet does; raises UnparsableKey. Keeps no copy of what may hold user information.

    Source: k8s pkg/credentialprovider/keyring.go (Add, ParseSchemelessURL, SplitURL). The key is parsed twice there:
    once as written, and at each lookup in its unescaped, schemeless form.
    """
    raw = auths_key.encode("utf-8", "surrogatepass")
    host, path = _split_url(raw if raw.startswith((b"https://", b"http://")) else b"https://" + raw)
    if path.startswith((b"/v1/", b"/v2/")):
        path = path[3:]
    normalised = host if path == b"/" else host + path
    return _lookup_form(normalised)


@lru_cache(maxsize=1 << 16)
def parse_key(auths_key: str) -> Key | None:
    """The key as the kubelet reads it, or None where it cannot be parsed and so is skipped.

    Remembers its input: for keys as they stand in a secret, which may hold user information, there is `read_key`.
    """
    try:
        return read_key(auths_key)
    except UnparsableKey:
        return None


def matches(key: Key, reference: Reference) -> bool:
    """Whether the key matches the image by itself: same port, label by label a glob, path a raw string prefix.

    Source: k8s pkg/credentialprovider/keyring.go, URLsMatch. Docker Hub's fallback needs all keys: see `serving`.
    """
    target = _target(reference.name)
    return (
        target is not None
        and key.port == target.port
        and len(key.labels) == len(target.labels)
        and target.path.startswith(key.path)
        and all(match(glob, label) for glob, label in zip(key.labels, target.labels, strict=True))
    )


def serving(keys: Sequence[str], reference: Reference) -> tuple[int, ...]:
    """Indices of the auths keys whose credentials the kubelet tries for the image, in the order that it tries them.

    `keys` are those of all the pod's secrets, in the order of imagePullSecrets. Only if none of them matches by itself
    are the credentials of Docker Hub's key tried, for whatever the kubelet takes for Docker Hub: that includes
    `localhost/…` and hosts without dot and port (k8s pkg/credentialprovider/keyring.go, Lookup).
    """
    parsed = [(index, key) for index, text in enumerate(keys) if (key := parse_key(text)) is not None]
    found = [(index, key) for index, key in parsed if matches(key, reference)]
    if not found and taken_for_docker_hub(reference):
        found = [(index, key) for index, key in parsed if key.normalised == _FALLBACK]
    return tuple(index for index, key in sorted(found, key=lambda item: item[1].normalised, reverse=True))


def taken_for_docker_hub(reference: Reference) -> bool:
    """Whether the kubelet offers the credentials of Docker Hub's key for the image, where no other key matches."""
    host = reference.name.partition("/")[0]
    return host == DOCKER_HUB or not ("." in host or ":" in host)


def is_docker_hub_key(auths_key: str) -> bool:
    """Whether this is the key of Docker Hub's fallback: index.docker.io, without a path after normalisation."""
    key = parse_key(auths_key)
    return key is not None and key.normalised == _FALLBACK


def is_glob(auths_key: str) -> bool:
    """Whether the key's host holds a star, the only glob that a URL's host can hold, and so serves hosts unnamed."""
    key = parse_key(auths_key)
    return key is not None and any("*" in label for label in key.labels)


def path_prefix_without_slash(auths_key: str) -> bool:
    """Whether the key's path ends without a slash, so that it serves neighbours too: `/org` serves `/organic/app`."""
    key = parse_key(auths_key)
    return key is not None and key.path != "" and not key.path.endswith("/")


@lru_cache(maxsize=1 << 16)
def _target(name: str) -> Key | None:
    try:
        return _lookup_form(name.encode())
    except UnparsableKey:
        return None


def _lookup_form(normalised: bytes) -> Key:
    host, path = _split_url(b"https://" + normalised)
    name, port = _split_port(host.decode("utf-8", "surrogateescape"))
    return Key(tuple(name.split(".")), port, path.decode("utf-8", "surrogateescape"), normalised)


def _split_url(url: bytes) -> tuple[bytes, bytes]:
    """Host and path, unescaped, of an `http://` or `https://` URL; raises UnparsableKey where Go's net/url does."""
    before, _, fragment = url.partition(b"#")
    if _CONTROL.search(before):
        raise UnparsableKey("holds a control character")
    authority, slash, path = before.partition(b"?")[0].partition(b"//")[2].partition(b"/")
    userinfo, _, host = authority.rpartition(b"@")
    if not _USERINFO.fullmatch(userinfo):
        raise UnparsableKey("has user information with characters that a URL may not hold")
    if any(_BAD_ESCAPE.search(part) for part in (userinfo, path, fragment)):
        raise UnparsableKey("holds a percent sign that starts no escape")
    return _host(host), unquote_to_bytes(slash + path)


def _host(host: bytes) -> bytes:
    bracket = host.rfind(b"[")
    if bracket > 0:
        raise UnparsableKey("has a bracket within its host name")
    if bracket == 0:
        return _ip_literal(host)
    colon = host.find(b":")
    if colon >= 0 and not _PORT.fullmatch(host[colon:]):
        raise UnparsableKey("has a port that is not a number")
    if _BAD_HOST.search(host) or _BAD_HOST_ESCAPE.search(host):
        raise UnparsableKey("has a character in its host that a URL may not hold")
    return unquote_to_bytes(host)


def _ip_literal(host: bytes) -> bytes:
    address, bracket, port = host[1:].rpartition(b"]")
    if not bracket or not _PORT.fullmatch(port):
        raise UnparsableKey("has brackets that are not closed, or a port that is not a number")
    try:
        # A zone is written as an escape, and no image reference can hold one, so refusing it here loses no match.
        ipaddress.IPv6Address(address.decode("ascii").replace("%", "/"))
    except ValueError:
        raise UnparsableKey("has brackets around what is no IPv6 address") from None
    return host


def _split_port(host: str) -> tuple[str, str]:
    """As Go's net.SplitHostPort; where that fails the whole is the name, brackets of an IPv6 address included."""
    name, colon, port = host.rpartition(":")
    if not colon or "[" in port or "]" in port:
        return host, ""
    if name.startswith("["):
        return (name[1:-1], port) if name.endswith("]") and "]" not in name[:-1] else (host, "")
    return (host, "") if any(mark in name for mark in ":[]") else (name, port)
