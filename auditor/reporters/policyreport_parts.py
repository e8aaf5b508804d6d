"""Results of policy reports in parts that fit into an object of the API server each, and stay where they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

LARGEST = 1_000_000
"""Bytes of JSON that the results of a part may have: under 1 MiB with what is around them. etcd takes 1.5 MiB."""

WHOLE = "whole"
_BITS = 60  # a label's value has at most 63 characters


class Entry(Struct, frozen=True):
    """A result, and the key that stays the same from run to run."""

    key: str
    result: Mapping[str, Any]


def encoded(value: Mapping[str, Any]) -> bytes:
    """As JSON, and, since it is sent as YAML, without escapes of surrogate pairs, which only JSON reads."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def parts(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The parts by name: `whole`, or bits such as `0` and `1`, with the results in the order given.

    What is too large is halved by the next bit of each key's hash. So a result's part depends on nothing but its key
    and the size of the part: one result more changes one part, or makes two of it.
    """
    hashed = [(_hash(entry.key), len(encoded(entry.result)) + 1, entry.result) for entry in entries]
    for bits, own in _halved(hashed, ""):
        yield bits or WHOLE, own


def _hash(key: str) -> str:
    """In bits."""
    return f"{int.from_bytes(hashlib.sha256(key.encode('utf-8', 'replace')).digest()[:8]):064b}"


def _halved(
    entries: list[tuple[str, int, Mapping[str, Any]]], bits: str
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    if len(entries) < 2 or len(bits) == _BITS or sum(size for _, size, _ in entries) <= LARGEST:
        yield bits, [result for _, _, result in entries]
        return
    for bit in "01":
        half = [entry for entry in entries if entry[0][len(bits)] == bit]
        if half:
            yield from _halved(half, bits + bit)
