"""Reading objects of any shape: what is not of the expected type reads as empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in items(value) if isinstance(item, dict)]


def texts(value: Any) -> list[str]:
    return [item for item in items(value) if isinstance(item, str)]


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys too, however deep."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as found:
                yield found
            case dict() as found:
                waiting += [*found.keys(), *found.values()]
            case list() as found:
                waiting += found


def condition(status: dict[str, Any], kind: str) -> str:
    """`True`, `False` or `Unknown` of a condition in a status, empty where it is not there."""
    return next((text(c.get("status")) for c in mappings(status.get("conditions")) if c.get("type") == kind), "")
