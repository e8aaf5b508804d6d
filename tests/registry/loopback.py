"""A registry on loopback that tests fill with values, and can have misbehave; it notes every request."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.registry.artifacts import OCI_INDEX, Artifact, as_json, digest_of


@dataclass
class Asked:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> str:
        return self.headers.get("Authorization", "")


@dataclass
class Reply:
    """`stream` writes the body itself, for as long as it likes, to what sends bytes."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Callable[[Callable[[bytes], Any]], None] | None = None


Answering = Callable[[Asked], Reply | None]


class Loopback:
    """Answers as `first` says, else from what was put in. `referrers`: whether it has that API."""

    def __init__(self, context: ssl.SSLContext | None = None, *, referrers: bool = True, page: int = 100) -> None:
        self.first: Answering = lambda asked: None
        self.asked: list[Asked] = []
        self.referrers = referrers
        self.page = page
        self.manifests: dict[tuple[str, str], Artifact] = {}
        self.blobs: dict[tuple[str, str], bytes] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *arguments: object) -> None:
                pass

            def handle(self) -> None:
                with suppress(OSError):  # the client has had enough
                    super().handle()

            def answer(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else b""
                asked = Asked(self.command, parts.path, parse_qs(parts.query), dict(self.headers), body)
                with outer._lock:
                    outer.asked.append(asked)
                reply = outer.first(asked) or outer._stored(asked)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.stream is None and "Content-Length" not in reply.headers:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if self.command != "HEAD":
                    if reply.stream:
                        self.close_connection = True
                        reply.stream(self._write)
                    else:
                        self.wfile.write(reply.body)

            def _write(self, data: bytes) -> None:
                if outer._ended.is_set():
                    raise ConnectionAbortedError
                self.wfile.write(data)
                self.wfile.flush()

            do_GET = do_HEAD = do_POST = answer

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def get_request(self) -> tuple[Any, Any]:
                connection, address = super().get_request()
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                return connection, address

            def handle_error(self, *arguments: object) -> None:
                pass  # a handshake that the client refused

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"{'https' if context else 'http'}://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> bool:
        """For replies that take their time; True once the server ends."""
        return self._ended.wait(seconds)

    def put(self, repository: str, artifact: Artifact, *tags: str) -> Artifact:
        """An artifact with all that it holds."""
        for part in artifact.parts:
            self.put(repository, part)
        for blob in artifact.blobs:
            self.blobs[repository, digest_of(blob)] = blob
        for name in (artifact.digest, *tags):
            self.manifests[repository, name] = artifact
        return artifact

    def paths(self, method: str = "") -> list[str]:
        return [asked.path for asked in self.asked if method in ("", asked.method)]

    def _stored(self, asked: Asked) -> Reply:
        for kind in ("manifests", "blobs", "referrers"):
            head, found, name = asked.path.rpartition(f"/{kind}/")
            if not found:
                continue
            repository = head.removeprefix("/v2/")
            if kind == "manifests" and (repository, name) in self.manifests:
                artifact = self.manifests[repository, name]
                headers = {"Content-Type": artifact.media_type, "Docker-Content-Digest": artifact.digest}
                return Reply(200, artifact.body, headers)
            if kind == "blobs" and (repository, name) in self.blobs:
                return Reply(200, self.blobs[repository, name], {"Content-Type": "application/octet-stream"})
            if kind == "referrers" and self.referrers:
                return self._referrers(repository, name, asked)
        return Reply(404, as_json({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "hostile \u202e"}]}))

    def _referrers(self, repository: str, digest: str, asked: Asked) -> Reply:
        found = []
        for (there, name), artifact in sorted(self.manifests.items()):
            said = json.loads(artifact.body)
            if there == repository and name == artifact.digest and (said.get("subject") or {}).get("digest") == digest:
                found.append(artifact.descriptor(artifactType=said.get("artifactType", "")))
        start = int(asked.query.get("n", ["0"])[0])
        body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found[start : start + self.page]}
        headers = {"Content-Type": OCI_INDEX}
        if start + self.page < len(found):
            headers["Link"] = f'<{asked.path}?n={start + self.page}>; rel="next"'
        return Reply(200, as_json(body), headers)


@contextmanager
def loopback(context: ssl.SSLContext | None = None, *, referrers: bool = True, page: int = 100) -> Iterator[Loopback]:
    server = Loopback(context, referrers=referrers, page=page)
    try:
        yield server
    finally:
        server.close()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
