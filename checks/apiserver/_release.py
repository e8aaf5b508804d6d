"""Which release of Kubernetes a version or an image's tag names."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RELEASE = re.compile(r"(?<![0-9.])v?([0-9]+)\.([0-9]+)(?:\.([0-9]+))?(?![0-9])", re.ASCII)


def release(text: str) -> tuple[int, ...] | None:
    """The numbers of vX.Y.Z or X.Y, whatever a vendor wrote around them (`v1.32.4+k3s1`, `v1.32.4-gke.1`), or None."""
    found = _RELEASE.search(text)
    return tuple(int(number) for number in found.groups() if number) if found else None


def same(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether they agree as far as both tell."""
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))


def only(releases: Iterable[tuple[int, ...] | None]) -> tuple[int, ...] | None:
    """The release that all have that name any, where that is one."""
    found = {known for known in releases if known}
    return found.pop() if len(found) == 1 else None
