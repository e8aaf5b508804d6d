"""A kubeconfig's `server` as client-go understands it.

Source: client-go rest/url_utils.go, DefaultServerURL; Go net/url Parse.
"""

from __future__ import annotations

import re

from msgspec import Struct

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"(?:[^@/?#]*@)?(\[[0-9A-Za-z:.%_-]*\]|[^\s\[\]:@^`{|}\\%]*)(?::([0-9]*))?")
_PORTS = {"https": 443, "http": 80}
_MAX_PORT = 65535


class Address(Struct, frozen=True):
    """Where a request goes. `scheme` is lower-case; `port` is its default where none stands, 0 where there is none."""

    scheme: str
    host: str
    port: int


class BadAddress(ValueError):
    """Neither a URL nor host:port: client-go refuses it."""


def parse_server(server: str) -> Address:
    """Without a scheme it is plain http, and must then be no more than host and port."""
    found = _split(server)
    if found is None or not found[1]:
        found = _split(f"http://{server}")
        if found is None or found[2] not in ("", "/"):
            raise BadAddress
    scheme, authority, _ = found
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise BadAddress
    port = int(match[2]) if match[2] and len(match[2]) <= len(str(_MAX_PORT)) else 0
    return Address(scheme, match[1].strip("[]").lower(), port if match[2] else _PORTS.get(scheme, 0))


def _split(text: str) -> tuple[str, str, str] | None:
    """Scheme, authority and path of a URL; None where net/url refuses it or sees no scheme."""
    if any(ord(character) < 0x20 or character == "\x7f" for character in text):
        return None
    match = _SCHEME.fullmatch(text.partition("#")[0])
    if match is None:
        return None
    rest = match[2].partition("?")[0]
    if not rest.startswith("//"):
        return match[1].lower(), "", rest
    authority, slash, path = rest[2:].partition("/")
    return (match[1].lower(), authority, slash + path) if _AUTHORITY.fullmatch(authority) else None
