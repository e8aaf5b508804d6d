"""Content by digest, kept between runs: manifests and signatures as they are, of configurations the redacted facts."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from auditor.registry.digests import is_digest, matches
from auditor.registry.recent import Recent

LIMIT = 512 << 20
FACTS = "facts-v2"
"""Of what shape the facts are: another shape lies under another name."""

_EARLIER = "facts-v1"
"""Goes: it held words of commands that may have been secret."""

_MEMORY = 16 << 20
_FULL = 0.75
_CONTENT = "content"


class Cache:
    """A directory of its owner alone, of at most `limit` bytes; where there is none, a little memory, so that nothing
    is asked for twice in a run. What is read is verified; what is damaged goes. Threads may share it.

    Facts cannot be verified by the digest of what they were made from, which holds values of variables and is not
    kept: they carry a checksum of their own, against damage.
    """

    def __init__(
        self, folder: Path | None, warn: Callable[[str], object] = lambda text: None, limit: int = LIMIT
    ) -> None:
        self._folder = _prepared(folder, warn) if folder else None
        self._limit = limit
        self._memory = Recent(_MEMORY)
        self._lock = threading.Lock()
        self._size = 0
        if self._folder:
            shutil.rmtree(self._folder / _EARLIER, ignore_errors=True)
            self.trim(limit)

    @property
    def held(self) -> int:
        """Bytes in memory."""
        return self._memory.size

    def content(self, digest: str) -> bytes | None:
        found = self._read(_CONTENT, digest)
        if found is not None and not matches(found, digest):
            self._drop(_CONTENT, digest)
            return None
        return found

    def keep_content(self, digest: str, content: bytes, *, again: bool = True) -> None:
        """`content` has been verified; `again`: whether this run may want it once more."""
        if self._folder or again:
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

    def trim(self, limit: int) -> None:
        """Removes what was not used for longest until `limit` bytes are left."""
        if self._folder is None:
            return
        with self._lock:
            self._size = 0
            for _, size, path in sorted(_files(self._folder), reverse=True):
                if self._size + size > limit:
                    limit = self._size  # what is older goes, too, though it may be smaller
                    with suppress(OSError):
                        path.unlink()
                else:
                    self._size += size

    def _read(self, kind: str, digest: str) -> bytes | None:
        if self._folder is None:
            return self._memory.get((kind, digest))
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
        if self._folder is None:
            self._memory.put((kind, digest), content)
            return
        path = self._path(kind, digest)
        if path is None:
            return
        with self._lock:
            self._size += len(content)
            full = self._size > self._limit
        if full:  # by a part, so that not every further answer looks through all
            self.trim(int(self._limit * _FULL) - len(content))
            with self._lock:
                self._size += len(content)
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
    """Of the cache alone: the user may have named a directory with other files in it."""
    for path in chain.from_iterable((folder / kind).glob("sha*/??/*") for kind in (_CONTENT, FACTS)):
        with suppress(OSError):
            found = path.lstat()
            if stat.S_ISREG(found.st_mode):
                yield found.st_mtime, found.st_size, path
