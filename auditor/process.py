"""The process around a command: the signals that end it before its time, and streams that cannot take what is said."""

from __future__ import annotations

import io
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from auditor.errors import AuditorError

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

BY_SIGNAL = 128
"""Exit codes above tell by which signal a process ended, as a shell has it."""


class Terminated(BaseException):
    """SIGTERM or SIGHUP has come. Like KeyboardInterrupt no error: only what cleans up on its way out may hold it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        return "terminated" if self.number == signal.SIGTERM else "hung up"

    @property
    def exit_code(self) -> int:
        return BY_SIGNAL + self.number


def die_silently() -> None:
    """While nothing has begun, Ctrl-C ends the process as any other signal does, without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def heed_signals() -> None:
    """From now on the signals that end a process raise KeyboardInterrupt or Terminated in the main thread, once.

    What the caller has set to be ignored (nohup, a shell's background job) stays so.
    """
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def ignore_signals() -> None:
    """The result stands; nothing is left that a signal could end sooner."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    # A second one (`timeout`, make and terminals may send it to the group and to the process) must not stop the
    # cleaning up.
    ignore_signals()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Terminated(number)


class _Output(io.TextIOWrapper):
    """Standard output. A reader that has gone is no error: what it wanted it has. A full disk is one, and is told."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.discard()
        if not isinstance(error, BrokenPipeError):
            raise AuditorError(f"standard output could not be written: {error.strerror}", "What is there is cut.")

    def discard(self) -> None:
        """What is still held goes nowhere: the interpreter flushes at exit, which would fail or wait once more."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


class _Diary(io.TextIOWrapper):
    """Standard error. A full disk under a log, or a reader that has gone, changes no audit and no exit code."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            return


def mend_streams() -> None:
    """Gives the standard streams these habits. One that is closed gets its number back: no file may be opened under it,
    and `print(…, file=None)` would put messages into the report."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123
    # What is opened for reading alone takes no report.
    out, err = _bytes_of(sys.stdout, os.O_RDONLY), _bytes_of(sys.stderr, os.O_WRONLY)
    sys.stdout = _Output(out, "utf-8", "backslashreplace", line_buffering=out.isatty())
    sys.stderr = _Diary(err, "utf-8", "backslashreplace", line_buffering=True)


def discard_output() -> None:
    """What standard output still holds goes nowhere."""
    if isinstance(sys.stdout, _Output):
        sys.stdout.discard()


def _bytes_of(stream: Any, flags: int) -> io.BufferedWriter:
    raw = io.FileIO(os.open(os.devnull, flags), "w") if stream is None else stream.detach()
    return raw if isinstance(raw, io.BufferedWriter) else io.BufferedWriter(raw)  # PYTHONUNBUFFERED
