"""How long a run may ask for one image, and for all images of one registry: nobody's answers hold up the audit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

IMAGE = 120.0
REGISTRY = 600.0
THREADS = 16
"""That ask for images at the same time."""

_MORE = 0.5


class Budgets:
    """By registry, as image names have it. Seconds are those of threads: what all of them take together.

    A registry has ten minutes of all threads, and half a second more for each of its images, which is more than one
    takes that answers within reason. What it wastes is not taken from others.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[str, float] = {}

    def expect(self, registry: str, images: int) -> None:
        """So many images of it will be asked for."""
        with self._lock:
            self._left[registry] = self._left.get(registry, REGISTRY * THREADS) + images * _MORE * THREADS

    @contextmanager
    def image(self, registry: str) -> Iterator[float]:
        """How many seconds the image that is asked for in here may take; 0 where the registry has had its time."""
        with self._lock:
            left = self._left[registry]
        begun = self._clock()
        try:
            yield min(IMAGE, max(left, 0.0))
        finally:
            with self._lock:
                self._left[registry] -= self._clock() - begun
