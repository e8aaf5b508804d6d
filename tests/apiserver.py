"""An API server on loopback for tests and benchmarks: real sockets, counted requests, faults where they are wanted."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

GZIP_FROM = 128 * 1024
TOKENS = {"admin-token": "admin", "limited-token": "limited"}


@dataclass(frozen=True)
class Request:
    """A request as it arrived. `identity`: of the token, or the common name of a client certificate."""

    path: str
    query: dict[str, str]
    target: str
    headers: Mapping[str, str]
    identity: str
    method: str = "GET"
    body: bytes = b""

    def header(self, name: str) -> str:
        return {key.lower(): value for key, value in self.headers.items()}.get(name.lower(), "")


@dataclass(frozen=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


Backend = Callable[[Request], Response]


@dataclass(frozen=True)
class Reply:
    """This answer instead of the backend's."""

    response: Response


@dataclass(frozen=True)
class Cut:
    """The backend's answer with its full length announced, the connection closed after so many bytes of its body."""

    after: int


@dataclass(frozen=True)
class Damage:
    """The backend's answer, changed."""

    change: Callable[[Response], Response]


@dataclass(frozen=True)
class Reset:
    """The connection is reset before an answer."""


@dataclass(frozen=True)
class Close:
    """The connection is closed before an answer, after these bytes."""

    sent: bytes = b""


@dataclass(frozen=True)
class Hang:
    """No answer until the server is closed."""


Fault = Reply | Cut | Damage | Reset | Close | Hang


def plain(status: int, text: str, **headers: str) -> Reply:
    """A plain-text answer; `retry_after="1"` is the header Retry-After."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Reply(Response(status, text.encode(), named, "text/plain; charset=utf-8"))


@dataclass
class _Planned:
    path: str
    where: str
    faults: list[Fault | None]


class ApiServer:
    """Serves a backend until its `with` block ends. `encode` changes what the backend answers, JSON, into what the
    client would rather have: see tests/protobuf.py."""

    encode: Callable[[Request, Response], Response] = staticmethod(lambda request, response: response)

    def __init__(
        self,
        backend: Backend,
        *,
        tls: ssl.SSLContext | None = None,
        tokens: Mapping[str, str] = TOKENS,
        compress: bool = True,
    ) -> None:
        self.backend: Backend = lambda request: self.encode(request, backend(request))
        self.tokens = dict(tokens)
        self.compress = compress
        self.requests: list[Request] = []
        self.released = threading.Event()
        self.hanging = threading.Event()
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.api = self
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.port: int = self._http.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> ApiServer:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def inject(self, path: str, *faults: Fault | None, where: str = "") -> None:
        """The n-th request of a path (whose target holds `where`) meets the n-th fault; None: answered as usual."""
        with self._lock:
            self._planned.append(_Planned(path, where, list(faults)))

    def count(self, path: str, where: str = "") -> int:
        with self._lock:
            return sum(1 for request in self.requests if request.path == path and where in request.target)

    def meet(self, request: Request) -> Fault | None:
        with self._lock:
            self.requests.append(request)
            for planned in self._planned:
                if planned.faults and planned.path == request.path and planned.where in request.target:
                    return planned.faults.pop(0)
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    api: ApiServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away, and handshakes that fail, are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        api = self.server.api
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            parts.path, query, self.path, dict(self.headers.items()), self._identity(), self.command, body
        )
        fault = api.meet(request)
        match fault:
            case Hang():
                api.hanging.set()
                api.released.wait()
                self.close_connection = True
            case Reset():
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
            case Close(sent):
                self.wfile.write(sent)
                self.close_connection = True
            case Reply(response):
                self._send(response)
            case Cut(after):
                self._send(api.backend(request), after)
                self.close_connection = True
            case Damage(change):
                self._send(change(api.backend(request)))
            case None:
                self._send(api.backend(request))

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def _send(self, response: Response, after: int | None = None) -> None:
        body, headers = response.body, dict(response.headers)
        accepted = "gzip" in self.headers.get("Accept-Encoding", "")
        if self.server.api.compress and accepted and len(body) >= GZIP_FROM and "Content-Encoding" not in headers:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        self.send_response(response.status)
        for name, value in {"Content-Type": response.content_type, **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:after])
        self.wfile.flush()

    def _identity(self) -> str:
        if isinstance(self.connection, ssl.SSLSocket) and (peer := self.connection.getpeercert()):
            names: Any = peer["subject"]
            return str(next(value for part in names for key, value in part if key == "commonName"))
        said = self.headers.get("Authorization", "")
        if not said:
            return "anonymous"
        return self.server.api.tokens.get(said.partition(" ")[2], "nobody")
