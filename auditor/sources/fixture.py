"""The document that speaks for a whole input: `kind: ClusterFixture`."""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from auditor.errors import SourceError
from auditor.sources.documents import Document

KIND = "ClusterFixture"
API_VERSION = "auditor/v1"
_ADVICE = "A ClusterFixture has complete, name, version and collectedAt (RFC 3339, with a zone), all optional."


class _ClusterFixture(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    kind: str
    api_version: str = API_VERSION
    complete: bool = False
    name: str = ""
    version: str = ""
    collected_at: str = ""


def read_fixture(document: Document) -> dict[str, str | bool]:
    """What it states, of complete, name, version and collectedAt. SourceError where it is wrong."""
    try:
        fixture = msgspec.json.decode(document.json, type=_ClusterFixture)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    else:
        reason = _fault(fixture)
        if not reason:
            stated: dict[str, str | bool] = msgspec.to_builtins(fixture)
            return {key: value for key, value in stated.items() if key not in ("kind", "apiVersion")}
    raise SourceError(f"{document.origin}: {KIND}: {reason}", _ADVICE)


def _fault(fixture: _ClusterFixture) -> str:
    if fixture.api_version != API_VERSION:
        return f"its apiVersion is {API_VERSION}"
    if fixture.collected_at:
        try:
            msgspec.convert(fixture.collected_at, Annotated[datetime.datetime, Meta(tz=True)])
        except msgspec.ValidationError:
            return "collectedAt is not a time as RFC 3339 has it, with a zone"
    return ""
