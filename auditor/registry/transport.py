"""One request to a registry: bounded in bytes and in time, redirects followed without handing on credentials."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3.exceptions import HTTPError, IncompleteRead
from urllib3.util import parse_url

from auditor.registry.addresses import Endpoint, endpoint_of, join
from auditor.registry.fault import Unanswered
from auditor.registry.names import LookUp, look_up
from auditor.registry.proxies import Proxies, Proxy
from auditor.registry.reach import Reach
from auditor.registry.sockets import CONNECT, IDLE, Pool, TlsPool, look_at, within
from auditor.registry.trust import Trust
from auditor.version import __version__

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
_CHUNK = 1 << 16
_ERROR_BODY = 1 << 16
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})", re.ASCII)


class Request(Struct, frozen=True):
    """What to ask. An answer longer than `bound` bytes is `too-big`, one that takes longer than `seconds` a `timeout`.
    Redirects keep the method, so only what has no body may follow them. `account`: whose patience a failure costs, if
    not that of the server."""

    method: str
    endpoint: Endpoint
    path: str
    headers: dict[str, str]
    bound: int
    seconds: float
    body: bytes | None = None
    redirects: bool = True
    account: str = ""

    def __repr__(self) -> str:
        return f"Request({self.method!r}, {self.endpoint.authority!r})"


class Answer(Struct, frozen=True):
    """An answer of any status. `headers` in lower case, several of one name joined; `redirected`: another server gave
    it than the one that was asked."""

    status: int
    headers: dict[str, str]
    body: bytes
    redirected: bool = False

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"


class Transport:
    """Connections to any number of servers, kept open. Threads may share it."""

    def __init__(
        self,
        reach: Reach,
        trust: Trust,
        connections: int,
        look_up: LookUp = look_up,
        proxies: Proxies = Proxies(),  # noqa: B008 - frozen
    ) -> None:
        self._reach = reach
        self._look_up = look_up
        self._proxies = proxies
        self._trust = trust
        self._connections = connections
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, str, int], HTTPConnectionPool] = {}
        self._users = 0

    @contextmanager
    def used(self) -> Iterator[None]:
        """Connections are kept until the last of those who ask at the same time has done."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                last = not self._users
            if last:
                self.close()

    def close(self) -> None:
        """Ends all connections. What is asked for after that makes new ones."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def request(self, asked: Request) -> Answer:
        """Raises Unanswered where no whole answer came."""
        with within(asked.seconds):
            sent = {"User-Agent": f"auditor/{__version__}", "Accept-Encoding": "identity", **asked.headers}
            at, path = asked.endpoint, asked.path
            for _ in range(_HOPS + 1):
                response = self._send(asked, at, path, sent)
                if not asked.redirects or response.status not in REDIRECTS or "location" not in response.headers:
                    return _answer(response, at, asked)
                response.close()
                following, path = _follow(response.headers["location"], at, path)
                if following != at:
                    sent.pop("Authorization", None)
                at = following
        raise Unanswered("invalid", f"{asked.endpoint.authority} redirects without an end")

    def _send(self, asked: Request, at: Endpoint, path: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        proxy = self._proxies.of(at)
        if proxy and at.scheme == "http":
            path = at.url(path)  # there is no tunnel then, and it has to know where to
        try:
            return self._pool(at, proxy).urlopen(
                asked.method,
                path,
                asked.body,
                headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=Timeout(connect=CONNECT, read=IDLE),
                preload_content=False,
                decode_content=False,
            )
        except (HTTPError, OSError, ValueError) as error:
            raise _unanswered(error, at, proxy) from None

    def _pool(self, at: Endpoint, proxy: Proxy | None) -> HTTPConnectionPool:
        key = (at.scheme, at.host, at.port)
        with self._lock:
            known = self._pools.get(key)
        if known:
            return known
        if proxy:
            look_at(at.host, at.port, self._reach, self._look_up)
        made = self._made(at, proxy)
        with self._lock:
            return self._pools.setdefault(key, made)

    def _made(self, at: Endpoint, proxy: Proxy | None) -> HTTPConnectionPool:
        way: dict[str, Any] = {"reach": self._reach, "look_up": self._look_up, "maxsize": self._connections}
        if proxy:
            shown = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
            way |= {"reach": None, "_proxy": parse_url(proxy.at.url("")), "_proxy_headers": shown}
        if at.scheme == "https":
            return TlsPool(at.host, at.port, ssl_context=self._trust.context(at), **way)
        there = proxy.at if proxy else at
        return Pool(there.host, there.port, **way)


def _follow(location: str, at: Endpoint, path: str) -> tuple[Endpoint, str]:
    parts = join(at.url(path), location)
    if parts is None:
        raise Unanswered("invalid", f"{at.authority} redirects to what is no address")
    following = endpoint_of(parts)
    if at.scheme == "https" and following.scheme != "https":
        raise Unanswered("refused", f"{at.authority} redirects from https to http")
    return following, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _answer(response: BaseHTTPResponse, at: Endpoint, asked: Request) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if asked.method == "HEAD":
        response.release_conn()
        return Answer(response.status, headers, b"", at != asked.endpoint)
    good = response.status < 300
    body = b"".join(_chunks(response, at, asked.bound if good else _ERROR_BODY, whole=good))
    return Answer(response.status, headers, body, at != asked.endpoint)


def _chunks(response: BaseHTTPResponse, at: Endpoint, bound: int, *, whole: bool) -> Iterator[bytes]:
    """The body as it came, never unpacked: what is packed does not match its digest. Of an error only the start."""
    stated = response.headers.get("content-length", "")
    size = int(stated) if stated.isascii() and stated.isdecimal() and len(stated) < 20 else 0
    try:
        while size <= bound and (chunk := response.read(_CHUNK, decode_content=False)):
            yield chunk
            size = max(size, response.tell())
    except (HTTPError, OSError, ValueError) as error:
        response.close()
        raise _unanswered(error, at) from None
    if size <= bound:
        response.release_conn()
        return
    response.close()
    if whole:
        raise Unanswered("too-big", f"{at.authority} sent more than {bound:,} bytes")


def _unanswered(error: Exception, at: Endpoint, proxy: Proxy | None = None) -> Unanswered:
    causes = _causes(error)
    name = f"{at.authority} (through the proxy {proxy.at.authority})" if proxy else at.authority
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unanswered("unreachable", f"the certificate of {name} is not trusted: {cause.verify_message}")
        if refused := _TUNNEL.match(str(cause)):
            return Unanswered("unreachable", f"{name} is not connected to: the proxy answers {refused[1]}")
    if any(isinstance(cause, TimeoutError) or type(cause).__name__.endswith("TimeoutError") for cause in causes):
        return Unanswered("timeout", f"{name} did not answer in time")
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            plain = " (is it plain http?)" if "WRONG_VERSION" in (cause.reason or "") else ""
            return Unanswered("unreachable", f"no TLS connection to {name}{plain}")
        if isinstance(cause, IncompleteRead):
            return Unanswered("unreachable", f"{name} broke off its answer")
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return Unanswered("unreachable", f"{name} cannot be reached: {cause.strerror}")
    return Unanswered("unreachable", f"{name} does not answer as HTTP servers do ({type(causes[-1]).__name__})")


def _causes(error: BaseException) -> list[BaseException]:
    """An exception with all that it wraps."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting += [*item.args, item.__cause__, item.__context__]
    return found
