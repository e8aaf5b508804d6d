"""What the API answers a list with: a page of it, or an error."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import field

from auditor.wire.fields import Wire

T = TypeVar("T")


class ListMeta(Wire):
    continue_: str | None = field(default=None, name="continue")
    resource_version: str | None = None
    remaining_item_count: int | None = None


class Page(Wire, Generic[T]):
    """One page of a list. `kind` is `…List`; items of built-in kinds carry neither kind nor apiVersion."""

    kind: str | None = None
    metadata: ListMeta | None = None
    items: list[T] | None = None


class Status(Wire):
    """The API's error object; a body may be plain text instead."""

    kind: str | None = None
    message: str | None = None
    reason: str | None = None
    code: int | None = None
    metadata: ListMeta | None = None
