"""The evidence of a finding in a few words, for a person who has to judge it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.report import Finding

_SHOWN = 12


def in_words(finding: Finding) -> Iterator[str]:
    """`registries: docker.io 10, quay.io 4`: what is flat and neither a mere number nor in the message already."""
    for key, value in finding.evidence.items():
        items = list(_items(value))
        if key == "images" or all(item in finding.message for item in items):
            continue
        more = len(items) - _SHOWN
        yield f"{key}: " + ", ".join([*items[:_SHOWN], *([f"and {more:,} more"] if more > 0 else [])])


def _items(value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            yield from (f"{key} {_scalar(item)}" for key, item in value.items() if _scalar(item))
        case list() | tuple():
            yield from filter(None, map(_scalar, value))
        case str() | bool():
            yield _scalar(value)


def _scalar(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
    return ""
