"""Tasks in a few threads, none of which outlives the program's will to end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from auditor.errors import AuditorError
from auditor.sources.faults import Interrupted

T = TypeVar("T")
_Outcome = tuple[int, T | None, Exception | None]


def run(tasks: Sequence[Callable[[], T]], threads: int, stop: Callable[[], None]) -> list[T]:
    """Results in the order of the tasks. The first error stops the rest and is raised.

    Daemon threads, not an executor: an executor's are waited for when the interpreter ends, and a thread that hangs
    in a socket would hold up Ctrl-C for as long as the time limit of its request.
    """
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[_Outcome[T]] = queue.SimpleQueue()
    for index in range(len(tasks)):
        todo.put(index)

    def work() -> None:
        while True:
            try:
                index = todo.get_nowait()
            except queue.Empty:
                return
            outcome: _Outcome[T] = (index, None, RuntimeError("a reading thread has crashed"))
            try:
                outcome = (index, tasks[index](), None)
            except (AuditorError, Interrupted) as error:
                outcome = (index, None, error)
            finally:
                done.put(outcome)

    for _ in range(min(threads, len(tasks))):
        threading.Thread(target=work, daemon=True).start()
    results: dict[int, T] = {}
    try:
        while len(results) < len(tasks):
            index, result, error = _next(done)
            if error is not None:
                raise error
            results[index] = result  # type: ignore[assignment]
    except BaseException:
        stop()
        raise
    return [results[index] for index in range(len(tasks))]


def _next(done: queue.SimpleQueue[T]) -> T:
    """Waits in short steps, so that Ctrl-C is heard on every platform."""
    while True:
        try:
            return done.get(timeout=0.5)
        except queue.Empty:
            continue
