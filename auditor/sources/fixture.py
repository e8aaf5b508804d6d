"""Documents that no API server has: a ClusterFixture speaks for an input, RegistryEvidence for its registries."""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from auditor.errors import SourceError
from auditor.evidence import ImageEvidence
from auditor.sources.documents import Document

KIND = "ClusterFixture"
EVIDENCE = "RegistryEvidence"
_ADVICE = "A ClusterFixture has complete, name, version and collectedAt (RFC 3339, with a zone), all optional."


class _ClusterFixture(Struct, frozen=True, rename="camel"):
    complete: bool | None = None
    name: str | None = None
    version: str | float | None = None
    collected_at: str | None = None


def read_fixture(document: Document) -> dict[str, str | bool]:
    """What it states, of complete, name, version and collectedAt. SourceError where it is wrong."""
    try:
        fixture = msgspec.json.decode(document.json, type=_ClusterFixture)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    else:
        reason = _fault(fixture)
        if not reason:
            return {
                "complete": bool(fixture.complete),
                "name": fixture.name or "",
                "version": str(fixture.version or ""),
                "collectedAt": fixture.collected_at or "",
            }
    raise SourceError(f"{document.origin}: {KIND}: {reason}", _ADVICE)


class _RegistryEvidence(Struct, frozen=True):
    images: list[ImageEvidence] = []


def read_evidence(document: Document) -> list[ImageEvidence]:
    """What registries said of images, as a snapshot keeps it. SourceError where it is wrong."""
    try:
        return msgspec.json.decode(document.json, type=_RegistryEvidence).images
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    raise SourceError(f"{document.origin}: {EVIDENCE}: {reason}", "Its images are as in a saved snapshot.")


def _fault(fixture: _ClusterFixture) -> str:
    if fixture.collected_at:
        try:
            msgspec.convert(fixture.collected_at, Annotated[datetime.datetime, Meta(tz=True)])
        except msgspec.ValidationError:
            return "collectedAt is not a time as RFC 3339 has it, with a zone"
    return ""
