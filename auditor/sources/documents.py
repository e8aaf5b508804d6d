"""The bytes of one file become documents: JSON and YAML, lists taken apart, each object with the line it begins on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw, Struct, UnsetType

from auditor.errors import SourceError
from auditor.sources.json_values import Head, is_cut_off, json_error, read_value
from auditor.sources.unpack import expand
from auditor.sources.yaml_events import YamlDocument, advice, read_yaml

_MAX_LISTS = 16
_MAX_YAML_RETRY = 32 << 20  # bytes: nobody writes flow style of that size, and libyaml would take minutes to say so

# Between JSON values: blanks, and the marks that YAML streams have.
_BETWEEN = re.compile(rb"(?:\s++|---(?=\s|\Z)|\.\.\.(?=\s|\Z))*+")
_BEFORE_ITEM = re.compile(rb"[\s,]*")


class Document(Struct, frozen=True):
    """One object of an input.

    `origin` is `path:line` of its first line. `kind` and `api_version` are empty where it states none; then `json` may
    be any JSON value. `json` is the object alone, also where it stood in a list.
    """

    origin: str
    kind: str
    api_version: str
    json: bytes


class _Inherited(Struct, frozen=True):
    """What a typed list says of its items, which the API server writes without kind and apiVersion."""

    kind: str = ""
    api_version: str = ""
    lists: int = 0


def read_documents(data: bytes, path: str) -> Iterator[Document]:
    """The objects of a file: YAML or JSON, gzipped or not, any number of documents; items of lists one by one.

    Empty documents are left out; an empty list is told by a document of its own kind.
    `path` is for origins and messages. Raises SourceError (`path:line: reason`, which
    never quotes content) where the input is malformed, nested too deeply, or grows beyond bounds when read.
    """
    return read_text(expand(data, path), path)


def read_text(text: bytes, path: str) -> Iterator[Document]:
    """As `read_documents`, of what `expand` gives."""
    view = memoryview(text)
    end, line = 0, 1  # of the last JSON value
    while True:
        match = _BETWEEN.match(text, end)
        start = match.end() if match else end
        if start == len(text):
            return
        start_line = line + text.count(b"\n", end, start)
        if text[start] not in b"{[":
            # From where the JSON ended: the blanks before the text may be its indentation.
            yield from _yaml(text[end:], path, line)
            return
        value = read_value(view[start:])
        if isinstance(value, Exception):
            yield from _flow_yaml(text, start, path, start_line, value)
            return
        content, size = value
        end = start + size
        if isinstance(content, Head):
            yield from _object(text, start, end, content, path, start_line, _Inherited())
        else:
            for item, item_line in _lines(text, content, start, start_line, first=start + 1):
                yield from _item(item, path, item_line, _Inherited())
        line = start_line + text.count(b"\n", start, end)


def _object(
    text: bytes, start: int, end: int, head: Head, path: str, line: int, inherited: _Inherited
) -> Iterator[Document]:
    """The object at text[start:end], or the items of the list that it is."""
    items = _list_items(head.kind, head.items)
    if items is None:
        kind, api_version = head.kind or inherited.kind, head.api_version or inherited.api_version
        yield Document(f"{path}:{line}", kind, api_version, text[start:end])
        return
    handed_on = _inherit(head, inherited, path, line)
    if not items:
        yield Document(f"{path}:{line}", head.kind or "List", head.api_version or "", b"{}")
    for item, item_line in _lines(text, items, start, line, first=max(start, text.find(b'"items"', start, end))):
        yield from _item(item, path, item_line, handed_on)


def _list_items(kind: str | None, items: list[Raw] | UnsetType | None) -> list[Raw] | None:
    """The items of `List` and of any kind that ends in it and has items; None where it is no list."""
    if kind is None or not kind.endswith("List") or isinstance(items, UnsetType):
        return None
    return items or []


def _inherit(head: Head, inherited: _Inherited, path: str, line: int) -> _Inherited:
    if inherited.lists >= _MAX_LISTS:
        raise SourceError(
            f"{path}:{line}: lists nested more than {_MAX_LISTS} deep", "kubectl takes the items themselves."
        )
    kind = (head.kind or "").removesuffix("List")
    return _Inherited(kind, (head.api_version or "") if kind else "", inherited.lists + 1)


def _item(text: bytes, path: str, line: int, inherited: _Inherited) -> Iterator[Document]:
    if text == b"null":
        return
    if not text.startswith(b"{"):
        yield Document(f"{path}:{line}", "", "", text)
        return
    value = read_value(memoryview(text))
    if isinstance(value, Exception):
        raise json_error(value, text, 0, path, line)
    head = value[0]
    if isinstance(head, Head):
        yield from _object(text, 0, len(text), head, path, line, inherited)


def _lines(text: bytes, raws: Sequence[Raw], at: int, line: int, first: int) -> Iterator[tuple[bytes, int]]:
    """The values of an array with the lines that they begin on, found by walking over them.

    `at` is a position on `line`, `first` one at or before the first value, in or before its array.
    """
    start = first
    for raw in raws:
        written = bytes(raw)
        match = _BEFORE_ITEM.match(text, start)
        found = match.end() if match else start
        if not text.startswith(written, found):  # only before the first value is there something else
            found = text.find(written, start)
        if found >= 0:
            line += text.count(b"\n", at, found)
            at, start = found, found + len(written)
        yield written, line


def _yaml(data: bytes, path: str, line: int) -> Iterator[Document]:
    for document in read_yaml(data, path, line):
        value = document.value
        if isinstance(value, dict) and document.fault and {"kind", "apiVersion"} <= value.keys():
            raise SourceError(document.fault, advice(data, "kubectl refuses it, or the API server would not know it."))
        if isinstance(value, dict) and isinstance(value.get("kind"), str):
            yield from _yaml_object(document, value, path)
        elif value is not None:
            yield Document(f"{path}:{document.line}", "", "", msgspec.json.encode(value))


def _yaml_object(document: YamlDocument, value: dict[str, object], path: str) -> Iterator[Document]:
    kind, api_version = (text if isinstance(text := value.get(key), str) else "" for key in ("kind", "apiVersion"))
    items = _list_items(kind, document.items)
    if items is None:
        yield Document(f"{path}:{document.line}", kind, api_version, msgspec.json.encode(value))
        return
    handed_on = _inherit(Head(kind, api_version), _Inherited(), path, document.line)
    if not items:
        yield Document(f"{path}:{document.line}", kind, api_version, b"{}")
    for raw, line in zip(items, document.item_lines, strict=True):
        yield from _item(bytes(raw), path, line, handed_on)


def _flow_yaml(text: bytes, start: int, path: str, line: int, error: Exception) -> Iterator[Document]:
    """What begins like JSON and is not: YAML in flow style, or else the fault of the JSON."""
    hopeless = isinstance(error, RecursionError) or is_cut_off(error) or len(text) - start > _MAX_YAML_RETRY
    any_yaml = False
    try:
        if not hopeless:
            for document in _yaml(text[start:], path, line):
                any_yaml = True
                yield document
            return
    except SourceError:
        if any_yaml and not path.endswith((".json", ".json.gz")):
            raise
    raise json_error(error, text, start, path, line)
