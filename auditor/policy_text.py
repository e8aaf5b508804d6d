"""The text of a policy file and where in it things stand, so that a change touches nothing else."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    ScalarEvent,
)

# libyaml's line breaks are YAML 1.1's.
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_KEEPS_BLANKS = re.compile(r"[|>][0-9]?\+")
_CODECS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Change(NamedTuple):
    """Text that takes the place of what stands from `start` up to `end`, in characters."""

    start: int
    end: int
    text: str


class Collection(NamedTuple):
    """A list or mapping: where its parts begin (of a mapping keys and values in turn), which of them are written
    between braces or brackets, and where the last one ends, comments and blank lines aside."""

    starts: tuple[int, ...]
    flow: tuple[bool, ...]
    end: int


class PolicyText:
    """A file's characters, counted as libyaml's marks do: a byte order mark is none of them."""

    def __init__(self, data: bytes) -> None:
        self._mark, self._codec = next(((m, c) for m, c in _CODECS if data.startswith(m)), (b"", "utf-8"))
        self._data = data
        self.text = data[len(self._mark) :].decode(self._codec)

    def changed(self, changes: Iterable[Change]) -> bytes:
        """The file with the changes, which do not overlap; of several at one place the first comes first."""
        parts, done = [], 0
        for change in sorted(changes, key=lambda change: change.start):
            parts += [self.text[done : change.start], change.text]
            done = change.end
        return self._mark + "".join([*parts, self.text[done:]]).encode(self._codec)

    def line_start(self, place: int) -> int:
        return max((found.end() for found in _BREAK.finditer(self.text, 0, place)), default=0)

    def line_end(self, place: int) -> int:
        found = _BREAK.search(self.text, place)
        return found.start() if found else len(self.text)

    def next_line(self, place: int) -> int:
        """Where the line after the place begins: the place itself if a line begins there, the end if there is none."""
        if place == self.line_start(place):
            return place
        found = _BREAK.search(self.text, place)
        return found.end() if found else len(self.text)

    def line_break(self, place: int) -> str:
        """What ends the lines before the place, or the first line, or a line feed."""
        before = [found[0] for found in _BREAK.finditer(self.text, 0, place)]
        first = _BREAK.search(self.text)
        return (before[-1:] or [first[0] if first else "\n"])[0]

    def lines_at(self, place: int, lines: Iterable[str]) -> Change:
        """Whole lines where one begins, or at the end of a file whose last line has no end."""
        end = self.line_break(place)
        text = end.join(lines)
        return Change(place, place, text + end if place == self.line_start(place) else end + text)

    def collection(self, start: int) -> Collection:
        """The list or mapping that begins there."""
        starts: list[int] = []
        styles: list[bool] = []
        open_: list[bool] = []
        end = start
        for event in yaml.parse(self._data, Loader=yaml.CSafeLoader):
            assert event.start_mark
            assert event.end_mark
            begins, ends = event.start_mark.index, event.end_mark.index
            if not open_ and not (isinstance(event, CollectionStartEvent) and begins == start):
                continue
            if len(open_) == 1 and isinstance(event, (CollectionStartEvent, ScalarEvent, AliasEvent)):
                starts.append(begins)
                styles.append(isinstance(event, CollectionStartEvent) and bool(event.flow_style))
            match event:
                case CollectionStartEvent():
                    open_.append(bool(event.flow_style))
                case CollectionEndEvent():
                    flow = open_.pop()
                    if not open_:
                        break
                    end = ends if flow else end
                case ScalarEvent():
                    end = self._scalar_end(event, begins, ends)
                case AliasEvent():
                    end = ends
        return Collection(tuple(starts), tuple(styles), end)

    def document_end(self) -> int:
        """Where `...` stands, or the end of the file."""
        for event in yaml.parse(self._data, Loader=yaml.CSafeLoader):
            if isinstance(event, DocumentEndEvent) and event.explicit and event.start_mark:
                return int(event.start_mark.index)
        return len(self.text)

    def _scalar_end(self, event: ScalarEvent, start: int, end: int) -> int:
        """libyaml counts the blank lines after a block scalar to it; they belong to it only where it keeps them."""
        if event.style not in ("|", ">") or _KEEPS_BLANKS.search(self.text[start : self.line_end(start)]):
            return end
        return start + len(self.text[start:end].rstrip())
