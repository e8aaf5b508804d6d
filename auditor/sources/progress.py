"""Progress and warnings of a live scan, on standard error; progress only where a person watches."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TextIO

from auditor.escape import escape
from auditor.terminal import columns

_INTERVAL = 0.1


class Progress:
    """One line, rewritten in place: what is being read, objects so far, objects a second. Safe from any thread."""

    def __init__(
        self, stream: TextIO, *, shown: bool, verbose: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`verbose`: what is told by `tell` is written, too."""
        self._verbose = verbose
        self._stream = stream
        self._shown = shown
        self._clock = clock
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._held: list[str] | None = None
        self._started = self._drawn = clock()
        self._width = 0
        self._counts: dict[str, int] = {}

    @classmethod
    def on(cls, stream: TextIO | None = None, *, verbose: bool = False) -> Progress:
        """Shown if the stream is a terminal."""
        stream = stream or sys.stderr
        return cls(stream, shown=stream.isatty(), verbose=verbose)

    def advance(self, resource: str, objects: int) -> None:
        """So many more objects of a resource were read; negative where a list starts again."""
        with self._lock:
            self._counts[resource] = self._counts.get(resource, 0) + objects
            now = self._clock()
            if self._shown and self._held is None and now - self._drawn >= _INTERVAL:
                self._drawn = now
                self._draw(self._line(resource, now))

    def warn(self, text: str) -> None:
        self._write(f"warning: {text}")

    def note(self, text: str) -> None:
        """What is good to know, and nobody's fault."""
        self._write(f"note: {text}")

    def tell(self, text: str) -> None:
        """What only those want to know who asked for more."""
        if self._verbose:
            self._write(text)

    def _write(self, text: str) -> None:
        with self._lock:
            if self._held is None:
                self._say(text)
            else:
                self._held.append(text)

    def aside(self, command: str) -> AbstractContextManager[None]:
        """While a credential plugin may talk with the user: one plugin at a time, and nothing is written beside."""
        return self._turn("")

    @contextmanager
    def _turn(self, note: str) -> Iterator[None]:
        with self._alone:
            with self._lock:
                self._draw("")
                self._held = []
                if note:
                    self._say(note)
            try:
                yield
            finally:
                with self._lock:
                    said, self._held = self._held or [], None
                    for text in said:
                        self._say(text)

    def of(self, context: str) -> Progress:
        """For one cluster of several: the same stream and line, its name before all that is said."""
        return _Part(self, context)

    def finish(self) -> None:
        """Takes the line away."""
        with self._lock:
            self._draw("")

    def _say(self, text: str) -> None:
        self._draw("")
        self._stream.write(f"{escape(text)}\n")
        self._stream.flush()

    def _line(self, resource: str, now: float) -> str:
        total = sum(self._counts.values())
        rate = total / max(now - self._started, _INTERVAL)
        return f"{escape(resource)}: {self._counts[resource]:,}   all: {total:,} objects, {rate:,.0f}/s"

    def _draw(self, line: str) -> None:
        """Blanks what stood there: the carriage return is all that is asked of the terminal."""
        if not self._shown or not (line or self._width):
            return
        line = line[: columns(self._stream) - 1]
        self._stream.write(f"\r{line:<{self._width}}" + ("" if line else "\r"))
        self._stream.flush()
        self._width = len(line)


class _Part(Progress):
    """One cluster's share of the line of all."""

    def __init__(self, whole: Progress, context: str) -> None:
        self._whole = whole
        self._context = context

    def advance(self, resource: str, objects: int) -> None:
        self._whole.advance(f"{self._context}: {resource}", objects)

    def warn(self, text: str) -> None:
        self._whole.warn(f"{self._context}: {text}")

    def note(self, text: str) -> None:
        self._whole.note(f"{self._context}: {text}")

    def tell(self, text: str) -> None:
        self._whole.tell(f"{self._context}: {text}")

    def aside(self, command: str) -> AbstractContextManager[None]:
        return self._whole._turn(f"{self._context}: credentials by {command}")

    def of(self, context: str) -> Progress:
        return self._whole.of(context)

    def finish(self) -> None:
        """The others go on."""
