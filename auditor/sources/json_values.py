"""The first JSON value of a text: which object it is, where it ends, and what is wrong with it."""

from __future__ import annotations

import re

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field

from auditor.errors import SourceError
from auditor.sources.yaml_events import advice

_POSITION = re.compile(r"(?:JSON is malformed: )?(.*?) \(byte (\d+)\)")
_NOT_JSON = "Trailing commas, comments and quotes are the usual causes."


class Head(Struct):
    """What says which object a JSON object is. `items` is unset where there are none."""

    kind: str | None = None
    api_version: str | None = field(default=None, name="apiVersion")
    items: list[Raw] | UnsetType | None = UNSET


class _LooseHead(Struct):
    """The same of an object whose fields have other types than Kubernetes gives them."""

    kind: Raw = field(default_factory=Raw)
    api_version: Raw = field(default_factory=Raw, name="apiVersion")


_HEAD = msgspec.json.Decoder(Head)
_LOOSE_HEAD = msgspec.json.Decoder(_LooseHead)
_ARRAY = msgspec.json.Decoder(list[Raw])
_VALUE = msgspec.json.Decoder(Raw)


def read_value(text: memoryview) -> tuple[Head | list[Raw], int] | Exception:
    """The first JSON value of a text, an object or an array, and its size; or what is wrong with it.

    Faults are returned and not raised: what is raised while one is handled would carry it, with content, as context.
    """
    try:
        try:
            return _HEAD.decode(text), len(text)
        except msgspec.ValidationError:
            size = _size(text)
        except msgspec.DecodeError as error:
            size = _trailing(error, text)
        return (_ARRAY.decode(text[:size]) if text[0] == ord("[") else _head(text[:size])), size
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return error


def _size(text: memoryview) -> int:
    try:
        _VALUE.decode(text)
    except msgspec.DecodeError as error:
        return _trailing(error, text)
    return len(text)


def _trailing(error: msgspec.DecodeError, text: memoryview) -> int:
    """Where the first value ends, if text after it is all that is wrong; raises the error if not."""
    match = _POSITION.fullmatch(str(error))
    if match is None or match[1] != "trailing characters":
        raise error
    size = int(match[2])
    try:
        _VALUE.decode(text[: size - 1])  # msgspec 0.22 counts the first character after the value
    except msgspec.DecodeError:
        return size
    return size - 1


def _head(text: bytes | memoryview) -> Head:
    try:
        return _HEAD.decode(text)
    except msgspec.ValidationError:
        loose = _LOOSE_HEAD.decode(text)
        return Head(_string(loose.kind), _string(loose.api_version))


def _string(raw: Raw) -> str | None:
    return str(msgspec.json.decode(raw)) if bytes(raw).startswith(b'"') else None


def json_error(error: Exception, text: bytes, start: int, path: str, line: int) -> SourceError:
    """What msgspec found wrong in the value at `start`, which is on `line`. Its messages hold no content."""
    if isinstance(error, RecursionError):
        return SourceError(f"{path}:{line}: nested too deeply", "No Kubernetes object nests so deeply.")
    if isinstance(error, UnicodeDecodeError):
        return SourceError(f"{path}:{line}: not UTF-8", "Write it in UTF-8.")
    message = str(error)
    if is_cut_off(error):
        line += text.count(b"\n", start, len(text.rstrip()))
        return SourceError(f"{path}:{line}: the JSON ends in the middle", "It was cut off: make it again.")
    if match := _POSITION.fullmatch(message):
        position = start + int(match[2])
        line += text.count(b"\n", start, position)
        column = position - text.rfind(b"\n", 0, position)
        message = f"{match[1]} (column {column})"
    return SourceError(f"{path}:{line}: not valid JSON: {message}", advice(text, _NOT_JSON))


def is_cut_off(error: Exception) -> bool:
    """Whether the text ended before its value did; no other reading can mend that."""
    return "truncated" in str(error)
