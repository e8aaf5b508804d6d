"""Configuration files as Go decodes them: the first YAML document or one JSON value, keys in the order that counts.

Sources: sigs.k8s.io/yaml yaml.go, encoding/json decode.go, k8s apimachinery pkg/util/yaml and pkg/runtime/serializer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from auditor.errors import SourceError
from auditor.sources.yaml_events import read_yaml
from auditor.sources.yaml_scalars import Unfit, resolve

_SPACE = " \t\n\v\f\r\x85\xa0"
_LOOK = 4096
_NODES = (ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent)
_ENDS = (MappingEndEvent, SequenceEndEvent)


class Refused(Exception):
    """Go would not decode it. The reason quotes no values; not `certain` where only this reading gives up."""

    def __init__(self, reason: str, *, certain: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.certain = certain


class Object(list[tuple[str, object]]):
    """A JSON object as its (key, value) pairs in the order that a decoder meets them; keys may come twice."""

    def last(self, key: str) -> object:
        """The value of a key, spelt exactly so; None where there is none, or it is null."""
        return next((value for name, value in reversed(self) if name == key), None)

    def folded(self, key: str) -> Iterator[object]:
        """The values of all spellings of a key, as encoding/json takes them without regard to case."""
        wanted = fold(key)
        return (value for name, value in self if fold(name) == wanted)


def fold(key: str) -> str:
    """The form in which encoding/json compares keys: two letters outside ASCII fold into it."""
    return key.replace("\N{LATIN SMALL LETTER LONG S}", "s").replace("\N{KELVIN SIGN}", "k").lower()


def is_json(data: bytes) -> bool:
    """Whether the decoders of Kubernetes take it for JSON: a brace is the first thing in it."""
    return data[:_LOOK].decode(errors="replace").lstrip(_SPACE).startswith("{")


def json_value(data: bytes, *, whole: bool = True) -> object:
    """The JSON value that a file is; without `whole`, that it begins with."""
    text = data.decode(errors="replace").lstrip(_SPACE)
    try:
        value, end = _JSON.raw_decode(text)
        if whole and text[end:].strip(" \t\r\n"):
            raise Refused("more after its JSON value")
        return value
    except json.JSONDecodeError as error:
        raise Refused(f"line {error.lineno}: not valid JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise Refused("its JSON cannot be read", certain=False) from None


def _no_constant(_: str) -> NoReturn:
    raise json.JSONDecodeError("a number that JSON does not have", "", 0)


def yaml_value(data: bytes) -> object:
    """The first document of a YAML stream as sigs.k8s.io/yaml makes JSON of it, with keys in alphabetical order."""
    try:
        document = next(read_yaml(data, "line"), None)
    except SourceError as error:
        reason = str(error)
        raise Refused(reason, certain="not valid YAML" in reason) from None
    if document is None:
        return None
    if document.fault:
        raise Refused(document.fault, certain="no meaning for" not in document.fault)
    return ordered(document.value)


def ordered(value: object) -> object:
    """Python's own dicts and lists with their objects as `Object`s, as Go's encoder writes maps."""
    match value:
        case dict():
            return Object((key, ordered(inner)) for key, inner in sorted(value.items()))
        case list():
            return [ordered(inner) for inner in value]
        case _:
            return value


def first_chunk(data: bytes) -> bytes:
    """The first document of a stream as apimachinery cuts it: at lines that begin with `---`, skipping none but those
    at the very start. Raises Refused where such a line holds more than a comment."""
    chunk: list[bytes] = []
    for line in data.splitlines(keepends=True):
        if line.startswith(b"---"):
            after = line[3:].strip()
            if after and not after.startswith(b"#"):
                raise Refused("a document separator with text behind it")
            if chunk:
                break
        chunk.append(line)
    return b"".join(chunk)


def repeated_key(data: bytes) -> str | None:
    """A key that stands twice in one mapping of the first YAML document, which a strict decoder refuses."""
    open_nodes: list[_Node] = []
    try:
        for event in yaml.parse(data, Loader=yaml.CSafeLoader):
            if isinstance(event, DocumentEndEvent):
                break
            if isinstance(event, _NODES):
                if open_nodes and open_nodes[-1].repeats(event):
                    return str(event.value) if isinstance(event, ScalarEvent) else ""
                if not isinstance(event, ScalarEvent | AliasEvent):
                    open_nodes.append(_Node(mapping=isinstance(event, MappingStartEvent)))
            elif isinstance(event, _ENDS):
                open_nodes.pop()
    except yaml.YAMLError:
        pass  # the reading of its value says so
    return None


class _Node:
    """A mapping or sequence whose end has not come."""

    def __init__(self, *, mapping: bool) -> None:
        self._keys: set[object] | None = set() if mapping else None
        self._is_key = True

    def repeats(self, event: Event) -> bool:
        """Takes in a child; whether it is a key that stood here before. Keys that are merged in do not count."""
        is_key, self._is_key = self._is_key, not self._is_key
        if self._keys is None or not is_key or not isinstance(event, ScalarEvent) or event.value == "<<":
            return False
        key = _identity(event)
        known = key in self._keys
        self._keys.add(key)
        return known


def _identity(event: ScalarEvent) -> object:
    """What go-yaml compares: `1` and `"1"` are two keys."""
    try:
        value = resolve(event)
    except Unfit:
        value = event.value
    return type(value), value


_JSON = json.JSONDecoder(object_pairs_hook=Object, parse_constant=_no_constant)
