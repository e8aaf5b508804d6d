"""Requests tried again, and registries given up: a bound on what is asked at once, and on what a dead one costs."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Protocol

import msgspec

from auditor.evidence import Kind, Unavailable
from auditor.registry.budget import Allowed
from auditor.registry.fault import Unanswered
from auditor.registry.transport import Answer, Request
from auditor.sources.reader import retry_after
from auditor.sources.transport import Answer as Headers

PER_HOST = 4
AT_ONCE = 64
"""For several clusters that are audited at once: what one of them names slow hosts for is no other's loss."""
TRIES = 4
LONGEST_WAIT = 60.0
_BROKEN = frozenset({408, 500, 502, 503, 504})
_DEAD_AFTER = 3
# One path alone may be broken, which is no reason to ask for nothing else.
_BROKEN_AFTER = 12
_HOPELESS: tuple[Kind, ...] = ("timeout", "unreachable", "rate-limited")


class Requests(Protocol):
    """What is asked through; `Transport` in a scan."""

    def request(self, asked: Request) -> Answer: ...


class _Host:
    """What is known of one server."""

    def __init__(self) -> None:
        self.slots = threading.BoundedSemaphore(PER_HOST)
        self.lock = threading.Lock()
        self.failed = 0
        self.given_up: Unavailable | None = None
        self.not_before = 0.0


class Patience:
    """Asks for all threads of a run. `sleep` and `clock` replace the waits and what they are measured by.

    A server that sends 429 or fails is asked again after a wait, which holds for all threads that ask it. After three
    requests in a row without an answer (twelve, where it answers that it has failed), or where it wants more than a
    minute's wait, it is asked no more. Four requests to a server are on their way at a time, sixty-four in all.
    """

    def __init__(
        self,
        transport: Requests,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._clock = clock
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._hosts: dict[str, _Host] = {}
        self._current = threading.local()
        self.count = 0

    def stop(self) -> None:
        self._stopped.set()

    @contextmanager
    def within(self, allowed: Allowed) -> Iterator[None]:
        """All that this thread asks for in here has to come within so many seconds, waits and all."""
        self._current.ends, self._current.over = self._clock() + allowed.seconds, allowed.over
        try:
            yield
        finally:
            self._current.ends = inf

    def ensure(self) -> None:
        """Raises Unanswered where this thread's time is over."""
        if self._left() <= 0:
            raise self._over()

    def _left(self) -> float:
        return float(getattr(self._current, "ends", inf)) - self._clock()

    def _over(self) -> Unanswered:
        return Unanswered("timeout", str(self._current.over))

    def request(self, asked: Request) -> Answer:
        """An answer that will not change by asking again; raises Unanswered where none came."""
        host = self._host(asked.account or asked.endpoint.url(""))
        for tried in range(1, TRIES + 1):
            self._wait_for(host)
            fault, wait = self._try(host, asked)
            if isinstance(fault, Answer):
                return fault
            last = tried == TRIES or fault.why.kind not in ("unreachable", "rate-limited")
            if last or wait > LONGEST_WAIT:
                _give_up(host, fault, at_once=wait > LONGEST_WAIT)
                raise fault
            self._delay(host, wait or _growing(tried))
        raise AssertionError("the last try ends the loop")

    def _try(self, host: _Host, asked: Request) -> tuple[Answer | Unanswered, float]:
        """The answer, or the fault and how long the server wants to be left alone."""
        with self._one_of(host.slots), self._one_of(self._slots):
            with self._lock:
                self.count += 1
            try:
                answer = self._transport.request(
                    msgspec.structs.replace(asked, seconds=max(min(asked.seconds, self._left()), 0.0))
                )
            except Unanswered as fault:
                if self._left() <= 0:
                    raise self._over() from None  # the time of the image was over, and says nothing of the server
                return fault, 0.0
        if answer.status == 429:
            return Unanswered("rate-limited", f"{asked.endpoint.authority} answers 429"), _wanted(answer)
        if answer.status in _BROKEN:
            return _Broken("unreachable", f"{asked.endpoint.authority} answers {answer.status}"), _wanted(answer)
        with host.lock:
            host.failed = 0
        return answer, 0.0

    def _wait_for(self, host: _Host) -> None:
        while True:
            if self._stopped.is_set():
                raise Unanswered("timeout", "the run was ended")
            self.ensure()
            with host.lock:
                given_up, wait = host.given_up, host.not_before - self._clock()
            if given_up:
                raise Unanswered(given_up.kind, f"{given_up.detail}; not asked any more")
            if wait <= 0:
                return
            self._sleep(max(min(wait, self._left()), 0.0))

    def _delay(self, host: _Host, wait: float) -> None:
        with host.lock:
            host.not_before = max(host.not_before, self._clock() + wait)

    @contextmanager
    def _one_of(self, slots: threading.BoundedSemaphore) -> Iterator[None]:
        left = self._left()
        if not slots.acquire(timeout=None if left == inf else max(left, 0.0)):
            raise self._over()
        try:
            yield
        finally:
            slots.release()

    def _host(self, account: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(account, _Host())


class _Broken(Unanswered):
    """The server answered that it has failed."""


def _give_up(host: _Host, fault: Unanswered, *, at_once: bool) -> None:
    if fault.why.kind not in _HOPELESS:
        return
    with host.lock:
        host.failed += 1
        if at_once or host.failed >= (_BROKEN_AFTER if isinstance(fault, _Broken) else _DEAD_AFTER):
            host.given_up = fault.why


def _wanted(answer: Answer) -> float:
    """Seconds that the server wants to be left alone, 0 where it does not say."""
    said = retry_after(Headers(answer.status, answer.headers, b""))
    if said is None:
        reset = answer.headers.get("ratelimit-reset", "")
        said = float(reset[:6]) if reset.isascii() and reset.isdecimal() else 0.0
    return said


def _growing(tried: int) -> float:
    """Half a second, doubled each time, less a random part."""
    return float(0.5 * 2 ** (tried - 1) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
