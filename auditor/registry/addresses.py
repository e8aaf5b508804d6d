"""Where a registry is asked: image names to hosts, mirrors before the registry itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urljoin, urlsplit

from msgspec import Struct

from auditor.image import DOCKER_HUB, Reference
from auditor.registry.fault import Unanswered

_DOCKER_HUB_HOST = "registry-1.docker.io"
_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[a-f0-9:.]+\]", re.ASCII)


class Endpoint(Struct, frozen=True, order=True):
    """A server. `host` is lower-case, an IPv6 address in brackets."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    def url(self, path: str) -> str:
        return f"{self.scheme}://{self.authority}{path}"


class Mirror(Struct, frozen=True):
    """What is asked before a registry. `prefix` goes before each repository's name, with a slash at its end, where one
    mirror serves several registries under paths."""

    endpoint: Endpoint
    prefix: str = ""


class Source(Struct, frozen=True):
    """A repository as one endpoint has it. `reference` is what credentials are looked up by: at a mirror, the mirror's
    own name."""

    endpoint: Endpoint
    repository: str
    reference: Reference


def sources(
    reference: Reference, mirrors: Mapping[str, tuple[Mirror, ...]], plain_http: frozenset[str]
) -> tuple[Source, ...]:
    """Where the image's repository may be asked for, in order; Unanswered where its registry cannot be a host.

    `mirrors` by registry as image names have it; `plain_http` are `host` or `host:port`, lower-case.
    """
    found = []
    for mirror in mirrors.get(reference.registry, ()):
        repository = f"{mirror.prefix}{reference.repository}"
        found.append(Source(mirror.endpoint, repository, Reference(mirror.endpoint.authority, repository)))
    origin = Source(_origin(reference.registry, plain_http), reference.repository, reference)
    return (*found, origin)


def _origin(registry: str, plain_http: frozenset[str]) -> Endpoint:
    if registry == DOCKER_HUB:
        return Endpoint("https", _DOCKER_HUB_HOST, 443)
    scheme = "http" if registry.lower() in plain_http else "https"
    parts = split(f"{scheme}://{registry}")
    if parts is None:
        raise Unanswered("invalid", "its registry is no address of a host")
    return endpoint_of(parts)


def split(url: str) -> SplitResult | None:
    """An absolute http or https address without user information, or None where it is anything else."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc.removesuffix(":")
    if parts.scheme not in _PORTS or "@" in parts.netloc or port == 0 or not _HOST.fullmatch(host.lower()):
        return None
    return parts


def join(base: str, location: str) -> SplitResult | None:
    """Where a server's reference leads from an address of its own; None where that is no address."""
    try:
        return split(urljoin(base, location))
    except ValueError:
        return None


def endpoint_of(parts: SplitResult) -> Endpoint:
    """The server that an address made by `split` leads to."""
    host = parts.hostname or ""
    return Endpoint(parts.scheme, f"[{host}]" if ":" in host else host, parts.port or _PORTS[parts.scheme])
