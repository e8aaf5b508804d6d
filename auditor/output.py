"""Where reports go: `-o FORMAT[=PATH]`, checked before the audit starts, written whole or not at all."""

from __future__ import annotations

import gzip
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from msgspec import Struct

from auditor.errors import AuditorError, UsageError
from auditor.process import Terminated


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
    check_apart(named_files(outputs))
    return tuple(outputs)


def named_files(outputs: Iterable[Output]) -> list[tuple[str, Path]]:
    """The files that outputs go to, each with the option that names it."""
    return [(f"-o {output.format}={output.path}", output.path) for output in outputs if output.path]


def check_apart(files: Iterable[tuple[str, Path]]) -> None:
    """Raises UsageError where two options name one file, by whatever path: what is written last would be all there."""
    known: dict[str, str] = {}
    for option, path in files:
        other = known.setdefault(os.path.realpath(path), option)
        if other is not option:
            raise UsageError(f"{other} and {option} cannot share a file", "Give each a file of its own.")


def check_writable(path: Path) -> None:
    """Raises UsageError where a file cannot be put, as far as that shows before it is written."""
    try:
        there = path.stat() if path.exists() else None
        parent = (Path(os.path.realpath(path)) if path.is_symlink() else path).parent
        is_place = parent.is_dir()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "Name another place.") from None
    if there and stat.S_ISDIR(there.st_mode):
        raise UsageError(f"{path} is a directory", "Name a file in it.")
    if there and not stat.S_ISREG(there.st_mode):  # a device or a pipe is written to, not replaced
        if not os.access(path, os.W_OK):
            raise UsageError(f"{path} may not be written to", "Change its permissions, or name another place.")
        return
    if not is_place:
        raise UsageError(f"{parent} is not a directory", "Make it first, or name another place.")
    if not os.access(parent, os.W_OK):
        raise UsageError(f"{parent} may not be written to", "Change its permissions, or name another place.")


_written: ContextVar[list[str] | None] = ContextVar("written", default=None)


@contextmanager
def journal() -> Iterator[list[str]]:
    """What is written while this lasts, in order: what to tell where a command ends before its time."""
    written: list[str] = []
    token = _written.set(written)
    try:
        yield written
    finally:
        _written.reset(token)


def write_file(path: Path, data: bytes) -> None:
    """Puts the whole of the data at the path, or leaves what is there as it is.

    A symbolic link stays one, and what it leads to is replaced; a file that is replaced hands on its mode and, as far
    as the system lets us, its owner. Devices and pipes cannot be replaced: they are written to.
    """
    left = "Nothing was left there."
    try:
        there = path.stat() if path.exists() else None
        if there and not stat.S_ISREG(there.st_mode):
            left = "What it took is cut."
            with suppress(BrokenPipeError), path.open("wb") as file:  # a reader that has gone has what it wanted
                file.write(data)
        else:
            left = "What was there before is as it was." if there else left
            _replace(Path(os.path.realpath(path)), data, there)
    except OSError as error:
        raise AuditorError(f"{path} could not be written: {error.strerror}", left) from None
    _note(str(path))


def _replace(path: Path, data: bytes, there: os.stat_result | None) -> None:
    # Its name is known before it exists, so that a signal at any moment leaves none behind. It may be no longer than
    # file systems allow.
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}")
    try:
        new = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if there else 0o666)
        with open(new, "wb") as file:  # noqa: PTH123
            if there:
                with suppress(PermissionError):
                    os.fchown(new, there.st_uid, there.st_gid)
                os.fchmod(new, stat.S_IMODE(there.st_mode) & 0o777)
            file.write(data)
            file.flush()
            os.fsync(new)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _note(what: str) -> None:
    written = _written.get()
    if written is not None:
        written.append(what)


def compressed(path: Path, data: bytes) -> bytes:
    """The data, gzipped for a name that ends in .gz, without a time in it: the same data gives the same bytes."""
    return gzip.compress(data, mtime=0) if path.suffix == ".gz" else data


def write_standard(text: str) -> None:
    """To standard output, all at once, as UTF-8."""
    try:
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode())
        sys.stdout.flush()
    except (KeyboardInterrupt, Terminated):
        _note("a part of standard output")
        raise
    _note("standard output")
