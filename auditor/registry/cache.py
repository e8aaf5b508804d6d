"""Content by digest, kept between runs: manifests and signatures as they are, of configurations the redacted facts."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from auditor.registry.digests import is_digest, matches

LIMIT = 512 << 20
FACTS = "facts-v1"
"""Of what shape the facts are: another shape lies under another name."""

_CONTENT = "content"


class Cache:
    """A directory of its owner alone, or nothing where there is none. What is read is verified; what is damaged goes.

    Facts cannot be verified by the digest of what they were made from, which holds values of variables and is not
    kept: they carry a checksum of their own, against damage.
    """

    def __init__(self, folder: Path | None, warn: Callable[[str], object] = lambda text: None) -> None:
        self._folder = _prepared(folder, warn) if folder else None

    def content(self, digest: str) -> bytes | None:
        found = self._read(_CONTENT, digest)
        if found is not None and not matches(found, digest):
            self._drop(_CONTENT, digest)
            return None
        return found

    def keep_content(self, digest: str, content: bytes) -> None:
        """`content` has been verified."""
        self._write(_CONTENT, digest, content)

    def facts(self, digest: str) -> bytes | None:
        found = self._read(FACTS, digest)
        if found is None:
            return None
        checksum, facts = found[:32], found[32:]
        if hashlib.sha256(facts).digest() != checksum:
            self._drop(FACTS, digest)
            return None
        return facts

    def keep_facts(self, digest: str, facts: bytes) -> None:
        self._write(FACTS, digest, hashlib.sha256(facts).digest() + facts)

    def trim(self, limit: int = LIMIT) -> None:
        """Removes what was not used for longest until `limit` bytes are left."""
        if self._folder is None:
            return
        files = sorted(_files(self._folder), reverse=True)
        left = limit
        for _, size, path in files:
            left -= size
            if left < 0:
                with suppress(OSError):
                    path.unlink()

    def _read(self, kind: str, digest: str) -> bytes | None:
        path = self._path(kind, digest)
        if path is None:
            return None
        try:
            found = path.read_bytes()
            os.utime(path)  # used: it is trimmed last
        except OSError:
            return None
        return found

    def _write(self, kind: str, digest: str, content: bytes) -> None:
        """Under its name at once and whole, or not at all: other runs may read it. A full disk only costs requests."""
        path = self._path(kind, digest)
        if path is None:
            return
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                Path(name).replace(path)
            finally:
                Path(name).unlink(missing_ok=True)

    def _drop(self, kind: str, digest: str) -> None:
        path = self._path(kind, digest)
        if path is not None:
            with suppress(OSError):
                path.unlink()

    def _path(self, kind: str, digest: str) -> Path | None:
        if self._folder is None or not is_digest(digest):
            return None
        algorithm, _, text = digest.partition(":")
        return self._folder / kind / algorithm / text[:2] / text


def _prepared(folder: Path, warn: Callable[[str], object]) -> Path | None:
    """The directory, made if it is missing; None, with a warning, where others could write to it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        warn(f"the registry cache {folder} is not used: {error.strerror}")
        return None
    if found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        warn(f"the registry cache {folder} is not used: others may write to it")
        return None
    return folder


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    for path in folder.rglob("*"):
        with suppress(OSError):
            found = path.lstat()
            if stat.S_ISREG(found.st_mode):
                yield found.st_mtime, found.st_size, path
