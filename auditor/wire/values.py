"""Values of protobuf as JSON shows them, and parts of a page that repeat."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeVar

import msgspec

from auditor.wire.envelope import fields

T = TypeVar("T")

_NEIGHBOURS = 128


class Seen(dict[bytes, T]):
    """What the parts of one page were decoded to. Most parts of pods repeat those of their neighbours, and equal bytes
    need to be decoded only once. It goes with its page: what is not declared may be among the bytes."""

    def __init__(self, decode: Callable[[bytes], T]) -> None:
        self._decode = decode

    def __missing__(self, part: bytes) -> T:
        if len(self) >= _NEIGHBOURS:
            self.clear()
        decoded = self[part] = self._decode(part)
        return decoded


# A pod's token comes from a volume that the API server names anew for each pod, with five letters at its end
# (k8s.io/kubernetes plugin/pkg/admission/serviceaccount). In its place stands a name that no volume can have.
_NAMED = b"\x0a\x15"  # field 1, a text of 21 bytes
_READ_ONLY = b"\x10\x01\x1a"  # of a mount: what follows its name
_TOKEN_VOLUME = _NAMED + b"kube-api-access-"
_ANY_TOKEN_VOLUME = b"kube-api-access-\x01\x01\x01\x01\x01"


def token_volume(volumes: Iterable[bytes]) -> bytes:
    """Its name; empty where there is none, or several could be it."""
    names = [volume[2:23] for volume in volumes if volume.startswith(_TOKEN_VOLUME)]
    return names[0] if len(names) == 1 else b""


def of_pod(parts: Iterable[bytes], token: bytes, seen: Seen[T]) -> list[T]:
    """The entries of a list in a pod's spec, decoded; those that differ only in the token volume's name, once."""
    return [seen[_alike(part, token) if token and token in part else part] for part in parts]


def _alike(part: bytes, name: bytes) -> bytes:
    """With that name for any such; unchanged where it stands elsewhere than as the name of a volume or its mount."""
    pieces = part.split(name)
    for before, after in pairwise(pieces):
        if not (before.endswith(_NAMED) and (after.startswith(_READ_ONLY) or before == _NAMED)):
            return part
    return _ANY_TOKEN_VOLUME.join(pieces)


def sparse(message: bytes | memoryview, number: int, mark: re.Pattern[bytes], seen: Seen[T]) -> list[T]:
    """The entries of a message's list, decoded; none where the mark is not found in the message's bytes."""
    if not mark.search(message):
        return []
    return [seen[bytes(part)] for found, part in fields(memoryview(message)) if found == number]


def time(seconds: int) -> str | None:
    """RFC 3339, to the second and in UTC; None for the zero time (apimachinery pkg/apis/meta/v1 time_proto.go)."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}Z" if seconds else None
    except (OverflowError, ValueError, OSError):
        raise msgspec.ValidationError("a time out of range") from None


def base64(value: bytes) -> str:
    return b64encode(value).decode()
