"""Which files of a directory are inputs."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from auditor.errors import SourceError

SUFFIXES = (".yaml", ".yml", ".json", ".yaml.gz", ".yml.gz", ".json.gz")
HOST = "host"


def host_root(root: Path) -> str | None:
    """The folder with files of a control-plane node, if the directory has one; a link out of the directory is none."""
    folder = root / HOST
    try:
        inside = folder.is_dir() and folder.resolve().is_relative_to(root.resolve())
    except OSError:
        return None
    return str(folder) if inside else None


def walk(root: Path) -> Iterator[Path]:
    """The manifests below a directory in sorted order, each file once.

    Left out: hidden files and folders, `host/` at the top, links that leave the directory. Links within it count, as
    the files of a mounted ConfigMap are such links. Raises SourceError for a folder that cannot be listed.
    """
    inside = root.resolve()
    seen = {inside, _real(root / HOST)}
    folders = [root]
    while folders:
        folder = folders.pop()
        below = []
        for entry in _entries(folder):
            if entry.name.startswith("."):
                continue
            real = _real(entry)
            if real is None or real in seen or not real.is_relative_to(inside):
                continue
            seen.add(real)
            mode = _mode(entry)
            if stat.S_ISDIR(mode):
                below.append(entry)
            elif stat.S_ISREG(mode) and entry.name.lower().endswith(SUFFIXES):
                yield entry
        folders.extend(reversed(below))


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise SourceError(
            f"{folder}: cannot be listed: {error.strerror}", "Its permissions must let you read it."
        ) from None


def _real(path: Path) -> Path | None:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return None


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:  # a link to nothing, or a file that has just gone
        return 0
