"""YAML nodes → declared Structs, strictly, with the path and the line of everything that is wrong."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, NamedTuple

import msgspec.inspect as mi
import yaml

from auditor.image import Entry, MalformedReference, parse_entry
from auditor.policy import did_you_mean

_TAG = "tag:yaml.org,2002:"
_STR = _TAG + "str"
_NAMES = {
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing (null)",
    "timestamp": "a date",
    "seq": "a list",
    "map": "a mapping",
}
_BARE_KEY = re.compile(r"[A-Za-z0-9_*?/-]{1,100}", re.ASCII)
# YAML 1.1 also reads 010 as eight and 1:30 as ninety, which nobody means.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,8})", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# Aliases let a small file hold very many values, and each problem costs a search for what was meant.
_MAX_VALUES = 200_000
_MAX_PROBLEMS = 100


class Problem(NamedTuple):
    """`path` is as in `waivers[0].expires`, empty for the whole file; lines count from 1."""

    line: int
    path: str
    text: str


class _Wrong:
    """Stands for a value that could not be read, which a problem tells."""


_WRONG = _Wrong()


class _Enough(Exception):
    """Reading on would cost too much."""


def decode(node: yaml.Node, kind: mi.StructType) -> tuple[dict[str, Any], list[Problem]]:
    """The Struct's arguments as the mapping gives them, and what is wrong with it: the first hundred problems."""
    decoder = _Decoder()
    try:
        return decoder.fields(node, kind), decoder.problems
    except _Enough:
        return {}, decoder.problems


class _Decoder:
    """Reads nodes by the declarations of msgspec Structs and gathers the problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._values = 0

    def fields(self, node: yaml.Node, kind: mi.StructType, path: str = "") -> dict[str, Any]:
        declared = {field.encode_name: field for field in kind.fields}
        given: dict[str, Any] = {}
        seen: set[str] = set()
        for key_node, key, value in self._items(node, path):
            seen.add(key)
            if (field := declared.get(key)) is None:
                self._tell(key_node, _join(path, key), f"unknown key{did_you_mean(key, declared)}")
            elif (read := self._read(value, field.type, _join(path, key))) is not _WRONG:
                given[field.name] = read
        if isinstance(node, yaml.MappingNode):
            for name, field in declared.items():
                if field.required and name not in seen:
                    self._tell(node, _join(path, name), "is required")
        return given

    def _read(self, node: yaml.Node, kind: mi.Type, path: str, rule: str = "") -> Any:
        self._values += 1
        if self._values > _MAX_VALUES:
            self._tell(node, path, "too many values")
            raise _Enough
        match kind:
            case mi.Metadata():
                return self._read(node, kind.type, path, (kind.extra or {}).get("rule", rule))
            case mi.UnionType():
                return self._optional(node, kind, path, rule)
            case mi.StructType(cls=cls) if cls is Entry:
                return self._entry(node, path)
            case mi.StructType():
                return self._struct(node, kind, path)
            case mi.DictType():
                return self._dict(node, kind, path)
            case mi.VarTupleType():
                return self._list(node, kind, path)
            case mi.StrType():
                return self._string(node, kind, path, rule)
            case mi.IntType():
                return self._integer(node, kind, path)
            case mi.BoolType():
                if _tag(node) != "bool":
                    return self._tell(node, path, f"must be true or false, not {_name(node)}")
                return node.value.lower() in ("true", "yes", "on")
            case mi.DateType():
                return self._date(node, path)
            case mi.EnumType(cls=choices):
                return self._choice(node, {str(choice.value): choice for choice in choices}, path)
            case mi.LiteralType(values=values):
                known = {str(value): value for value in values}
                right = _tag(node) == "int" and node.value in known
                return known[node.value] if right else self._tell(node, path, rule)
        raise TypeError(f"policy files cannot hold {kind!r}")

    def _optional(self, node: yaml.Node, kind: mi.UnionType, path: str, rule: str) -> Any:
        (inner,) = (one for one in kind.types if not isinstance(one, mi.NoneType))
        # A list's key with nothing after it may mean that there is no list or that it is empty: it must say which.
        if _tag(node) == "null" and not isinstance(inner, mi.VarTupleType):
            return None
        return self._read(node, inner, path, rule)

    def _struct(self, node: yaml.Node, kind: mi.StructType, path: str) -> Any:
        before = len(self.problems)
        given = self.fields(node, kind, path)
        if len(self.problems) > before:
            return _WRONG
        try:
            return kind.cls(**given)
        except ValueError as error:
            return self._tell(node, path, str(error))

    def _dict(self, node: yaml.Node, kind: mi.DictType, path: str) -> Any:
        read: dict[str, Any] = {}
        for key_node, key, value_node in self._items(node, path):
            where = _join(path, key)
            name = self._read(key_node, kind.key_type, where)
            value = self._read(value_node, kind.value_type, where)
            if name is not _WRONG and value is not _WRONG:
                read[name] = value
        return read if isinstance(node, yaml.MappingNode) else _WRONG

    def _list(self, node: yaml.Node, kind: mi.VarTupleType, path: str) -> Any:
        if not isinstance(node, yaml.SequenceNode) or _tag(node) != "seq":
            hint = "; write [] for an empty list, or leave the key out" if _tag(node) == "null" else ""
            return self._tell(node, path, f"must be a list, not {_name(node)}{hint}")
        if kind.min_length and len(node.value) < kind.min_length:
            return self._tell(node, path, "must not be empty")
        read = [self._read(item, kind.item_type, f"{path}[{index}]") for index, item in enumerate(node.value)]
        return tuple(value for value in read if value is not _WRONG)

    def _entry(self, node: yaml.Node, path: str) -> Any:
        text = self._string(node, mi.StrType(), path, "")
        if isinstance(text, _Wrong):
            return text
        try:
            return parse_entry(text)
        except MalformedReference as error:
            return self._tell(node, path, f"not a registry, or registry and path: {error}")

    def _string(self, node: yaml.Node, kind: mi.StrType, path: str, rule: str) -> str | _Wrong:
        if _tag(node) != "str":
            quote = "; put it in quotes" if _tag(node) in ("int", "float", "bool", "timestamp") else ""
            return self._tell(node, path, f"must be a string, not {_name(node)}{quote}")
        if kind.pattern is not None and not re.search(kind.pattern, node.value):
            return self._tell(node, path, rule)
        return str(node.value)

    def _integer(self, node: yaml.Node, kind: mi.IntType, path: str) -> int | _Wrong:
        whole = f"must be a whole number from {kind.ge} to {kind.le}"
        if _tag(node) != "int":
            return self._tell(node, path, f"{whole}, not {_name(node)}" if _name(node) != "a number" else whole)
        if not _INTEGER.fullmatch(node.value):
            return self._tell(node, path, f"{whole}, in plain decimal digits")
        number = int(node.value)
        if (kind.ge is not None and number < kind.ge) or (kind.le is not None and number > kind.le):
            return self._tell(node, path, whole)
        return number

    def _date(self, node: yaml.Node, path: str) -> date | _Wrong:
        if _tag(node) not in ("str", "timestamp"):
            return self._tell(node, path, f"must be a date such as 2027-01-31, not {_name(node)}")
        if not _DATE.fullmatch(node.value):
            return self._tell(node, path, "must be a date such as 2027-01-31, without a time")
        try:
            return date.fromisoformat(node.value)
        except ValueError:
            return self._tell(node, path, "there is no such day in the calendar")

    def _choice(self, node: yaml.Node, choices: dict[str, Any], path: str) -> Any:
        if _tag(node) == "str" and node.value in choices:
            return choices[node.value]
        near = did_you_mean(node.value, choices) if _tag(node) == "str" else ""
        return self._tell(node, path, f"must be one of {', '.join(choices)}{near}")

    def _items(self, node: yaml.Node, path: str) -> list[tuple[yaml.Node, str, yaml.Node]]:
        """The mapping's keys, each once, with their nodes and values; problems for all else."""
        if not isinstance(node, yaml.MappingNode) or _tag(node) != "map":
            hint = "; write {} for an empty one, or leave the key out" if _tag(node) == "null" else ""
            self._tell(node, path, f"must be a mapping, not {_name(node)}{hint}")
            return []
        items: dict[str, tuple[yaml.Node, str, yaml.Node]] = {}
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                self._tell(key, path, "merge keys (<<) are not read; write the fields out")
            elif key.tag != _STR:
                self._tell(key, path, f"holds a key that is not a string but {_name(key)}; put it in quotes")
            elif key.value in items:
                first = items[key.value][0].start_mark.line + 1
                self._tell(key, _join(path, key.value), f"stands twice, first in line {first}")
            else:
                items[key.value] = (key, key.value, value)
        return list(items.values())

    def _tell(self, node: yaml.Node, path: str, text: str) -> _Wrong:
        self.problems.append(Problem(node.start_mark.line + 1, path, text))
        if len(self.problems) >= _MAX_PROBLEMS:
            raise _Enough
        return _WRONG


def _tag(node: yaml.Node) -> str:
    """The short name of a tag that YAML defines, and of no other."""
    tag = str(node.tag)
    return tag.removeprefix(_TAG) if tag.startswith(_TAG) else "?"


def _name(node: yaml.Node) -> str:
    return _NAMES.get(_tag(node), "a value with a tag of its own")


def _join(path: str, key: str) -> str:
    shown = key if _BARE_KEY.fullmatch(key) else f'"{key[:100]}"'
    return f"{path}.{shown}" if path else shown
