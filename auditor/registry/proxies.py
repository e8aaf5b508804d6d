"""The way out through a proxy: which one, and for which registries.

What the variables of the environment mean is as container runtimes read them (golang.org/x/net/http/httpproxy).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from msgspec import Struct

from auditor.errors import UsageError
from auditor.registry.addresses import Endpoint, endpoint_of, split

ENVIRONMENT = "env"
_ADVICE = "Write http://HOST:PORT, or `env` for what HTTPS_PROXY and NO_PROXY say; only there a password may stand."


class Proxy(Struct, frozen=True):
    """`authorization` is what it wants to be shown, empty where nothing. Its repr shows no more than where it is."""

    at: Endpoint
    authorization: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.at.authority!r})"


class Direct(Struct, frozen=True):
    """An entry of NO_PROXY: hosts that are asked without a proxy. `port` is 0 for every port."""

    text: str
    port: int = 0

    def covers(self, host: str, port: int) -> bool:
        """`host` is lower-case, without brackets."""
        if self.text == "*":
            return True
        if self.port not in (0, port):
            return False
        try:
            return ip_address(host) in ip_network(self.text, strict=False)
        except ValueError:
            name = self.text.removeprefix("*")
        return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


class Proxies(Struct, frozen=True):
    """Those for servers with TLS and without, and what is asked without them."""

    tls: Proxy | None = None
    plain: Proxy | None = None
    direct: tuple[Direct, ...] = ()

    def of(self, endpoint: Endpoint) -> Proxy | None:
        """The proxy that leads to a server; None for what is asked itself, as this very machine always is."""
        proxy = self.tls if endpoint.scheme == "https" else self.plain
        host = endpoint.host.strip("[]")
        if proxy is None or host == "localhost" or _is_loopback(host):
            return None
        return None if any(entry.covers(host, endpoint.port) for entry in self.direct) else proxy


def proxies(said: str | None, environment: Mapping[str, str]) -> Proxies:
    """From `--registry-proxy` and the environment; raises UsageError, which quotes nothing of an address."""
    if said is None:
        return Proxies()
    direct = tuple(filter(None, map(_direct, _variable(environment, "NO_PROXY").split(","))))
    if said != ENVIRONMENT:
        if "@" in said:
            raise UsageError(
                "--registry-proxy: a password stands in it, for everyone to see who lists processes", _ADVICE
            )
        proxy = _proxy(said, "--registry-proxy")
        return Proxies(proxy, proxy, direct)
    found = {name: _variable(environment, name) for name in ("HTTPS_PROXY", "HTTP_PROXY")}
    if not any(found.values()):
        raise UsageError("--registry-proxy env: neither HTTPS_PROXY nor HTTP_PROXY is set", _ADVICE)
    tls, plain = (_proxy(url, name) if url else None for name, url in found.items())
    return Proxies(tls, plain, direct)


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.lower()) or ""


def _proxy(url: str, origin: str) -> Proxy:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:
        raise _no_proxy(origin) from None
    login, _, netloc = parts.netloc.rpartition("@")
    bare: SplitResult | None = split(f"{parts.scheme}://{netloc}")
    if bare is None or bare.scheme != "http" or parts.path.strip("/") or parts.query or parts.fragment:
        raise _no_proxy(origin)
    user, _, password = login.partition(":")
    shown = base64.b64encode(unquote_to_bytes(user) + b":" + unquote_to_bytes(password)).decode()
    return Proxy(endpoint_of(bare), f"Basic {shown}" if login else "")


def _no_proxy(origin: str) -> UsageError:
    return UsageError(f"{origin}: this is no address of a proxy that is spoken to over http", _ADVICE)


def _direct(text: str) -> Direct | None:
    entry = text.strip().lower()
    name, colon, port = entry.rpartition(":")
    if colon and port.isascii() and port.isdecimal() and (":" not in name or name.endswith("]")):
        return Direct(name.strip("[]"), int(port))
    return Direct(entry.strip("[]")) if entry else None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
