"""One ConfigMap of a live cluster, in which a baseline is kept: it alone is read and written, and nothing besides."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from auditor.baseline import KEY, LIMIT
from auditor.errors import SourceError, UsageError
from auditor.objectnames import is_label, is_subdomain
from auditor.sources.configuration import Identity
from auditor.sources.faults import Fault
from auditor.sources.reader import Reader, message, not_found, retry_after
from auditor.sources.transport import JSON, Answer, Connection

_MERGE_PATCH = "application/merge-patch+json"
_TRIES = 5
_LONGEST_WAIT = 30.0
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


class Place(Struct, frozen=True):
    """Which ConfigMap."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"ConfigMap {self.namespace}/{self.name}"

    @property
    def command(self) -> str:
        """What makes it."""
        return f"kubectl create configmap -n {self.namespace} {self.name}"


class _Metadata(Struct, rename="camel"):
    resource_version: Annotated[str, Meta(min_length=1)]


class _ConfigMap(Struct, rename="camel"):
    metadata: _Metadata
    data: dict[str, Any] | None = None
    binary_data: dict[str, str] | None = None
    immutable: bool | None = None


def parse_place(text: str) -> Place:
    """`NAMESPACE/NAME`; UsageError where that can be no ConfigMap."""
    namespace, _, name = text.partition("/")
    if not (is_label(namespace) and is_subdomain(name)):
        raise UsageError(f"{text!r} names no ConfigMap", "Write NAMESPACE/NAME, such as auditor/auditor-baseline.")
    return Place(namespace, name)


class ConfigMapStore:
    """Reads the bytes of a baseline once, and puts others in their place once. `sleep` replaces the waits between
    tries of a write."""

    def __init__(
        self, place: Place, identity: Identity, sleep: Callable[[float], object] = time.sleep, timeout: float = 60
    ) -> None:
        self.place = place
        self._connection = _Writing(place, identity, timeout)
        self._reader = Reader(self._connection, sleep)
        self._sleep = sleep
        self._found: _ConfigMap | None = None

    def read(self, *, keep: bool = True) -> bytes | None:
        """What the ConfigMap holds, None where it is empty or not there. Raises SourceError where it holds something
        else, or cannot be read; or, to `keep` something in it, never can."""
        try:
            self._found = self._get()
        finally:
            self._connection.close()  # the audit in between takes minutes
        if self._found is None:
            return None
        if keep and self._found.immutable:
            raise SourceError(f"{self.place} is immutable: nothing can be kept in it", "Name another one.")
        content = self._found.binary_data or {}
        others = sorted({*content, *(self._found.data or {})} - ({KEY} & content.keys()))
        if others:
            raise SourceError(
                f"{self.place} holds other things than a baseline: {', '.join(others[:3])}",
                "Name a ConfigMap that holds nothing else. This one was left as it is.",
            )
        if KEY not in content:
            return None
        try:
            return base64.b64decode(content[KEY], validate=True)
        except binascii.Error:
            raise Fault("answer", f"{self.place} is not what an API server sends").as_error(self._reader.host) from None

    def write(self, data: bytes) -> None:
        """Puts the bytes where `read` looked, unless somebody wrote there since."""
        if len(data) > LIMIT:
            raise SourceError(
                f"the baseline takes {len(data):,} bytes, and a ConfigMap holds {LIMIT:,}: nothing was kept",
                "Keep it on a volume: --baseline /var/lib/auditor/baseline.json --keep-baseline",
            )
        try:
            self._put(base64.b64encode(data).decode())
        finally:
            self._connection.close()

    def _put(self, value: str) -> None:
        answer = self._tried(value)
        if answer.status in (200, 201):
            return
        if answer.status == 409:
            # An answer may have been lost after the server had done what it was asked for.
            found = self._get()
            if found and (found.binary_data or {}).get(KEY) == value:
                return
            raise SourceError(
                f"{self.place} was changed since it was read, perhaps by another run: nothing was kept",
                "This run was compared with the older baseline. Run it again, and one at a time.",
            )
        raise self._refused(answer, "patch" if self._found else "create")

    def _tried(self, value: str) -> Answer:
        """The answer to the write, tried again while that may help: done twice, it does nothing the second time."""
        version = self._found.metadata.resource_version if self._found else None
        for tried in range(1, _TRIES + 1):
            wait = 2.0 ** (tried - 1)
            try:
                answer = self._connection.put(value, version)
                if answer.status not in _PASSING:
                    return answer
                reason = f"it answered {answer.status}"
                wait = min(retry_after(answer) or wait, _LONGEST_WAIT)
            except Fault as fault:
                reason = fault.reason
            if tried < _TRIES:
                self._sleep(wait)
        raise SourceError(
            f"{self.place} could not be written: {reason} ({_TRIES} tries)", "Nothing was kept; try again later."
        )

    def _get(self) -> _ConfigMap | None:
        try:
            answer = self._reader.get(self._connection.path)
        except Fault as fault:
            raise fault.as_error(self._reader.host) from None
        if not_found(answer):
            return None
        if answer.status != 200:
            raise self._refused(answer, "get")
        try:
            return msgspec.json.decode(answer.body, type=_ConfigMap)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Fault("answer", f"{self.place} is not what an API server sends").as_error(self._reader.host) from None

    def _refused(self, answer: Answer, verb: str) -> SourceError:
        said = message(answer)
        reason = f"the API server answers {answer.status}" + (f": {said}" if said else "")
        if answer.status == 403 and verb == "create":
            advice = f"Make it once: {self.place.command}"
        elif answer.status == 403:
            where = f"{self.place.namespace}/{self.place.name}"
            advice = (
                f"`auditor rbac --keep-baseline {where}` prints the Role that it takes: get and patch of this name."
            )
        elif not_found(answer) and verb == "patch":
            advice = f"It was deleted since it was read. Make it again: {self.place.command}"
        else:
            advice = "Check the namespace, and the limits of the ConfigMap." if verb != "get" else ""
        doing = "read" if verb == "get" else "written"
        return SourceError(f"{self.place} cannot be {doing}: {reason}", advice)


class _Writing(Connection):
    """A connection that can also write: the one value of the one ConfigMap at `path`. There is no way to more."""

    def __init__(self, place: Place, identity: Identity, timeout: float) -> None:
        super().__init__(identity, timeout=timeout, connections=1)
        self._name = place.name
        self._all = f"/api/v1/namespaces/{place.namespace}/configmaps"
        self.path = f"{self._all}/{place.name}"

    def put(self, value: str, version: str | None) -> Answer:
        """Changes the object, provided that it is still of this resourceVersion (a merge patch that names one is
        answered with 409 else); None: makes it, provided that there is none."""
        content = {KEY: value}
        if version is not None:
            changed = {"metadata": {"resourceVersion": version}, "binaryData": content}
            return self._send("PATCH", self.path, changed, _MERGE_PATCH)
        metadata = {"name": self._name, "labels": {"app.kubernetes.io/managed-by": "auditor"}}
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": content}
        return self._send("POST", self._all, made, JSON)

    def _send(self, method: str, path: str, body: dict[str, Any], content_type: str) -> Answer:
        url, headers = self._request(f"{path}?fieldManager=auditor", JSON)
        headers["Content-Type"] = content_type
        return self._answer(method, url, headers, body)
