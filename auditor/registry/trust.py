"""Which certificate authorities vouch for a registry: the system's, and those that the operator names."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi

from auditor.errors import UsageError
from auditor.registry.addresses import Endpoint
from auditor.registry.sockets import TlsSocket


class Trust:
    """`place` is a PEM file that counts for all registries, or a directory as container runtimes have it:
    `HOST[:PORT]/` with `*.crt` files that count for that one."""

    def __init__(self, place: str | None = None) -> None:
        path = Path(place) if place else None
        folders = sorted(path.iterdir()) if path and path.is_dir() else []
        self._contexts = {f.name.lower(): _context(sorted(f.glob("*.crt"))) for f in folders if f.is_dir()}
        self._default = _context([path] if path and not path.is_dir() else [])

    def context(self, endpoint: Endpoint) -> ssl.SSLContext:
        full = f"{endpoint.host}:{endpoint.port}"
        return self._contexts.get(endpoint.authority) or self._contexts.get(full) or self._default


def _context(files: list[Path]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslsocket_class = TlsSocket
    if not _system_has_any():
        context.load_verify_locations(certifi.where())  # a bare container image brings none of its own
    for path in files:
        try:
            context.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            reason = "holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
            raise UsageError(f"--registry-ca {path}: {reason}", "Name a PEM file, or a directory of them.") from None
    return context


def _system_has_any() -> bool:
    paths = ssl.get_default_verify_paths()
    found: list[str | None] = [paths.cafile, paths.capath]
    return any(place and (Path(place).is_file() or any(Path(place).glob("*"))) for place in found)
