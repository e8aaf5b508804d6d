"""A condition of Falco as a tree of comparisons and macros."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class Field(Struct, frozen=True):
    """A field with its argument in brackets; `changed`: a transformer makes something else of it."""

    name: str
    argument: str = ""
    changed: bool = False


class Comparison(Struct, frozen=True):
    """A comparison. A value that was not `quoted` may be the name of a list; `others` are further fields in it, of a
    transformer or on its right side. `single`: it has one value, not in parentheses."""

    field: Field
    operator: str
    values: tuple[str, ...] = ()
    others: tuple[Field, ...] = ()
    quoted: frozenset[str] = frozenset()
    single: bool = False


class Macro(Struct, frozen=True):
    """The name of a macro, where a comparison could stand."""

    name: str


class Not(Struct, frozen=True):
    part: Node


class All(Struct, frozen=True):
    parts: tuple[Node, ...]


class AnyOf(Struct, frozen=True):
    parts: tuple[Node, ...]


Node = Comparison | Macro | Not | All | AnyOf


def nodes(tree: Node) -> Iterator[Node]:
    """Every part of a tree, in order."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Not):
            waiting.append(node.part)
        elif isinstance(node, All | AnyOf):
            waiting += node.parts[::-1]
