"""From a path in a container to the volume that it lies in."""

from __future__ import annotations

from auditor.model import ControlPlanePod, Mount


def absolute(path: str, working_dir: str = "") -> str:
    """The path that a process with this working directory opens: `/` if none is set, `.` and `..` resolved."""
    segments: list[str] = []
    for segment in (path if path.startswith("/") else f"{working_dir}/{path}").split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments)


def mount_of(pod: ControlPlanePod, path: str) -> Mount | None:
    """The mount that an absolute path lies in, or that is the very file: the longest one, at segment boundaries."""
    inside = [mount for mount in pod.mounts if below(absolute(mount.path), path)]
    return max(inside, key=lambda mount: len(absolute(mount.path)), default=None)


def below(base: str, path: str) -> bool:
    """Whether an absolute path is the base or lies under it."""
    return path == base or path.startswith(base.rstrip("/") + "/")


def folder(path: str) -> str:
    """The directory that an absolute path's file lies in."""
    return path.rpartition("/")[0] or "/"
