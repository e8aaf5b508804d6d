"""Whose turn it is: what is known to answer quickly goes first, and what one tenant or one domain wastes, it wastes of
its own."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

_FIRST = 2.0
"""Seconds that a thing takes of which nothing is known yet."""

T = TypeVar("T")


class _Share(Generic[T]):
    """What has been taken of the time, and what waits, of a part of all; and the parts that it has itself."""

    def __init__(self) -> None:
        self.parts: dict[str, _Share[T]] = {}
        self.waiting: deque[T] = deque()
        self.left = self.done = self.running = 0
        self.used = 0.0

    @property
    def cost(self) -> float:
        """Seconds that one more is expected to take; the more, the more of it are under way."""
        return (self.used + _FIRST) / (self.done + 1) * (1 + self.running)


class Turns(Generic[T]):
    """Hands out things one at a time, each under a path such as (tenant, domain, registry). Threads may share it.

    On each level the part comes next that is expected to be done soonest. Who answers within reason so never waits for
    who does not, and of those of whom nothing is known each has its turn before anyone has a second.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._whole: _Share[T] = _Share()

    def put(self, things: Iterable[tuple[Sequence[str], T]]) -> int:
        """Has more to hand out, of one path in this order; how many they are."""
        count = 0
        with self._lock:
            for path, thing in things:
                count += 1
                share = self._whole
                for name in path:
                    share = share.parts.setdefault(name, _Share())
                    share.left += 1
                share.waiting.append(thing)
        return count

    @contextmanager
    def next(self) -> Iterator[T]:
        """The next thing; how long it takes in here decides when others of its kind come. LookupError if there is
        none."""
        with self._lock:
            path, thing = self._taken()
        begun = self._clock()
        try:
            yield thing
        finally:
            took = self._clock() - begun
            with self._lock:
                for share in path:
                    share.running -= 1
                    share.done += 1
                    share.used += took

    def _taken(self) -> tuple[list[_Share[T]], T]:
        path: list[_Share[T]] = []
        share = self._whole
        while not share.waiting:
            parts = [part for part in share.parts.values() if part.left]
            if not parts:
                raise LookupError("nothing waits")
            share = min(parts, key=lambda part: part.cost)
            path.append(share)
        for each in path:
            each.left -= 1
            each.running += 1
        return path, share.waiting.popleft()
