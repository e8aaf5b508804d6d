"""JSON into the declared objects."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from auditor.wire.lists import Page

T = TypeVar("T")

_BUILDING = threading.RLock()

_decoders: dict[Any, Any] = {}


def decoder(kind: Any) -> Any:
    """The decoder of a type, made once. Lists are read in threads, and msgspec hands a Struct out to others before it
    has filled in what it knows of its fields: one decoder is made at a time."""
    found = _decoders.get(kind)
    if found is None:
        with _BUILDING:
            found = _decoders.setdefault(kind, msgspec.json.Decoder(kind))
    return found


def decode_page(kind: type[T], body: bytes) -> Page[T]:
    """One page of a JSON list; raises msgspec.MsgspecError where it is not one."""
    return decoder(Page[kind]).decode(body)  # type: ignore[valid-type, no-any-return]


def decode_object(kind: type[T], body: bytes | Raw) -> T:
    """One object from its JSON; raises msgspec.ValidationError with the path of the field that does not fit."""
    return decoder(kind).decode(body)  # type: ignore[no-any-return]
