"""Protobuf answers of the API server into the declared objects, as `decoding` does it for JSON.

Imported where such an answer has come: the protobuf package takes its time to load.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError

from auditor.wire import messages
from auditor.wire.envelope import fields, unwrapped
from auditor.wire.lists import ListMeta, Page, Status
from auditor.wire.resources import PROTOBUF

T = TypeVar("T")

QUICK = api_implementation.Type() == "upb"
"""Whether the protobuf package is the one in C."""

_METADATA, _ITEMS = 1, 2
_LISTS = {(resource.api_version, f"{resource.kind}List"): resource for resource in PROTOBUF}


def decode_page(kind: type[T], body: bytes) -> Page[T]:
    """One page of a list of a kind; raises msgspec.MsgspecError where it is not one, or not all of one."""
    envelope = unwrapped(body)
    resource = _LISTS.get((envelope.api_version, envelope.kind))
    if resource is None or resource.type is not kind:
        raise msgspec.ValidationError(f"not a list of {kind.__name__}")
    read = messages.readers()[resource.kind]
    try:
        items = [read(part) for number, part in fields(envelope.raw) if number == _ITEMS]
    except DecodeError:
        raise msgspec.DecodeError("an object is damaged") from None
    return Page(envelope.kind, _list_meta(envelope.raw), items)


def decode_head(body: bytes) -> tuple[str, ListMeta | None, bool]:
    """Of any list: its kind, what it says of itself, and whether it is empty."""
    envelope = unwrapped(body)
    empty = all(number != _ITEMS for number, _ in fields(envelope.raw))
    return envelope.kind, _list_meta(envelope.raw), empty


def decode_status(body: bytes) -> Status:
    """The API's error object; raises msgspec.MsgspecError where it is something else."""
    envelope = unwrapped(body)
    if envelope.kind != "Status":
        raise msgspec.ValidationError("not a Status")
    status: Status = _read("Status", envelope.raw)
    status.kind = envelope.kind
    return status


def _list_meta(page: memoryview) -> ListMeta | None:
    """Go writes it first, so that this does not go through the items."""
    return next((_read("ListMeta", part) for number, part in fields(page) if number == _METADATA), None)


def _read(kind: str, part: bytes | memoryview) -> Any:
    try:
        return messages.readers()[kind](part)
    except DecodeError:
        raise msgspec.DecodeError("damaged") from None
