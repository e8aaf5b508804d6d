"""Names of resources for a person: those of admission control are many, and told by their number."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.wire import ADMISSION, FOUND

ADMISSION_NAMES = frozenset(resource.name for resource in (*ADMISSION, *FOUND))
_FEW = 3


def named(resources: Iterable[str]) -> list[str]:
    """The names in order; more than a few of admission control as one entry at the end. JSON reports have them all."""
    names = list(dict.fromkeys(resources))
    many = [name for name in names if name in ADMISSION_NAMES]
    if len(many) <= _FEW:
        return names
    return [*(name for name in names if name not in ADMISSION_NAMES), f"{len(many)} kinds of admission control"]
