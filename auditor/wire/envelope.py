"""Protobuf on the surface: the API server's envelope, and a message's length-delimited fields as slices of its buffer.

The form is apimachinery's (pkg/runtime/serializer/protobuf, runtime.Unknown): four bytes, then a message that says what
the object in it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

MAGIC = b"k8s\x00"
_TYPE_META, _RAW, _CONTENT_ENCODING = 1, 2, 3
_API_VERSION, _KIND = 1, 2


class Envelope(Struct, frozen=True):
    """What an answer holds, and the object's own bytes, not copied."""

    api_version: str
    kind: str
    raw: memoryview


def unwrapped(body: bytes) -> Envelope:
    """Raises msgspec.DecodeError where the body is not all of such an answer."""
    if not body.startswith(MAGIC):
        raise msgspec.DecodeError("not the API server's protobuf")
    parts = dict(fields(memoryview(body)[len(MAGIC) :]))
    if _RAW not in parts:
        raise msgspec.DecodeError("ended early")
    if parts.get(_CONTENT_ENCODING):
        raise msgspec.DecodeError("in an encoding of its own")
    said = dict(fields(parts.get(_TYPE_META, _NONE)))
    return Envelope(text(said.get(_API_VERSION, _NONE)), text(said.get(_KIND, _NONE)), parts[_RAW])


def is_whole(body: bytes) -> bool:
    """Whether the body is such an answer from its first byte to its last."""
    try:
        unwrapped(body)
    except msgspec.DecodeError:
        return False
    return True


def fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The length-delimited fields of a message, in order, with their numbers; DecodeError where it ends within one."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        match key & 7:
            case 2:
                size, at = _varint(message, at)
                if at + size > end:
                    raise msgspec.DecodeError("ended early")
                yield key >> 3, message[at : at + size]
                at += size
            case 0:
                _, at = _varint(message, at)
            case 1:
                at += 8
            case 5:
                at += 4
            case _:
                raise msgspec.DecodeError("no such wire type")
    if at > end:
        raise msgspec.DecodeError("ended early")


def text(value: memoryview) -> str:
    return str(value, "utf-8", "replace")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for length, byte in enumerate(message[at : at + 10]):
        value |= (byte & 127) << 7 * length
        if byte < 128:
            return value, at + length + 1
    raise msgspec.DecodeError("ended early")


_NONE = memoryview(b"")
