"""What the API answers a list with: a page of it, or an error. Numbers: apimachinery's meta/v1/generated.proto."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from msgspec import field

from auditor.wire.fields import Number, Wire

T = TypeVar("T")


class ListMeta(Wire):
    continue_: Annotated[str | None, Number(3)] = field(default=None, name="continue")
    resource_version: Annotated[str | None, Number(2)] = None
    remaining_item_count: Annotated[int | None, Number(4)] = None


class Page(Wire, Generic[T]):
    """One page of a list. `kind` is `…List`; items of built-in kinds carry neither kind nor apiVersion."""

    kind: str | None = None
    metadata: Annotated[ListMeta | None, Number(1)] = None
    items: Annotated[list[T] | None, Number(2)] = None


class Status(Wire):
    """The API's error object; a body may be plain text instead."""

    kind: str | None = None
    message: Annotated[str | None, Number(3)] = None
    reason: Annotated[str | None, Number(4)] = None
    code: Annotated[int | None, Number(6)] = None
    metadata: Annotated[ListMeta | None, Number(1)] = None
