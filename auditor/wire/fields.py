"""What every declaration of a Kubernetes object rests on: one field, its name in JSON and its number in protobuf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct

NOTHING = Raw()

if TYPE_CHECKING:
    Undecoded = Raw | Sequence[bytes]
else:  # of protobuf, msgspec knows nothing
    Undecoded = Raw
"""A field's text, or of a repeated one each entry's bytes: they stay in the page's buffer and go with it."""


class Wire(Struct, rename="camel", gc=False):
    """A part of an API object. Its fields carry their JSON name by msgspec's rules and a `Number` in `Annotated`; those
    without a number are read by JSON alone."""


class Number:
    """The number of a field in the published message (the group's generated.proto).

    Several lead inwards through messages that JSON does not show, since Go embeds them. By name: the number in the
    message of each kind, where several kinds are read into one Struct; kinds that are not named lack the field.
    """

    def __init__(self, *path: int, **of_kinds: int) -> None:
        self._path = path
        self.of_kinds = of_kinds

    def path(self, kind: str) -> tuple[int, ...]:
        """The numbers that lead to the field in the message of a kind; none where that has no such field."""
        return (self.of_kinds[kind],) if kind in self.of_kinds else self._path


class Time(Number):
    """Of a message of seconds and nanoseconds (meta/v1 Time), which JSON shows as text."""


class Base64(Number):
    """Of a map whose values are bytes, which JSON shows as base64."""


class OfPod(Number):
    """Of a list in a pod's spec whose entries are those of other pods, but for the name of the pod's token volume."""


class Sparse(Number):
    """Of a list of which hardly any entry holds what is declared: all others may be left out. `mark` is a pattern of
    bytes without which none does, given that the API server writes fields in the order of their numbers."""

    def __init__(self, number: int, mark: bytes) -> None:
        super().__init__(number)
        self.mark = mark


class EncodedJson(Number):
    """Of bytes that hold the JSON of the field's type (meta/v1 FieldsV1)."""


def present(raw: Raw) -> bool:
    """Whether a field that is not decoded was there and not null."""
    return bytes(raw) not in (b"", b"null")


def holds(field: Undecoded, *parts: bytes) -> bool:
    """Whether one of some texts is somewhere in a field that is not decoded. A cheap test before decoding it."""
    if field is NOTHING or not field:
        return False
    text = bytes(field) if isinstance(field, Raw) else b"\n".join(field)
    return any(part in text for part in parts)


def words(field: Undecoded) -> list[str]:
    """A list of strings that was left undecoded; raises msgspec.MsgspecError where it is something else."""
    if not isinstance(field, Raw):
        return [str(word, "utf-8", "replace") for word in field]
    return msgspec.json.decode(field, type=list[str]) if present(field) else []
