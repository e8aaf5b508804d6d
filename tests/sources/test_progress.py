"""The progress line and warnings."""

from __future__ import annotations

import io

import pytest

from auditor.sources.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_but_warnings_in_a_pipe() -> None:
    stream = io.StringIO()
    progress = Progress.on(stream)
    for _ in range(1000):
        progress.advance("pods", 500)
    progress.finish()
    assert stream.getvalue() == ""
    progress.warn("look")
    assert stream.getvalue() == "warning: look\n"


def test_a_terminal_shows_resource_objects_and_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream, now = Terminal(), [0.0]
    progress = Progress(stream, shown=True, clock=lambda: now[0])
    now[0] = 2.0
    progress.advance("pods", 5000)
    progress.advance("nodes", 3)
    assert stream.getvalue() == "\rpods: 5,000   all: 5,000 objects, 2,500/s"
    now[0] = 2.5
    progress.advance("nodes", 1)
    line = stream.getvalue().split("\r")[-1]
    assert line.rstrip() == "nodes: 4   all: 5,004 objects, 2,002/s"
    assert len(line) == len("pods: 5,000   all: 5,000 objects, 2,500/s")
    progress.finish()
    assert stream.getvalue().endswith(f"\r{' ' * len(line.rstrip())}\r")


def test_a_line_is_never_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream, now = Terminal(), [0.0]
    progress = Progress(stream, shown=True, clock=lambda: now[0])
    now[0] = 1.0
    progress.advance("replicationcontrollers", 5)
    assert len(stream.getvalue()) <= 20


def test_text_from_the_cluster_cannot_steer_the_terminal() -> None:
    stream, now = Terminal(), [0.0]
    progress = Progress(stream, shown=True, clock=lambda: now[0])
    now[0] = 1.0
    progress.advance("\x1b[2Jpods\u202e", 5)
    progress.warn("a\x1b]0;title\x07b\nc")
    written = stream.getvalue()
    assert "\x1b" not in written
    assert "\x07" not in written
    assert "\u202e" not in written
    assert written.endswith("warning: a\\u{1b}]0;title\\u{7}b\\u{a}c\n")
