"""Progress and warnings of a live scan, on standard error; progress only where a person watches."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

from auditor.escape import escape

_INTERVAL = 0.1


class Progress:
    """One line, rewritten in place: what is being read, objects so far, objects a second. Safe from any thread."""

    def __init__(self, stream: TextIO, *, shown: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._shown = shown
        self._clock = clock
        self._lock = threading.Lock()
        self._started = self._drawn = clock()
        self._width = 0
        self._counts: dict[str, int] = {}

    @classmethod
    def on(cls, stream: TextIO | None = None) -> Progress:
        """Shown if the stream is a terminal."""
        stream = stream or sys.stderr
        return cls(stream, shown=stream.isatty())

    def advance(self, resource: str, objects: int) -> None:
        """So many more objects of a resource were read; negative where a list starts again."""
        with self._lock:
            self._counts[resource] = self._counts.get(resource, 0) + objects
            now = self._clock()
            if self._shown and now - self._drawn >= _INTERVAL:
                self._drawn = now
                self._draw(self._line(resource, now))

    def warn(self, text: str) -> None:
        with self._lock:
            self._draw("")
            self._stream.write(f"warning: {escape(text)}\n")
            self._stream.flush()

    def finish(self) -> None:
        """Takes the line away."""
        with self._lock:
            self._draw("")

    def _line(self, resource: str, now: float) -> str:
        total = sum(self._counts.values())
        rate = total / max(now - self._started, _INTERVAL)
        return f"{escape(resource)}: {self._counts[resource]:,}   all: {total:,} objects, {rate:,.0f}/s"

    def _draw(self, line: str) -> None:
        """Blanks what stood there: the carriage return is all that is asked of the terminal."""
        if not self._shown or not (line or self._width):
            return
        line = line[: shutil.get_terminal_size().columns - 1]
        self._stream.write(f"\r{line:<{self._width}}" + ("" if line else "\r"))
        self._stream.flush()
        self._width = len(line)
