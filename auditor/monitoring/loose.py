"""Parts of a document of which any type may stand anywhere: what is not of the type that is meant counts as empty."""

from __future__ import annotations

from typing import Any


def text(value: Any) -> str:
    """A scalar as YAML would write it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
