"""Which folders below a root were mounted there, and which are only what the mounts below them stand on."""

from __future__ import annotations

import re
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
_POINT = 4
_ESCAPE = re.compile(rb"\\([0-7]{3})")


def mounted_below(root: Path, table: bytes | None = None) -> tuple[str, ...]:
    """The mount points at and below a real path, as Linux lists them for this process (proc(5), mountinfo).

    None of them where nothing is mounted there, or where the system has no such list.
    """
    try:
        lines = (_TABLE.read_bytes() if table is None else table).splitlines()
    except OSError:
        return ()
    fields = (line.split(b" ") for line in lines)
    points = (
        _ESCAPE.sub(_octal, each[_POINT]).decode(errors="surrogateescape") for each in fields if len(each) > _POINT
    )
    own = str(root)
    return tuple(point for point in points if point == own or point.startswith(own.rstrip("/") + "/"))


def _octal(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)])
