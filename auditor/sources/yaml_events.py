"""YAML as kubectl reads it: libyaml's events become JSON values, within bounds and with the lines they begin on.

Duplicate keys and merges follow goyaml.v2's decode.go (the last one wins, a merge too). Where kubectl takes what
Kubernetes has no meaning for, such as an application's own tags, this refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import msgspec
import yaml
from msgspec import UNSET, Raw, Struct, UnsetType
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from auditor.errors import SourceError
from auditor.sources.yaml_scalars import TAG, Scalar, Unfit, json_number, key_text, resolve

MAX_DEPTH = 100
# What aliases may make, in characters of scalars plus NODE_SIZE a node: so much in any case, then this many times what
# is written, and never more than ALIAS_LIMIT in one document (about a million nodes).
NODE_SIZE = 16
ALIAS_FLOOR = 1 << 20
ALIAS_RATIO = 50
ALIAS_LIMIT = 16 << 20

_TEMPLATE = "It looks like a template. What it renders can be read: helm template CHART | auditor scan --from -"
_USUAL = "Indentation, quotes and tabs are the usual causes."
_NO_ALIAS = "Write out what the aliases stand for; a file in which they multiply is an attack on its readers."
_COLLECTION_TAGS = (None, "!", *(TAG + name for name in ("map", "seq", "str")))


class YamlDocument(Struct, frozen=True):
    """One document, as values that encode to JSON.

    `items` are the elements of the root's `items`, each as JSON, with their lines in `item_lines`; unset where that is
    no sequence, None where it is null. `fault` says what JSON cannot hold, as `path:line: reason`: the value has null
    in its place.
    """

    value: object
    line: int
    items: list[Raw] | UnsetType | None
    item_lines: list[int]
    fault: str


class _Known(Struct, frozen=True):
    """A value that an alias may repeat: how much that makes, and how deep it is."""

    value: object
    size: int
    height: int


class _Frame:
    """A mapping or sequence whose end has not come."""

    __slots__ = ("anchor", "has_key", "height", "key", "line", "size", "value")

    def __init__(self, value: dict[str, object] | list[object], anchor: str | None, line: int) -> None:
        self.value = value
        self.anchor = anchor
        self.line = line
        self.size = NODE_SIZE
        self.height = 1
        self.has_key = False
        self.key: str | None = None  # None while has_key: a merge


def read_yaml(data: bytes, path: str, first_line: int = 1) -> Iterator[YamlDocument]:
    """The documents of a YAML stream in UTF-8; empty ones have the value None. SourceError where it is not YAML."""
    builder = _Builder(path, first_line)
    try:
        for event in yaml.parse(data, Loader=yaml.CSafeLoader):
            document = builder.take(event)
            if document is not None:
                yield document
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, f" (column {mark.column + 1})") if mark else (0, "")
        reason = f"{error.problem or error.context}{column}"
        hint = advice(data, _USUAL)
    except yaml.reader.ReaderError as error:
        line, reason = data.count(b"\n", 0, error.position), error.reason
        hint = "It is no text, or text in another encoding than UTF-8."
    else:
        return
    raise SourceError(f"{path}:{first_line + line}: not valid YAML: {reason}", hint)


def advice(data: bytes, otherwise: str) -> str:
    """What to do about a malformed file: a template is the usual one that cannot be mended by hand."""
    return _TEMPLATE if b"{{" in data else otherwise


class _Builder:
    """Builds values from events with its own stack, so that no nesting can exhaust the interpreter's."""

    def __init__(self, path: str, first_line: int) -> None:
        self.path = path
        self.first_line = first_line
        self.written = 0
        self.made = 0
        self._start()

    def _start(self) -> None:
        self.stack: list[_Frame] = []
        self.anchors: dict[str, _Known | None] = {}  # None: its end has not come
        self.made_before = self.made
        self.root: object = None
        self.root_line = 0
        self.items: tuple[object, list[int]] = (None, [])  # the root's `items`, and the lines of its elements
        self.fault = ""

    def _refuse(self, line: int, reason: str) -> NoReturn:
        raise SourceError(
            f"{self.path}:{line}: {reason}", _NO_ALIAS if self.anchors else "No Kubernetes object nests so deeply."
        )

    def take(self, event: Event) -> YamlDocument | None:
        """Takes in one event; gives the document that ends with it."""
        line = self.first_line + (event.start_mark.line if event.start_mark else 0)
        match event:
            case ScalarEvent():
                self._scalar(event, line)
            case MappingStartEvent() | SequenceStartEvent():
                self._open(event, line)
            case MappingEndEvent() | SequenceEndEvent():
                frame = self.stack.pop()
                known = _Known(frame.value, frame.size, frame.height)
                if frame.anchor is not None:
                    self.anchors[frame.anchor] = known
                self._attach(known, frame.line)
            case AliasEvent():
                self._alias(event.anchor, line)
            case DocumentStartEvent():
                self._start()
            case DocumentEndEvent():
                return self._document()
        return None

    def _document(self) -> YamlDocument:
        items = self.root.get("items", UNSET) if isinstance(self.root, dict) else UNSET
        found, lines = self.items
        if isinstance(items, list):
            if items is not found:  # an alias, or merged in
                lines = [self.root_line] * len(items)
            items = [_raw(item) for item in items]
        elif items is not None:
            items = UNSET
        return YamlDocument(self.root, self.root_line, items, lines, self.fault)

    def _open(self, event: MappingStartEvent | SequenceStartEvent, line: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            self._refuse(line, f"nested more than {MAX_DEPTH} levels deep")
        if event.tag not in _COLLECTION_TAGS:
            self._note(line, "a tag that Kubernetes has no meaning for")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.written += NODE_SIZE
        frame = _Frame({} if isinstance(event, MappingStartEvent) else [], event.anchor, line)
        if len(self.stack) == 1 and self.stack[0].key == "items" and isinstance(frame.value, list):
            self.items = (frame.value, [])
        self.stack.append(frame)

    def _scalar(self, event: ScalarEvent, line: int) -> None:
        size = NODE_SIZE + len(event.value)
        self.written += size
        frame = self.stack[-1] if self.stack else None
        is_key = frame is not None and isinstance(frame.value, dict) and not frame.has_key
        value: Scalar = None
        try:
            value = resolve(event)
            if not is_key:
                value = json_number(value)
        except Unfit as unfit:
            self._note(line, str(unfit))
        known = _Known(value, size, 0)
        if event.anchor is not None:
            self.anchors[event.anchor] = known
        if frame is not None and is_key and event.value == "<<" and (event.implicit[0] or event.tag == TAG + "merge"):
            frame.has_key, frame.key = True, None
        else:
            self._attach(known, line)

    def _alias(self, anchor: str | None, line: int) -> None:
        known = self.anchors.get(anchor or "")
        if known is None:
            self._refuse(line, "an alias inside what it names" if anchor in self.anchors else "an alias of nothing")
        if len(self.stack) + known.height > MAX_DEPTH:
            self._refuse(line, f"aliases nest more than {MAX_DEPTH} levels deep")
        self.made += known.size
        allowed = max(ALIAS_FLOOR, ALIAS_RATIO * self.written)
        if self.made > allowed or self.made - self.made_before > ALIAS_LIMIT:
            self._refuse(
                line,
                f"aliases would make more than {ALIAS_RATIO} times what is written, or more than a million values",
            )
        self._attach(known, line)

    def _attach(self, known: _Known, line: int) -> None:
        if not self.stack:
            self.root, self.root_line = known.value, line
            return
        frame = self.stack[-1]
        frame.size += known.size
        frame.height = max(frame.height, known.height + 1)
        if isinstance(frame.value, list):
            if frame.value is self.items[0]:
                self.items[1].append(line)
                frame.value.append(_raw(known.value))  # far smaller than the Python values of a long list
            else:
                frame.value.append(known.value)
        elif not frame.has_key:
            frame.has_key, frame.key = True, self._key(known.value, line)
        else:
            frame.has_key = False
            if frame.key is None:
                self._merge(frame.value, known.value, line)
            else:
                frame.value[frame.key] = known.value

    def _key(self, value: object, line: int) -> str:
        try:
            return key_text(value)
        except Unfit as unfit:
            self._note(line, str(unfit))
            return ""

    def _merge(self, into: dict[str, object], value: object, line: int) -> None:
        """go-yaml v2 merges where `<<` stands: it overrides what is written before it, not what follows."""
        sources = value[::-1] if isinstance(value, list) else [value]
        for source in sources:
            if isinstance(source, dict):
                into.update(source)
            else:
                self._note(line, "a merge of something that is not a mapping")

    def _note(self, line: int, reason: str) -> None:
        self.fault = self.fault or f"{self.path}:{line}: {reason}"


def _raw(value: object) -> Raw:
    return value if isinstance(value, Raw) else Raw(msgspec.json.encode(value))
