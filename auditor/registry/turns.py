"""Whose turn it is: what is known to answer quickly goes first, and what one tenant or one domain wastes, it wastes of
its own."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from operator import attrgetter
from typing import Generic, TypeVar

_FIRST = 10.0
"""Seconds that a thing takes of which nothing is known yet."""

T = TypeVar("T")


class _Share(Generic[T]):
    """What has been taken of the time, and what waits, of a part of all; `waiting` are the parts of it that have any.

    `cost`: seconds that one more is expected to take; the more, the more of it are under way. It is kept, since all
    parts are looked at for each thing.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: dict[str, _Share[T]] = {}
        self.waiting: list[_Share[T]] = []
        self.things: deque[T] = deque()
        self.left = self._running = self._done = 0
        self._used = 0.0
        self.cost = _FIRST

    def part(self, name: str) -> _Share[T]:
        """The part that gets one more thing."""
        found = self.parts.setdefault(name, _Share(name))
        if not found.left:
            self.waiting.append(found)
        found.left += 1
        return found

    def takes(self, part: _Share[T]) -> None:
        """One thing of a part is under way."""
        part.left -= 1
        if not part.left:
            self.waiting.remove(part)
        part._running += 1
        part._weigh()

    def done(self, seconds: float) -> None:
        self._running -= 1
        self._done += 1
        self._used += seconds
        self._weigh()

    def _weigh(self) -> None:
        self.cost = (self._used + _FIRST) / (self._done + 1) * (1 + self._running)


class Turns(Generic[T]):
    """Hands out things one at a time, each under a path such as (tenant, domain, registry). Threads may share it.

    On each level the part comes next that is expected to be done soonest: what has shown that it answers within reason,
    then that of which nothing is known, then the rest. What could only wait, as many being under way of its registry as
    that can take, comes after all others.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`most`: of one registry, which ends the path, at the same time, whatever leads to it."""
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()
        self._whole: _Share[T] = _Share("")

    def put(self, things: Iterable[tuple[Sequence[str], T]]) -> int:
        """Has more to hand out, of one path in this order; how many they are."""
        count = 0
        with self._lock:
            for path, thing in things:
                count += 1
                share = self._whole
                for name in path:
                    share = share.part(name)
                share.things.append(thing)
        return count

    @contextmanager
    def next(self) -> Iterator[T]:
        """The next thing; how long it takes in here decides when others of its kind come. LookupError if there is
        none."""
        with self._lock:
            path = self._path()
            thing = path[-1].things.popleft()
            self._busy[path[-1].name] += 1
        begun = self._clock()
        try:
            yield thing
        finally:
            took = self._clock() - begun
            with self._lock:
                self._busy[path[-1].name] -= 1
                for share in path:
                    share.done(took)

    def _path(self) -> list[_Share[T]]:
        path: list[_Share[T]] = []
        share = self._whole
        while not share.things:
            chosen = self._cheapest(share.waiting)
            share.takes(chosen)
            path.append(chosen)
            share = chosen
        return path

    def _cheapest(self, shares: Sequence[_Share[T]]) -> _Share[T]:
        """Of those of which more can be done now, if there are any; of equals, which are those of which nothing is
        known, the one of most things."""
        if not shares:
            raise LookupError("nothing waits")
        best, cost, left = None, inf, 0
        for share in shares:
            if (share.cost < cost or (share.cost == cost and share.left > left)) and self._free(share):
                best, cost, left = share, share.cost, share.left
        return best or min(shares, key=attrgetter("cost"))

    def _free(self, share: _Share[T]) -> bool:
        if share.things:
            return self._busy[share.name] < self._most
        return any(map(self._free, share.waiting))
