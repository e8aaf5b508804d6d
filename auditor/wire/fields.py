"""What every declaration of a Kubernetes object rests on."""

from __future__ import annotations

from msgspec import Raw, Struct

NOTHING = Raw()


def present(raw: Raw) -> bool:
    """Whether a field that is not decoded was there and not null."""
    return bytes(raw) not in (b"", b"null")


class Wire(Struct, rename="camel", gc=False):
    """A part of an API object."""
