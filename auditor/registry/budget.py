"""How long a run may ask for one image, for all of one domain, and at all: nobody's answers hold up the audit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from auditor.registry.domains import payer

IMAGE = 120.0
DOMAIN = 600.0
MINUTES = 30
"""For all that one cluster's images take, if nobody says otherwise."""
THREADS = 16
"""That ask for images at the same time."""

_MORE = 0.5


class Allowed(Struct, frozen=True):
    """How many seconds an image may take, none where there are none left, and what to say when they are over."""

    seconds: float
    over: str


class Budgets:
    """By registry, as image names have it. Seconds of a domain are those of threads: what all of them take together.

    All registries of one domain have ten minutes of all threads, and half a second more for each of their images, which
    is more than one takes that answers within reason: whoever owns a domain can have as many names as he likes. `run`
    are the seconds for everything, since anyone may name images of any number of domains.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, run: float = MINUTES * 60.0) -> None:
        self._clock = clock
        self._run = run
        self._lock = threading.Lock()
        self._left: dict[str, float] = {}

    def begin(self) -> float:
        """When all has to be asked for that begins now."""
        return self._clock() + self._run

    def expect(self, registry: str, images: int) -> None:
        """So many images of it will be asked for."""
        domain = payer(registry)
        with self._lock:
            self._left[domain] = self._left.get(domain, DOMAIN * THREADS) + images * _MORE * THREADS

    @contextmanager
    def image(self, registry: str, ends: float) -> Iterator[Allowed]:
        """What the image may take that is asked for in here, in a run that `ends` then."""
        domain = payer(registry)
        begun = self._clock()
        with self._lock:
            left = self._left[domain]
        least = min(
            (IMAGE, "asking for the image took longer than is waited for"),
            (left, f"{domain} has had all the time that one domain gets"),
            (ends - begun, f"the {self._run / 60:g} minutes were over in which registries are asked"),
        )
        try:
            yield Allowed(max(least[0], 0.0), least[1])
        finally:
            with self._lock:
                self._left[domain] -= self._clock() - begun
