"""In which encoding lists are asked for, and what is settled about it before the first of them."""

from __future__ import annotations

from typing import Literal, get_args

from auditor import wire
from auditor.errors import SourceError, UsageError
from auditor.sources.transport import JSON, PROTOBUF

Encoding = Literal["auto", "json", "protobuf"]
"""For built-in kinds: protobuf where the server has it, or one of the two alone. All others are asked for in JSON."""


def parse_encoding(text: str) -> Encoding:
    for encoding in get_args(Encoding):
        if text == encoding:
            return encoding  # type: ignore[no-any-return]
    raise UsageError(f"--encoding {text}: no such encoding", f"One of {', '.join(get_args(Encoding))}.")


def settled(encoding: Encoding) -> Encoding:
    """The encoding to ask for. Loads what reads protobuf, since the threads that read lists must not do so at once.

    The protobuf package has an implementation without C too, with which JSON is quicker by far.
    """
    if encoding == "json":
        return encoding
    from auditor.wire import protobuf

    if protobuf.QUICK:
        return encoding
    if encoding == "protobuf":
        raise SourceError("the protobuf package here is not compiled, and too slow", "Use --encoding json.")
    return "json"


def accepted(resource: wire.Resource, encoding: Encoding) -> tuple[str, str]:
    """The Accept header for a resource's list, and the one for where that gives nothing that can be read."""
    if encoding == "json" or not resource.protobuf:
        return JSON, JSON
    if encoding == "protobuf":
        return PROTOBUF, PROTOBUF
    return f"{PROTOBUF},{JSON}", JSON
