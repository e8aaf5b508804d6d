"""A small HTTP proxy on loopback: CONNECT and whole addresses; whatever host is named, it goes to one port here."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit


class Proxy:
    """`seen`: (method, what was asked for, Proxy-Authorization). `refuse`: the status to refuse with."""

    def __init__(self, port: int, refuse: int = 0) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.target = port
        self.refuse = refuse
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.proxy = self
        self.port: int = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def _note(self) -> bool:
        proxy = self.server.proxy
        proxy.seen.append((self.command, self.path, self.headers.get("Proxy-Authorization", "")))
        if proxy.refuse:
            self.send_response(proxy.refuse)
            self.send_header("Content-Length", "0")
            self.end_headers()
        return not proxy.refuse

    def do_CONNECT(self) -> None:
        if not self._note():
            return
        with socket.create_connection(("127.0.0.1", self.server.proxy.target)) as upstream:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(upstream, self.connection), daemon=True)
            back.start()
            _pump(self.connection, upstream)
            back.join(5)
        self.close_connection = True

    def do_GET(self) -> None:
        if not self._note():
            return
        parts = urlsplit(self.path)
        lines = [f"GET {parts.path}?{parts.query} HTTP/1.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers.items() if not name.startswith("Proxy-")]
        with socket.create_connection(("127.0.0.1", self.server.proxy.target)) as upstream:
            upstream.sendall("\r\n".join([*lines, "", ""]).encode())
            _pump(upstream, self.connection)
        self.close_connection = True


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
