"""GETs with patience: which answers are tried again, after what wait, and when that is given up."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct

from auditor import wire
from auditor.errors import SourceError
from auditor.sources.faults import Fault, Interrupted
from auditor.sources.transport import JSON, Answer

T = TypeVar("T")

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 60.0
_DEAD_AFTER = 3
_LOST_AFTER = 8
_LONG = 20.0


class Stopped(Interrupted):
    """The scan is over: whoever still reads for it ends."""


class Gets(Protocol):
    """What is read through; `Connection` in a scan."""

    host: str

    def get(self, path: str, accept: str = JSON) -> Answer: ...


class Patience(Struct, frozen=True):
    """How often a request is tried: in all, where the server says 429, and where each try took the whole time limit."""

    tries: int = 5
    busy: int = 8
    timeouts: int = 2


PATIENT = Patience()
HURRIED = Patience(tries=3, timeouts=1)


class Reader:
    """Reads for all threads of a scan. `sleep` replaces the waits; `clock` tells seconds."""

    def __init__(
        self,
        connection: Gets,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host = connection.host
        self._clock = clock
        self._connection = connection
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._given_up = 0  # requests in a row that were given up because the server could not be reached

    def stop(self) -> None:
        """Ends waits, and the threads that wait."""
        self._stopped.set()

    def get(self, path: str, accept: str = JSON, patience: Patience = PATIENT) -> Answer:
        """An answer that will not change by asking again: 2xx, 3xx, and 4xx other than 401, 408 and 429.

        Raises SourceError for 401 and untrusted TLS, Fault where patience ended.
        """
        return self.patiently(lambda: self._connection.get(path, accept), patience)

    def patiently(self, ask: Callable[[], Answer], patience: Patience = PATIENT) -> Answer:
        """As `get`, for a request of any kind that may be sent several times over."""
        tells = patience is PATIENT  # discovery is answered from memory, whatever has become of etcd
        if self._given_up >= _DEAD_AFTER:
            patience = Patience(tries=1, busy=1, timeouts=1)
        tried = timeouts = 0
        while True:
            if self._stopped.is_set():
                raise Stopped
            if self._given_up >= _LOST_AFTER:
                # Else a server whose etcd hangs would take a time limit for every kind there is.
                raise Fault("timeout", f"not asked any more: {self._given_up} requests in a row were in vain")
            tried += 1
            wait = None
            begun = self._clock()
            try:
                answer = ask()
                # An API server whose etcd hangs says so itself, with 504 after a minute.
                slow = answer.status in _PASSING and self._clock() - begun >= _LONG
                if tells and not slow:
                    self._given_up = 0
                if answer.status == 401:
                    raise _unauthorized(self.host)
                if answer.status not in _PASSING:
                    return answer
                fault = _refusal(answer, slow=slow)
                wait = retry_after(answer)
            except Fault as caught:
                fault = caught
            timeouts += fault.kind == "timeout"
            if tried >= (patience.busy if fault.kind == "busy" else patience.tries) or timeouts >= patience.timeouts:
                self._given_up += fault.kind not in ("busy", "server")
                raise Fault(fault.kind, f"{fault.reason} ({tried} {'tries' if tried > 1 else 'try'})")
            self._sleep(min(_growing(tried) if wait is None else wait, _LONGEST_WAIT))

    def read(self, path: str, kind: type[T], accept: str = JSON, patience: Patience = PATIENT) -> T | None:
        """The object at a path; None where it is refused or not there. Raises Fault where 200 brings something else."""
        answer = self.get(path, accept, patience)
        if answer.status != 200:
            return None
        try:
            return wire.decode_object(kind, answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Fault("answer", f"{path} gives {kind_of_body(answer)}") from None


def kind_of_body(answer: Answer) -> str:
    """For a person: what was sent in place of what was asked for."""
    sent = answer.headers.get("content-type", "").partition(";")[0]
    return f"{sent or 'something'} that is not what was asked for"


def status_of(answer: Answer) -> wire.Status | None:
    """The API's error object, in JSON or protobuf; None where the body is something else."""
    try:
        if not answer.protobuf:
            return wire.decode_object(wire.Status, answer.body)
        from auditor.wire.protobuf import decode_status

        return decode_status(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def message(answer: Answer) -> str:
    """The server's own words for an error: a Status, or plain text. At most 300 characters."""
    status = status_of(answer)
    if status is not None:
        text = status.message or status.reason or ""
    else:
        unreadable = answer.protobuf or b"<" in answer.body[:64]
        text = "" if unreadable else answer.body[:1000].decode(errors="replace")
    return " ".join(text.split())[:300]


def not_found(answer: Answer) -> bool:
    """Whether the API server says that there is no object of this name: anybody on the way may answer 404."""
    status = status_of(answer) if answer.status == 404 else None
    return status is not None and status.reason == "NotFound"


def retry_after(answer: Answer) -> float | None:
    """Seconds, from a number or a date; the date counts from the server's own clock where that is given (RFC 9110)."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said[:6])
    until, now = _date(said), _date(answer.headers.get("date", "")) or datetime.now(UTC)
    return max((until - now).total_seconds(), 0.0) if until else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _growing(tried: int) -> float:
    """Half a second, doubled each time, less a random part: threads that failed together do not come back together."""
    return float(min(0.5 * 2 ** (tried - 1), 20.0) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret


def _refusal(answer: Answer, *, slow: bool) -> Fault:
    said = message(answer)
    text = f"it answered {answer.status}" + (f": {said}" if said else "")
    return Fault("timeout" if slow else "busy" if answer.status == 429 else "server", text)


def _unauthorized(host: str) -> SourceError:
    return SourceError(
        f"the API server at {host} does not accept the credentials (401)",
        "Log in again, or choose another context with --context: the token or certificate may have expired.",
    )
