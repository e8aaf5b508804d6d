"""Manifests as values, and as YAML with comments where a person must decide or would ask why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import yaml
from msgspec import Struct

from auditor.escape import escape

Object = dict[str, Any]

_WIDTH = 110


class Noted(Struct, frozen=True):
    """A value with a comment above it. The note is filled anew, but for lines that begin with a space."""

    value: Any
    note: str


class Written(Struct, frozen=True):
    """A value that is YAML text already, with its own comments."""

    text: str


def plain(value: Any) -> Any:
    """The value as the API server gets it, without comments."""
    match value:
        case Noted():
            return plain(value.value)
        case Written():
            return yaml.safe_load(value.text)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


def render(documents: Iterable[Object | Noted]) -> str:
    """The objects as one YAML stream, in their order. The same objects give the same bytes."""
    return "---\n".join("".join(f"{line}\n" for line in _with_note(document)) for document in documents)


def _with_note(document: Object | Noted) -> Iterator[str]:
    note, value = _split(document)
    yield from _comment(note, 0)
    yield from _lines(value, 0)


def _lines(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Written):
        yield from value.text.splitlines()
    elif isinstance(value, list):
        for entry in value:
            note, item = _split(entry)
            yield from _comment(note, depth)
            if _nested(item):
                first, *others = _lines(item, depth + 2)
                yield from (f"- {first}", *(f"  {line}" if line else "" for line in others))
            else:
                yield from _dump([item], item).splitlines()
    else:
        for key, entry in value.items():
            note, item = _split(entry)
            yield from _comment(note, depth)
            if _nested(item):
                yield _dump({key: None}, None).rstrip().removesuffix(" null")
                yield from (f"  {line}" if line else "" for line in _lines(item, depth + 2))
            else:
                yield from _dump({key: item}, item).splitlines()


def _nested(value: Any) -> bool:
    return isinstance(value, Written) or (isinstance(value, dict | list) and bool(value))


def _split(value: Any) -> tuple[str, Any]:
    return (value.note, value.value) if isinstance(value, Noted) else ("", value)


def _comment(note: str, depth: int) -> Iterator[str]:
    for verbatim, group in groupby(note.splitlines(), lambda line: line.startswith(" ")):
        lines = list(group)
        if not verbatim:
            lines = textwrap.wrap(" ".join(lines), _WIDTH - depth, break_on_hyphens=False)
        yield from (f"# {escape(line)}" for line in lines)


class _Dumper(yaml.SafeDumper):
    """Text of several lines as a block where YAML can hold it in one."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _dump(holder: Any, item: Any) -> str:
    """A list or mapping that holds one scalar. What could steer a terminal or hide text is escaped, between quotes."""
    lines = item.replace("\n", "") if isinstance(item, str) else ""
    return yaml.dump(holder, Dumper=_Dumper, width=1 << 20, allow_unicode=escape(lines) == lines)
