"""What every part of the Snapshot is."""

from __future__ import annotations

from msgspec import Struct


class Value(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of the Snapshot."""
