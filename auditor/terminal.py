"""What the place that output goes to can show."""

from __future__ import annotations

import os
import sys
from typing import TextIO

_USUAL = 80


def colour() -> bool:
    """On a terminal that can, unless the user says no (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns to fill on the standard output: the terminal's, or 80 in a pipe."""
    return columns(sys.stdout) if sys.stdout.isatty() else _USUAL


def columns(stream: TextIO) -> int:
    """Of the terminal that a stream leads to, or as COLUMNS has it. `shutil` would ask the stream that Python began
    with, which is no more than a shell since `process.mend_streams` took its descriptor."""
    told = os.environ.get("COLUMNS", "")
    if told.isascii() and told.isdecimal() and int(told[:5]) > 0:
        return int(told[:5])
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL
    except OSError:
        return _USUAL
