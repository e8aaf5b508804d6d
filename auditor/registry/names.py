"""Names to addresses within a time: the system's resolver takes as long as the name's owner likes."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

LONGEST = 10.0
_AT_ONCE = threading.BoundedSemaphore(256)

Found = tuple[int, int, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` gives it: family, kind, protocol, canonical name, address."""
System = Callable[[str, int], list[Found]]


class LookUp(Protocol):
    def __call__(self, name: str, port: int, seconds: float) -> list[Found]:
        """The addresses of a name or of an address as text; TimeoutError, or OSError where there are none."""
        ...


def look_up(name: str, port: int, seconds: float, system: System | None = None) -> list[Found]:
    """Asks the system, or what stands for it. A look-up that takes too long is left behind in a thread that holds up
    nothing, not the program's end either; of those there are no more than so many."""
    try:
        return _system(name, port, socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        pass  # it is no address
    ends = time.monotonic() + min(seconds, LONGEST)
    if not _AT_ONCE.acquire(timeout=max(ends - time.monotonic(), 0.0)):
        raise TimeoutError("the resolver answers nobody")
    answer: queue.SimpleQueue[list[Found] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put((system or _system)(name, port))
        except OSError as error:
            answer.put(error)
        except UnicodeError:
            answer.put(socket.gaierror(socket.EAI_NONAME, "it is no name"))
        finally:
            _AT_ONCE.release()

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answer.get(timeout=max(ends - time.monotonic(), 0.0))
    except queue.Empty:
        raise TimeoutError("the resolver did not answer in time") from None
    if isinstance(found, OSError):
        raise found
    return found


def _system(name: str, port: int, flags: int = 0) -> list[Found]:
    return [*socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=flags)]
