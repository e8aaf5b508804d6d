"""The bytes of a file become text in UTF-8: read and unpacked within bounds, recoded as a byte order mark says."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import zlib
from typing import BinaryIO, cast

from auditor.errors import SourceError

MAX_BYTES = 4 << 30
MAX_RATIO = 500  # real dumps compress to a twentieth or so, identical pods to a hundredth, nothing but a bomb to this
_RATIO_FROM = 64 << 20
_CHUNK = 1 << 20


def drain(stream: BinaryIO, path: str, packed: int = 0, limit: int = MAX_BYTES) -> bytes:
    """All of a stream, at most `limit` bytes; of gzipped data (`packed` bytes) at most MAX_RATIO times as much."""
    buffer = io.BytesIO()
    while chunk := stream.read(_CHUNK):
        size = buffer.tell() + len(chunk)
        if size > limit:
            raise SourceError(f"{path}:1: more than {limit >> 30} GiB of text", "Split the input.")
        if packed and size > max(_RATIO_FROM, MAX_RATIO * packed):
            raise SourceError(
                f"{path}:1: unpacks to more than {MAX_RATIO} times its size",
                "That is how bombs are made; if it is sound, unpack it with gunzip first.",
            )
        buffer.write(chunk)
    return buffer.getvalue()


def expand(data: bytes, path: str, limit: int = MAX_BYTES) -> bytes:
    """The text of a file in UTF-8 without a byte order mark: gunzipped (by its magic bytes, to at most `limit` bytes)
    and recoded from UTF-16."""
    if data.startswith(b"\x1f\x8b"):
        data = _gunzip(data, path, limit)
    if data.startswith(codecs.BOM_UTF8):
        return data[len(codecs.BOM_UTF8) :]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with contextlib.suppress(UnicodeError):
            return data.decode("utf-16").encode()
        raise SourceError(f"{path}:1: not UTF-16, though it has its byte order mark", "Write it in UTF-8.")
    return data


def _gunzip(data: bytes, path: str, limit: int) -> bytes:
    with contextlib.suppress(OSError, EOFError, zlib.error), gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        return drain(cast(BinaryIO, stream), path, len(data), limit)
    raise SourceError(f"{path}:1: not a whole gzip file", "It was cut off or damaged: make it again.")
