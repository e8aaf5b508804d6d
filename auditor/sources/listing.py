"""One list, page by page: continue tokens, expired ones, and the next page on its way while this one is decoded."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Raw, Struct

from auditor import wire
from auditor.errors import AuditorError
from auditor.sources.faults import Fault, Interrupted
from auditor.sources.reader import Reader, kind_of_body, message, status_of
from auditor.sources.transport import JSON, Answer

T = TypeVar("T")

_ITEMS = re.compile(rb',\s*"items"\s*:')
_HEAD = 4096
_EMPTY_IN_A_ROW = 200
_EXPIRED_IN_A_ROW = 3
_AGAIN = 2
_TOO_DEEP = "it answered 200 with JSON that is nested too deeply"

MIXED = "the list mixes two moments: its continue token expired on the way"


class Restart(Interrupted):
    """The server can no longer go on with this list: only a new one is consistent."""


class Refused(Interrupted):
    """The list was refused with a status that will not change by asking again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.status = answer.status
        self.reason = message(answer)


class Page(Struct, frozen=True):
    """A page as it came, and where from."""

    path: str
    body: bytes
    protobuf: bool = False


class Walk:
    """The state of one list: the requests of one path with one selector, whose tokens belong to nothing else."""

    def __init__(
        self,
        reader: Reader,
        path: str,
        *,
        selector: str = "",
        labels: str = "",
        limit: int = 500,
        accept: str = JSON,
        instead: str = "",
    ) -> None:
        """`selector` is about fields, `labels` about labels. `instead` is what to ask for where the server has not what
        is to be accepted, or gives what cannot be read."""
        self._reader = reader
        self._path = path
        self._selectors = {"fieldSelector": selector, "labelSelector": labels}
        self._limit = limit
        self._accept = accept
        self._instead = instead or accept
        self._seen: set[str] = set()
        self._token = ""
        self._empty = 0
        self.more = True
        self.mixed = False

    def next(self) -> Page:
        """The next page. Raises Restart, Refused, Fault, and what Reader.get raises."""
        for _ in range(_EXPIRED_IN_A_ROW):
            path = self._url()
            answer = self._reader.get(path, self._accept)
            if answer.status == 406 and self._accept != self._instead:
                self._accept = self._instead
                answer = self._reader.get(path, self._accept)
            if answer.status == 200:
                return self._page(path, answer)
            if answer.status == 400 and self._token:
                raise Restart
            if answer.status != 410:
                raise Refused(answer)
            # The error carries a token with which the rest can be read, of a later moment (apiserver
            # pkg/storage/etcd3/errors.go, handleExpiredError); without one nothing is left but to begin again.
            token = _offered(answer)
            if not token or not self._token:
                raise Restart
            self.mixed = True
            self._use(token)
        raise Fault("answer", "each continue token that the server gave had expired")

    def again(self, page: Page) -> Page:
        """A page once more, since its bytes were damaged."""
        answer = self._reader.get(page.path, self._instead)
        if answer.status != 200:
            raise Refused(answer)
        return Page(page.path, answer.body, answer.protobuf)

    def _url(self) -> str:
        query = {**self._selectors, "limit": str(self._limit), "continue": self._token}
        return f"{self._path}?{urlencode({key: value for key, value in query.items() if value})}"

    def _page(self, path: str, answer: Answer) -> Page:
        head = _head(answer)
        self._empty = self._empty + 1 if head.empty else 0
        if self._empty > _EMPTY_IN_A_ROW:
            raise Fault("answer", "the server does not end the list, but sends empty pages")
        self.more = bool(head.token)
        if head.token:
            self._use(head.token)
        return Page(path, answer.body, answer.protobuf)

    def _use(self, token: str) -> None:
        if token in self._seen:
            raise Fault("answer", "the server gave the same continue token twice")
        self._seen.add(token)
        self._token = token


def pages(walk: Walk) -> Iterator[Page]:
    """All pages in order. While one is decoded, the next is on its way: never more than one, so memory stays flat."""
    page = walk.next()
    while walk.more:
        ahead = _Ahead(walk)
        yield page
        page = ahead.page()
    yield page


def decode(kind: type[T], page: Page, walk: Walk) -> tuple[list[T], int, str]:
    """A page's items, how many of its items do not fit the kind, and why the first of them does not.

    One misshapen object (custom resources may hold anything) costs that object, not the page.
    """
    for attempt in range(_AGAIN + 1):
        try:
            if page.protobuf:
                return list(_protobuf().decode_page(kind, page.body).items or ()), 0, ""
            return list(wire.decode_page(kind, page.body).items or ()), 0, ""
        except msgspec.ValidationError:
            if not page.protobuf:
                return _one_by_one(kind, page)
            if attempt < _AGAIN:
                page = walk.again(page)
        except RecursionError:
            raise Fault("answer", _TOO_DEEP) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            if attempt < _AGAIN:
                page = walk.again(page)
    raise Fault("cut", f"damaged {'protobuf' if page.protobuf else 'JSON'} ({_AGAIN + 1} tries)")


def _one_by_one(kind: type[T], page: Page) -> tuple[list[T], int, str]:
    try:
        raw = wire.decode_page(Raw, page.body).items or []
    except RecursionError:
        raise Fault("answer", _TOO_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Fault("answer", "it answered 200 with a list that cannot be read") from None
    items: list[T] = []
    why = ""
    for item in raw:
        try:
            items.append(wire.decode_object(kind, item))
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            why = why or str(error)
    return items, len(raw) - len(items), why


class _Ahead:
    """The next page of a walk, in a thread that nobody waits for when the scan is broken off."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._done = threading.Event()
        self._page: Page | None = None
        self._error: AuditorError | Interrupted | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._page = self._walk.next()
        except (AuditorError, Interrupted) as error:
            self._error = error
        finally:
            self._done.set()

    def page(self) -> Page:
        self._done.wait()
        if self._error is not None:
            raise self._error
        if self._page is None:
            raise RuntimeError("the thread that reads ahead has crashed")
        return self._page


class _Head(Struct, frozen=True):
    token: str
    empty: bool


def _head(answer: Answer) -> _Head:
    """What a page says of itself. Built-in kinds put metadata before the items, so the first bytes are enough; custom
    resources come in order of the alphabet and must be skimmed. Raises Fault where it is no list at all."""
    if answer.protobuf:
        return _protobuf_head(answer)
    body = answer.body
    match = _ITEMS.search(body, 0, _HEAD)
    try:
        start = wire.decode_page(Raw, body[: match.start()] + b"}") if match else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        start = None
    if match is None or start is None or start.kind is None or start.metadata is None:
        try:
            start = wire.decode_page(Raw, body)
        except RecursionError:
            raise Fault("answer", _TOO_DEEP) from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Fault("answer", f"it answered 200 with {kind_of_body(answer)}") from None
        empty = not start.items
    else:
        empty = re.match(rb"\s*(\[\s*\]|null)", body[match.end() : match.end() + 64]) is not None
    if not (start.kind or "").endswith("List"):
        raise Fault("answer", f"it answered 200 with {start.kind or 'JSON'}, which is not a list")
    return _Head((start.metadata.continue_ or "") if start.metadata else "", empty)


def _protobuf_head(answer: Answer) -> _Head:
    try:
        kind, metadata, empty = _protobuf().decode_head(answer.body)
    except msgspec.MsgspecError:
        raise Fault("answer", f"it answered 200 with {kind_of_body(answer)}") from None
    if not kind.endswith("List"):
        raise Fault("answer", f"it answered 200 with {kind or 'protobuf'}, which is not a list")
    return _Head((metadata.continue_ or "") if metadata else "", empty)


def _protobuf() -> ModuleType:
    """Loaded when the first such answer comes: JSON, and files, do without it."""
    from auditor.wire import protobuf

    return protobuf


def _offered(answer: Answer) -> str:
    status = status_of(answer)
    return (status.metadata.continue_ or "") if status and status.metadata else ""
