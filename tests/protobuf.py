"""Answers in protobuf, as the API server would give them: made from the JSON that a test's backend answers.

Declared fields get their published numbers, all others one that no message has: they must be passed over.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from auditor import wire
from auditor.wire.envelope import MAGIC
from auditor.wire.fields import Base64, EncodedJson, Number, Time
from auditor.wire.generator import declarations
from tests.apiserver import Request, Response

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_KINDS = {(resource.api_version, f"{resource.kind}List"): resource for resource in wire.PROTOBUF}
_UNDECLARED = 1999
# Nobody reads these. They are written as they are to make pods as long as real ones, and since it matters to what
# recognises a message by its bytes where they stand.
_UNREAD: dict[type, dict[str, int]] = {
    wire.VolumeMount: {"readOnly": 2},
    wire.Env: {"name": 1, "value": 2},
    wire.ContainerStatus: {"image": 6, "containerID": 8},
}

Fields = Iterable[tuple[int, bytes]]


def encoded(request: Request, response: Response) -> Response:
    """The same answer in protobuf where the client takes that and the kind has it."""
    if CONTENT_TYPE not in request.header("accept") or not response.content_type.startswith("application/json"):
        return response
    try:
        answer = json.loads(response.body)
    except ValueError:
        return response
    body = _body(answer) if isinstance(answer, dict) else None
    if body is None:
        return response
    return Response(response.status, body, response.headers, CONTENT_TYPE)


def _body(answer: dict[str, Any]) -> bytes | None:
    api_version, kind = answer.get("apiVersion", ""), answer.get("kind", "")
    resource = _KINDS.get((api_version, kind))
    if resource is not None:
        meta = message(wire.ListMeta, answer.get("metadata") or {})
        items = [message(resource.type, item, resource.kind) for item in answer.get("items") or ()]
        return envelope(api_version, kind, joined([(1, meta), *((2, item) for item in items)]))
    return envelope(api_version, kind, message(wire.Status, answer)) if kind == "Status" else None


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    type_meta = joined([(1, api_version.encode()), (2, kind.encode())])
    return MAGIC + joined([(1, type_meta), (2, raw), (3, b""), (4, b"")])


def message(struct: type[wire.Wire], value: dict[str, Any], kind: str = "") -> bytes:
    """An object's message. As Go does it, strings that are not set are written empty, and fields in order of number."""
    names = {info.name: info.encode_name for info in msgspec.structs.fields(struct)}
    fields: list[tuple[tuple[int, ...], bytes | int]] = []
    lists: list[tuple[int, bytes | int]] = []
    for declared in declarations(struct):
        path = declared.number.path(kind)
        found = value.get(names[declared.name])
        if not path or (found is None and declared.many):
            continue
        for part in _parts(declared.number, declared.type, found, kind):
            if declared.many:  # each entry of a list in messages of its own
                lists.append((path[0], _nested([(path[1:], part)]) if path[1:] else part))
            else:
                fields.append((path, part))
    more = _UNREAD.get(struct, {})
    for key, number in more.items():
        if key in value:
            lists.append((number, value[key].encode() if isinstance(value[key], str) else int(value[key])))
    others = {key: part for key, part in value.items() if key not in (*names.values(), *more)}
    if others:
        lists.append((_UNDECLARED, json.dumps(others, separators=(",", ":")).encode()))
    return _nested(fields, lists)


def _nested(
    fields: Iterable[tuple[tuple[int, ...], bytes | int]], more: Iterable[tuple[int, bytes | int]] = ()
) -> bytes:
    """A message of fields by the numbers that lead to them: those that begin alike lie in one message."""
    inner: dict[int, list[tuple[tuple[int, ...], bytes | int]]] = defaultdict(list)
    written = list(more)
    for path, part in fields:
        if len(path) == 1:
            written.append((path[0], part))
        else:
            inner[path[0]].append((path[1:], part))
    return joined([*written, *((number, _nested(parts)) for number, parts in inner.items())])


def _parts(number: Number, hint: Any, value: Any, kind: str) -> Iterator[bytes | int]:
    if value is None:
        if hint is str and not isinstance(number, Time):
            yield b""
    elif isinstance(number, Time):
        yield joined([(1, int(datetime.fromisoformat(value).timestamp()))])
    elif isinstance(number, EncodedJson):
        yield json.dumps(value).encode()
    elif isinstance(value, list):
        for part in value:
            yield from _parts(number, hint, part, kind)
    elif isinstance(value, dict) and not (isinstance(hint, type) and issubclass(hint, wire.Wire)):
        for key, part in value.items():
            data = base64.b64decode(part) if isinstance(number, Base64) else str(part or "").encode()
            yield joined([(1, key.encode()), (2, data)])
    elif isinstance(value, dict):
        yield message(hint, value, kind)
    else:
        yield value.encode() if isinstance(value, str) else int(value)


def joined(fields: Iterable[tuple[int, bytes | int]]) -> bytes:
    """Fields of a message, in order of number; those of the same number in their order."""
    out = bytearray()
    for number, value in sorted(fields, key=lambda field: field[0]):
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value & (1 << 64) - 1)
        else:
            out += _varint(number << 3 | 2) + _varint(len(value)) + value
    return bytes(out)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
