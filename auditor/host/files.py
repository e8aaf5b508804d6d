"""Opens what a container opens, below a root that holds a node's files: through its mounts, and never outside."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from msgspec import Struct

from auditor.hostfacts import HostFile
from auditor.model import ControlPlanePod
from auditor.mounts import absolute, below, mount_of

MAX_SIZE = 1 << 20
_MAX_LINKS = 40
_ESCAPED = "a link there leads out of the files that were given"
_NOT_GIVEN = "its folder is not among the files that were given"


class Found(Struct, frozen=True):
    """A file as it was looked up; `real` is where it lies on this machine, if it is there."""

    file: HostFile
    real: Path | None = None
    folder: bool = False


class _Stop(Exception):
    """A look-up that ended before its file: in which state, and why."""

    def __init__(self, state: str, detail: str) -> None:
        super().__init__(detail)
        self.state = state
        self.detail = detail


class _Leave(Exception):
    """A link inside a mount: the container looks its target up by the container's own paths."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class HostFiles:
    """The files below `root`. With `complete`, what is not there does not exist; else only in a folder that is there."""

    def __init__(self, root: Path, *, complete: bool = False) -> None:
        self._root = Path(os.path.realpath(root))
        self._complete = complete

    def find(self, pod: ControlPlanePod, path: str) -> Found:
        """Where the file lies that the pod's container opens under an absolute path."""
        node_path = ""
        asked = path
        try:
            for _ in range(_MAX_LINKS):
                node_path, real_mount, rest = self._mounted(pod, path)
                try:
                    real = self._walk(real_mount, rest, inside=path)
                    break
                except _Leave as leave:
                    path = leave.target
            else:
                raise _Stop("unread", "links in a circle")
            mode = real.lstat().st_mode
        except _Stop as stop:
            return Found(HostFile(asked, stop.state, node_path, stop.detail))  # type: ignore[arg-type]
        except OSError as error:
            return Found(HostFile(asked, "unread", node_path, error.strerror or "cannot be read"))
        except ValueError:  # a NUL in the path
            return Found(HostFile(asked, "missing", node_path, "no such file"))
        if stat.S_ISDIR(mode):
            return Found(HostFile(asked, "read", node_path), real, folder=True)
        if not stat.S_ISREG(mode):
            return Found(HostFile(asked, "unread", node_path, "not a regular file"))
        return Found(HostFile(asked, "read", node_path), real)

    def read(self, found: Found) -> tuple[HostFile, bytes]:
        """The bytes of a file that was found; where it cannot be read, its state says so and there are none."""
        file = found.file
        if found.real is None or found.folder:
            return file, b""
        try:
            handle = os.open(found.real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as stream:
                data = stream.read(MAX_SIZE + 1)
        except OSError as error:
            return HostFile(file.path, "unread", file.host_path, error.strerror or "cannot be read"), b""
        if len(data) > MAX_SIZE:
            return HostFile(file.path, "unread", file.host_path, f"larger than {MAX_SIZE} bytes"), b""
        return file, data

    def node_file(self, path: str) -> bytes | None:
        """A file of the node by the node's own path, None where it is not there or cannot be read."""
        try:
            real = self._walk(self._root, _segments(path), inside=None)
            if not stat.S_ISREG(real.lstat().st_mode):
                return None
        except (_Stop, OSError, ValueError):
            return None
        _, data = self.read(Found(HostFile(path), real))
        return data or None

    def _mounted(self, pod: ControlPlanePod, path: str) -> tuple[str, Path, list[str]]:
        """The path on the node, the mount's source on this machine, and the segments below that."""
        mount = mount_of(pod, path)
        if mount is None:
            raise _Stop("unmounted", "it lies in no volume that is mounted into the container")
        if mount.host_path is None:
            raise _Stop("unread", "it lies in a volume that is not a path of the node")
        if "$(" in mount.sub_path or ".." in (*mount.host_path.split("/"), *mount.sub_path.split("/")):
            raise _Stop("unread", "the path of its volume cannot be told")
        rest = _segments(path)[len(_segments(absolute(mount.path))) :]
        source = absolute(f"{mount.host_path}/{mount.sub_path}")
        real = self._walk(self._root, _segments(source), inside=None, last=not rest)
        return absolute("/".join((source, *rest))), real, rest

    def _walk(self, start: Path, segments: list[str], *, inside: str | None, last: bool = True) -> Path:
        """Down from a real path, a link at a time. Links of the node start anew at the root, as they would there; with
        `inside` (the container path that is looked up) they are handed back, as the container resolves them itself."""
        at, left, links, escaped = start, list(segments), 0, False
        while left:
            name = left.pop(0)
            following = at / name
            try:
                mode = following.lstat().st_mode
            except (FileNotFoundError, NotADirectoryError):
                raise self._absent(escaped, given=at.is_dir() and (not left and last)) from None
            if not stat.S_ISLNK(mode):
                at = following
                continue
            links += 1
            if links > _MAX_LINKS:
                raise _Stop("unread", "links in a circle")
            target = os.readlink(following)
            leads_out = not below(str(self._root), os.path.realpath(following))
            if inside is not None:
                base = "/".join(_segments(inside)[: -1 - len(left)])
                resolved = absolute(target, f"/{base}")
                if leads_out and not self._holds(resolved):
                    raise _Stop("unread", _ESCAPED)
                raise _Leave(absolute("/".join((resolved, *left))))
            escaped = escaped or leads_out
            here = "/" + str(at)[len(str(self._root)) :].lstrip("/")
            at, left = self._root, [*_segments(absolute(target, here)), *left]
        return at

    def _absent(self, escaped: bool, *, given: bool) -> _Stop:
        if escaped:
            return _Stop("unread", _ESCAPED)
        if self._complete or given:
            return _Stop("missing", "no such file")
        return _Stop("unread", _NOT_GIVEN)

    def _holds(self, path: str) -> bool:
        return os.path.lexists(self._root / path.lstrip("/"))


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
