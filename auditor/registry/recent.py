"""What was read last, held in memory up to so many bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict


class Recent:
    """Bytes by key, of which those go that were not used for longest. Threads may share it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self.size = 0

    def get(self, key: tuple[str, str]) -> bytes | None:
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: tuple[str, str], content: bytes) -> None:
        with self._lock:
            self.size += len(content) - len(self._held.pop(key, b""))
            self._held[key] = content
            while self.size > self._limit:
                _, dropped = self._held.popitem(last=False)
                self.size -= len(dropped)
