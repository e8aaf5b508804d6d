"""The parts of a Rego module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct


class RegoError(Exception):
    """The compiler refuses the module: no violation ever comes of it. The message names what it refuses."""


class Unsupported(Exception):
    """Something that is not read here. What the module would say is not known."""


class Const(Struct, frozen=True):
    value: Any


class Var(Struct, frozen=True):
    """A variable, or a name that may be a rule's or an import's. Each `_` has a name of its own that starts with $."""

    name: str


class Ref(Struct, frozen=True):
    """`head.a[b]`: a value and the keys below it; a variable that has no value yet goes through all of them."""

    head: Term
    path: tuple[Term, ...]


class Call(Struct, frozen=True):
    """A function by its dotted name; operators are called by their sign."""

    name: str
    args: tuple[Term, ...]


class ArrayTerm(Struct, frozen=True):
    items: tuple[Term, ...]


class SetTerm(Struct, frozen=True):
    items: tuple[Term, ...]


class ObjectTerm(Struct, frozen=True):
    pairs: tuple[tuple[Term, Term], ...]


class Comprehension(Struct, frozen=True):
    """`[head | body]`, `{head | body}` or `{key: head | body}`."""

    kind: Literal["array", "set", "object"]
    head: Term
    body: Body
    key: Term | None = None


Term = Const | Var | Ref | Call | ArrayTerm | SetTerm | ObjectTerm | Comprehension


class Test(Struct, frozen=True):
    """Holds for every value of the term that is not false."""

    term: Term


class Assign(Struct, frozen=True):
    """`target := term`."""

    target: Term
    term: Term


class Unify(Struct, frozen=True):
    """`left = right`."""

    left: Term
    right: Term


class Not(Struct, frozen=True):
    literal: Statement


class Some(Struct, frozen=True):
    """`some x, y`: names that are local."""

    names: tuple[str, ...]


class Member(Struct, frozen=True):
    """`some key, value in term`."""

    key: Term | None
    value: Term
    term: Term


class Every(Struct, frozen=True):
    """`every key, value in term { body }`."""

    key: str
    value: str
    term: Term
    body: Body


Statement = Test | Assign | Unify | Not | Some | Member | Every
Body = tuple[Statement, ...]


class Definition(Struct, frozen=True):
    """One definition of a rule; `args` is None where it is no function. `otherwise` is its else."""

    name: str
    kind: Literal["complete", "function", "set", "object"]
    body: Body = ()
    args: tuple[Term, ...] = ()
    key: Term | None = None
    value: Term = Const(True)
    default: bool = False
    otherwise: Definition | None = None


class Module(Struct, frozen=True):
    """A file: its package below data, what it imports (by alias), and its rules by name."""

    package: tuple[str, ...]
    imports: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, tuple[Definition, ...]]
