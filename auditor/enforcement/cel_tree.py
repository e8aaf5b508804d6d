"""What a CEL expression names: read off its checked tree, as the runtime serialises it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

# Field numbers of cel.expr (github.com/google/cel-spec, proto/cel/expr/syntax.proto and checked.proto).
_ANY_VALUE = 2
_CHECKED_EXPR = 4
_CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = 3, 4, 5, 6, 7, 8, 9
_CONST_STRING = 6
_LENGTH_DELIMITED = 2
_DYN = -1
_UNTYPED = ("object", "oldObject", "params")

Message = dict[int, list[bytes]]


class Tree(Struct, frozen=True):
    """`paths` are the whole chains of fields from a name, such as ("object", "spec", "containers"), constant
    indices included. `fields` are all field names, `literals` all string constants, `functions` all functions called,
    `patterns` the constant regular expressions, `mixed` whether a list literal holds constants of two kinds, or beside
    a field of an object, which has no type."""

    paths: frozenset[tuple[str, ...]] = frozenset()
    fields: frozenset[str] = frozenset()
    literals: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    mixed: bool = False

    def names(self, root: str) -> bool:
        return any(path[0] == root for path in self.paths)


_REGEX = {"matches", "find", "findAll"}


class _Reader:
    def __init__(self) -> None:
        self.paths: set[tuple[str, ...]] = set()
        self.fields: set[str] = set()
        self.literals: set[str] = set()
        self.functions: set[str] = set()
        self.patterns: set[str] = set()
        self.mixed = False

    def visit(self, data: bytes) -> None:
        """Walks with its own stack: an expression may be nested deeper than Python recurses."""
        pending = [data]
        while pending:
            pending += self._visit(pending.pop())

    def _visit(self, data: bytes) -> Iterator[bytes]:
        node = message(data)
        chain = _chain(node)
        if chain:
            self.paths.add(chain)
            self.fields.update(chain[1:])
            return
        for part in node.get(_CONST, ()):
            self.literals.update(map(_text, message(part).get(_CONST_STRING, ())))
        for part in node.get(_SELECT, ()):
            select = message(part)
            self.fields.update(map(_text, select.get(2, ())))
            yield from select.get(1, ())
        for part in node.get(_CALL, ()):
            yield from self._call(message(part))
        for part in node.get(_LIST, ()):
            elements = message(part).get(1, [])
            self.mixed |= len({kind for kind in map(_kind, elements) if kind}) > 1
            yield from elements
        for part in node.get(_STRUCT, ()):
            for entry in message(part).get(2, ()):
                fields = message(entry)
                yield from (*fields.get(3, ()), *fields.get(4, ()))
        for part in node.get(_COMPREHENSION, ()):
            fields = message(part)
            for number in (2, 4, 5, 6, 7):
                yield from fields.get(number, ())

    def _call(self, call: Message) -> Iterator[bytes]:
        name = _text(call.get(2, [b""])[0])
        arguments = call.get(3, [])
        self.functions.add(name)
        if name in _REGEX and arguments:
            self.patterns.update(filter(None, [_string(arguments[-1 if name == "matches" else 0])]))
        if name in ("_[_]", "_[?_]", "_?._") and len(arguments) == 2:
            self.fields.update(filter(None, [_string(arguments[1])]))
        yield from (*call.get(1, ()), *arguments)


def read(serialized: bytes) -> Tree:
    """The tree of a serialised checked expression (google.protobuf.Any of cel.expr.CheckedExpr)."""
    reader = _Reader()
    for checked in message(serialized).get(_ANY_VALUE, ()):
        for expression in message(checked).get(_CHECKED_EXPR, ()):
            reader.visit(expression)
    return Tree(
        frozenset(reader.paths),
        frozenset(reader.fields),
        frozenset(reader.literals),
        frozenset(reader.functions),
        frozenset(reader.patterns),
        reader.mixed,
    )


def message(data: bytes) -> Message:
    """The length-delimited fields of a protobuf message, by number; numbers and floats are passed over."""
    fields: Message = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _LENGTH_DELIMITED:
            size, at = _varint(data, at)
            fields.setdefault(key >> 3, []).append(data[at : at + size])
            at += size
        elif kind == 0:
            _, at = _varint(data, at)
        else:
            at += 8 if kind == 1 else 4
    return fields


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    return value, at


def _chain(node: Message) -> tuple[str, ...]:
    """The chain of fields that a node is, from its name on; empty where it is something else."""
    fields: list[str] = []
    while True:
        if _IDENT in node:
            return (_text(message(node[_IDENT][0]).get(1, [b""])[0]), *reversed(fields))
        if _SELECT in node:
            select = message(node[_SELECT][0])
            fields += map(_text, select.get(2, ()))
            operand = select.get(1, ())
        elif _CALL in node:
            call = message(node[_CALL][0])
            operand, index = _indexed(call)
            if index is None:
                return ()
            fields.append(index)
        else:
            return ()
        if not operand:
            return ()
        node = message(operand[0])


def _indexed(call: Message) -> tuple[list[bytes], str | None]:
    arguments = call.get(3, [])
    if _text(call.get(2, [b""])[0]) not in ("_[_]", "_[?_]", "_?._") or len(arguments) != 2:
        return [], None
    return arguments[:1], _string(arguments[1])


def _string(data: bytes) -> str | None:
    constant = message(data).get(_CONST)
    texts = message(constant[0]).get(_CONST_STRING) if constant else None
    return _text(texts[0]) if texts else None


def _kind(data: bytes) -> int:
    """Which kind of constant a node is: the number of the only field of its message; _DYN for a field of an object,
    0 for all else."""
    node = message(data)
    constant = node.get(_CONST)
    if constant:
        return constant[0][0] >> 3 if constant[0] else 0
    chain = _chain(node)
    return _DYN if len(chain) > 1 and chain[0] in _UNTYPED else 0


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
