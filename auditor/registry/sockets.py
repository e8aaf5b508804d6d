"""Connections that end in time, and lead only to addresses that were looked at."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from auditor.registry.fault import Unanswered
from auditor.registry.names import LookUp
from auditor.registry.reach import Reach

CONNECT = 6.0
IDLE = 15.0
_LOOK = 3.0
_current = threading.local()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Everything that this thread receives in here has to come within so many seconds in all, headers too: a server
    that sends a byte now and then keeps every wait short, and would else hold a thread for ever."""
    _current.ends = time.monotonic() + seconds
    try:
        yield
    finally:
        _current.ends = None


def _left() -> float:
    ends = getattr(_current, "ends", None)
    if ends is None:
        return IDLE
    left = float(ends) - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time is over")
    return min(left, IDLE)


class _Socket(socket.socket):
    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(_left())
        return super().recv_into(*arguments, **named)


class TlsSocket(ssl.SSLSocket):
    """What an SSLContext makes that has it as its `sslsocket_class`."""

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(_left())
        return super().recv_into(*arguments, **named)


class _Guarded(HTTPConnection):
    """Resolves its name once, and connects to an address of that answer: no second look-up can say anything else."""

    def __init__(self, *arguments: Any, reach: Reach | None, look_up: LookUp, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._reach = reach
        self._look_up = look_up

    def _new_conn(self) -> socket.socket:
        return _connect(self.host, self.port or self.default_port, self._reach, self._look_up)


class _GuardedTls(_Guarded, HTTPSConnection):
    """The certificate is verified by name, as ever."""


# Both of a proxy with its address and no reach: whom it connects to was looked at before.
class Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class TlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


def look_at(host: str, port: int, reach: Reach, look_up: LookUp) -> None:
    """Refuses what a proxy must not be asked for, as far as that can be told here: addresses, and names that lead to
    such ones here. What only the proxy knows, it resolves itself."""
    try:
        found = look_up(host.strip("[]"), port, min(_left(), _LOOK))
    except OSError:
        return
    for *_, address in found:
        refusal = reach.refusal(host.strip("[]"), str(address[0]), port)
        if refusal:
            raise _refused(host, refusal)


def _refused(host: str, refusal: str) -> Unanswered:
    said = f"{host} has a {refusal} address, which is asked only if --registry-allow-private says so"
    return Unanswered("refused", said)


def _connect(host: str, port: int, reach: Reach | None, look_up: LookUp) -> socket.socket:
    name = host.strip("[]")
    try:
        found = look_up(name, port, _left())
    except socket.gaierror:
        raise Unanswered("unreachable", f"the name {host} is not known here") from None
    refused = None
    fault: OSError | None = None
    for family, kind, protocol, _, address in found:
        refusal = reach.refusal(name, str(address[0]), port) if reach else None
        if refusal:
            refused = _refused(host, refusal)
            continue
        made = _Socket(family, kind, protocol)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.settimeout(min(CONNECT, _left()))
            made.connect(address)
            made.settimeout(_left())
            return made
        except OSError as error:
            made.close()
            fault = error
    if fault is None:
        raise refused or Unanswered("refused", f"{host} has no address")
    raise fault
