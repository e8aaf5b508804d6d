"""Where reports go: `-o FORMAT[=PATH]`, checked before the audit starts, written whole or not at all."""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from auditor.errors import AuditorError, UsageError


class Output(Struct, frozen=True):
    """A format, and the file that it goes to, None for standard output."""

    format: str
    path: Path | None = None


def parse_outputs(given: Sequence[str], formats: Sequence[str], default: str) -> tuple[Output, ...]:
    """The outputs of a command line; UsageError for a format that there is not, or a place that cannot be written."""
    outputs = []
    for text in given or [default]:
        name, equals, place = text.partition("=")
        if name not in formats:
            raise UsageError(f"-o {text}: there is no format {name!r}", f"There is: {', '.join(formats)}.")
        if equals and not place:
            raise UsageError(f"-o {text}: no file is named after `=`", f"Write -o {name} or -o {name}=PATH.")
        path = Path(place) if place and place != "-" else None
        if path:
            check_writable(path)
        outputs.append(Output(name, path))
    if sum(output.path is None for output in outputs) > 1:
        raise UsageError("two formats cannot share standard output", "Give all but one of them a file: -o FORMAT=PATH.")
    paths = [output.path for output in outputs if output.path]
    if len(set(paths)) < len(paths):
        raise UsageError("two formats cannot share one file", "Give each -o its own PATH.")
    return tuple(outputs)


def check_writable(path: Path) -> None:
    """Raises UsageError where a file cannot be put, as far as that shows before it is written."""
    parent = path.parent
    if path.is_dir():
        raise UsageError(f"{path} is a directory", "Name a file in it.")
    if not parent.is_dir():
        raise UsageError(f"{parent} is not a directory", "Make it first, or name another place.")
    if not os.access(parent, os.W_OK):
        raise UsageError(f"{parent} may not be written to", "Change its permissions, or name another place.")


def write_file(path: Path, data: bytes) -> None:
    """Puts the whole of the data at the path, or leaves what is there as it is."""
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except OSError as error:
        raise AuditorError(f"{path} could not be written: {error.strerror}", "Nothing was left there.") from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def compressed(path: Path, data: bytes) -> bytes:
    """The data, gzipped for a name that ends in .gz, without a time in it: the same data gives the same bytes."""
    return gzip.compress(data, mtime=0) if path.suffix == ".gz" else data


def write_standard(text: str) -> None:
    """To standard output. A reader that has gone is no error: what it wanted it has. AuditorError for a full disk."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _close_standard()
    except OSError as error:
        _close_standard()
        raise AuditorError(f"standard output could not be written: {error.strerror}", "The report is cut.") from None


def _close_standard() -> None:
    """The interpreter flushes once more at exit: into nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
