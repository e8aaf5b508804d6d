"""Recorded answers of a real API server (Kubernetes 1.36.2), given again to the requests that they belong to."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.apiserver import Request, Response

PROTOBUF = "application/vnd.kubernetes.protobuf"
FOLDER = Path(__file__).parent.parent / "fixtures" / "recordings"

_Key = tuple[str, frozenset[tuple[str, str]], str, str]


def exchanges(*names: str) -> Iterator[dict[str, Any]]:
    for name in names:
        with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


class Replay:
    """A backend: matches by path, query, identity and kind of answer. Several answers to one request: in their order,
    the last one again and again. Where no page of the asked size was recorded, the whole list comes, as from a server
    that ignores the limit. What was not recorded is 404, and stands in `unknown`."""

    def __init__(self, *names: str) -> None:
        self.unknown: list[str] = []
        self._answers: dict[_Key, list[Response]] = {}
        for exchange in exchanges(*names):
            request = exchange["request"]
            parts = urlsplit(request["path"])
            key = _key(parts.path, dict(parse_qsl(parts.query)), request["as"], request["accept"])
            if request.get("acceptEncoding", "identity") == "identity" or key not in self._answers:
                self._answers.setdefault(key, []).append(_response(exchange["response"]))

    def __call__(self, request: Request) -> Response:
        query = dict(request.query)
        asked, accept = query.pop("limit", ""), request.header("accept")
        for kind in (accept, accept.replace(PROTOBUF, "")):  # what was recorded in JSON alone comes in JSON
            for limit in dict.fromkeys((asked, "", "500")):
                whole = {**query, "limit": limit} if limit else query
                answers = self._answers.get(_key(request.path, whole, request.identity, kind))
                if answers:
                    return answers.pop(0) if len(answers) > 1 else answers[0]
        self.unknown.append(f"{request.identity} {request.target}")
        return Response(404, b"404 page not found\n", {}, "text/plain; charset=utf-8")


def _key(path: str, query: dict[str, str], identity: str, accept: str) -> _Key:
    form = next((part for part in accept.split(";") if part.startswith("as=")), "").partition(",")[0]
    form = PROTOBUF if PROTOBUF in accept else form
    return path, frozenset(query.items()), identity, form


def _response(recorded: dict[str, Any]) -> Response:
    encoded = recorded.get("bodyBase64")
    body = base64.b64decode(encoded) if encoded else recorded.get("body", "").encode()
    kept = {"Content-Encoding", "Retry-After", "Date", "X-Kubernetes-Pf-Flowschema-Uid"}
    headers = {name: value for name, value in recorded["headers"].items() if name in kept}
    return Response(recorded["status"], body, headers, recorded["headers"].get("Content-Type", ""))
