"""Opens what a container opens, below a root that holds a node's files: through its mounts, and never outside."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from auditor.host.mounted import mounted_below
from auditor.hostfacts import FileState, HostFile
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

    def __init__(self, state: FileState, detail: str) -> None:
        super().__init__(detail)
        self.state = state
        self.detail = detail


class _Leave(Exception):
    """A link inside a mount: the container looks its target up by the container's own paths."""

    def __init__(self, target: str, *, out: bool) -> None:
        super().__init__(target)
        self.target = target
        self.out = out


class HostFiles:
    """The files below `root`. What is not there does not exist if its folder is there, or if all is `complete`.

    Where parts of a node are mounted below the root (`mounts`, found out if it is None), the folders above them are
    there for their sake alone, and prove nothing.
    """

    def __init__(self, root: Path, *, complete: bool = False, mounts: Sequence[str] | None = None) -> None:
        self._root = Path(os.path.realpath(root))
        self._complete = complete
        self._mounts = mounted_below(self._root) if mounts is None else mounts

    def find(self, pod: ControlPlanePod, path: str) -> Found:
        """Where the file lies that the pod's container opens under an absolute path."""
        node_path = ""
        asked, escaped = path, False
        try:
            for _ in range(_MAX_LINKS):
                node_path, mount, rest = self._mounted(pod, path)
                try:
                    real = self._walk(self._walk(self._root, mount, last=not rest), rest, inside=path)
                    break
                except _Leave as leave:
                    path, escaped = leave.target, escaped or leave.out
            else:
                raise _Stop("unread", "links in a circle")
            mode = real.lstat().st_mode
        except _Stop as stop:
            if escaped:  # what such a link leads to on the node was not given
                return Found(HostFile(asked, "unread", node_path, _ESCAPED))
            return Found(HostFile(asked, stop.state, node_path, stop.detail))
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
            real = self._walk(self._root, _segments(path))
            if not stat.S_ISREG(real.lstat().st_mode):
                return None
        except (_Stop, OSError, ValueError):
            return None
        _, data = self.read(Found(HostFile(path), real))
        return data or None

    def _mounted(self, pod: ControlPlanePod, path: str) -> tuple[str, list[str], list[str]]:
        """The path on the node; the segments of the mount's source there, and those below it."""
        mount = mount_of(pod, path)
        if mount is None:
            raise _Stop("unmounted", "it lies in no volume that is mounted into the container")
        if mount.host_path is None:
            raise _Stop("unread", "it lies in a volume that is not a path of the node")
        if "$(" in mount.sub_path or ".." in (*mount.host_path.split("/"), *mount.sub_path.split("/")):
            raise _Stop("unread", "the path of its volume cannot be told")
        source = _segments(absolute(f"{mount.host_path}/{mount.sub_path}"))
        rest = _segments(path)[len(_segments(absolute(mount.path))) :]
        return "/" + "/".join((*source, *rest)), source, rest

    def _walk(self, start: Path, segments: list[str], *, inside: str | None = None, last: bool = True) -> Path:
        """Down from a real path. Links of the node start anew at the root, as they would there; with `inside` (the
        container's path that is looked up) they are handed back, as the container resolves them by its own paths."""
        at, left, links, escaped = start, list(segments), 0, False
        while left:
            following = at / left.pop(0)
            try:
                mode = following.lstat().st_mode
            except NotADirectoryError:
                raise _Stop("missing", "no such file") from None
            except FileNotFoundError:
                if escaped:
                    raise _Stop("unread", _ESCAPED) from None
                if self._complete or (last and not left and self._given(at)):
                    raise _Stop("missing", "no such file") from None
                raise _Stop("unread", _NOT_GIVEN) from None
            if not stat.S_ISLNK(mode):
                at = following
                continue
            target = str(following.readlink())
            out = not below(str(self._root), os.path.realpath(following))
            if inside is not None:
                base = "/" + "/".join(_segments(inside)[: -1 - len(left)])
                raise _Leave("/".join((absolute(target, base), *left)), out=out)
            links, escaped = links + 1, escaped or out
            if links > _MAX_LINKS:
                raise _Stop("unread", "links in a circle")
            here = str(at)[len(str(self._root)) :]
            at, left = self._root, [*_segments(absolute(target, here)), *left]
        return at

    def _given(self, folder: Path) -> bool:
        """Whether a folder that is there holds all that the node has in it."""
        return not self._mounts or any(below(mount, str(folder)) for mount in self._mounts)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
