"""Tasks in threads: results in order, the first error raised, nothing left waiting."""

from __future__ import annotations

import threading

import pytest

from auditor.errors import SourceError
from auditor.sources.faults import Fault
from auditor.sources.workers import run


def test_results_keep_the_order_of_the_tasks() -> None:
    gates = [threading.Event() for _ in range(3)]

    def task(index: int) -> int:
        if index < 2:
            gates[index + 1].wait(5)  # each ends after the one behind it
        gates[index].set()
        return index

    assert run([lambda i=i: task(i) for i in range(3)], 3, lambda: None) == [0, 1, 2]  # type: ignore[misc]
    assert run([], 3, lambda: None) == []


@pytest.mark.parametrize("error", [SourceError("no"), Fault("reset", "no")])
def test_an_error_stops_the_rest_and_is_raised(error: Exception) -> None:
    stopped = threading.Event()

    def failing() -> None:
        raise error

    def waiting() -> None:
        stopped.wait(5)

    with pytest.raises(type(error), match="no"):
        run([waiting, failing, waiting], 2, stopped.set)
    assert stopped.is_set()


def test_a_crash_is_no_endless_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    crashed = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda seen: crashed.set())
    with pytest.raises(RuntimeError, match="crashed"):
        run([lambda: 1 // 0], 1, lambda: None)
    assert crashed.wait(5)
