"""A proxy on loopback: CONNECT, and whole addresses for http. Whatever a name is, it leads to loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_END = b"\r\n\r\n"


@dataclass
class Proxying:
    """`wants` is the Proxy-Authorization without which it answers 407; `answers` another status to everything."""

    port: int
    wants: str = ""
    answers: int = 0
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def proxying(wants: str = "") -> Iterator[Proxying]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Proxying(server.getsockname()[1], wants)
        threading.Thread(target=_serve, args=(server, made), daemon=True).start()
        yield made


def _serve(server: socket.socket, proxy: Proxying) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_one, args=(connection, proxy), daemon=True).start()


def _one(client: socket.socket, proxy: Proxying) -> None:
    with suppress(OSError, ValueError), client:
        while head := _head(client):
            method, target, _ = head.split("\r\n")[0].split(" ")
            proxy.heads.append(head)
            proxy.asked.append(f"{method} {target}")
            if proxy.wants and f"Proxy-Authorization: {proxy.wants}\r\n" not in head:
                client.sendall(b"HTTP/1.1 407 who are you\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            if proxy.answers:
                client.sendall(b"HTTP/1.1 %d no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % proxy.answers)
                return
            parts = urlsplit(target if "://" in target else f"//{target}")
            with socket.create_connection(("127.0.0.1", parts.port or 80), timeout=10) as server:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    _between(client, server)
                    return
                path = f"{parts.path}{f'?{parts.query}' if parts.query else ''}"
                lines = [line for line in head.split("\r\n")[1:] if not line.lower().startswith("proxy-")]
                server.sendall("\r\n".join([f"{method} {path} HTTP/1.1", "Connection: close", *lines]).encode())
                _pipe(server, client)
                return


def _head(client: socket.socket) -> str:
    data = b""
    while not data.endswith(_END):
        byte = client.recv(1)
        if not byte:
            return ""
        data += byte
    return data.decode("latin-1")


def _between(client: socket.socket, server: socket.socket) -> None:
    back = threading.Thread(target=_pipe, args=(server, client), daemon=True)
    back.start()
    _pipe(client, server)
    back.join(10)


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
