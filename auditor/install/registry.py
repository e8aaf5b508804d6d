"""What the options say of asking registries: checked, and as the pod needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from auditor.errors import UsageError
from auditor.install.settings import Registry
from auditor.policy import Policy
from auditor.registry.settings import settings

_PORT = re.compile(r"(?:[^/:]+|\[[^]]*\]):([0-9]{1,5})(?:/.*)?", re.ASCII)
_HTTPS = 443
_HTTP = 80
_LARGEST = 0xFFFF


def registry_of(
    *,
    credentials: str | None,
    authority: bytes | None,
    allow_private: Sequence[str],
    mirrors: Sequence[str],
    plain_http: Sequence[str],
    policy: Policy,
) -> Registry:
    """From the words of `scan`'s own options; UsageError. `authority` is a PEM file's content."""
    if credentials not in (None, "cluster"):
        raise UsageError("--registry-credentials: there is only cluster", "Leave it out, or give cluster.")
    said = settings(allow_private, mirrors, plain_http)
    endpoints = [mirror.endpoint for given in said.mirrors.values() for mirror in given]
    ports = {_HTTPS, *(each.port for each in endpoints)}
    ports |= {_port(name) or _HTTP for name in plain_http}
    ports |= {port for name in (*allow_private, *_named(policy)) if (port := _port(name))}
    return Registry(
        credentials=credentials is not None,
        authority=certificates(authority) if authority is not None else None,
        allow_private=tuple(allow_private),
        mirrors=tuple(mirrors),
        plain_http=tuple(plain_http),
        ports=tuple(sorted(ports)),
    )


def certificates(data: bytes) -> str:
    """The certificates of a PEM file and nothing else of it: it may hold their keys, too."""
    try:
        found = load_pem_x509_certificates(data)
    except ValueError:
        raise UsageError(
            "--registry-ca: this holds no certificate in PEM form", "Name the file of the authority's certificates."
        ) from None
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in found)


def _named(policy: Policy) -> Iterator[str]:
    """Registries, as the policy writes them."""
    registries = policy.registries
    for entries in (registries.allowed or (), registries.private, *registries.namespaces.values()):
        yield from (entry.registry for entry in entries)
    for signature in policy.signatures:
        yield from signature.images


def _port(name: str) -> int | None:
    """The port behind a host, where one is written."""
    match = _PORT.fullmatch(name)
    port = int(match[1]) if match else 0
    return port if 0 < port <= _LARGEST else None
