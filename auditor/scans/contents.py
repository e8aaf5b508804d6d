"""All scan results as the Snapshot keeps them: what a scan found is packed, a row of JSON for each vulnerability.

A cluster has a million of them, of which hardly one may be equal to another: as objects they take a gigabyte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw

from auditor.escape import escape_json
from auditor.scans.results import TEXT, Part, Scan, Vulnerability, clipped

Scanned = tuple[Scan, bytes]
"""A scan and what it found, packed."""

_NOTHING = b",[],false,null]"  # in most rows: no aliases, not exploited, no score
_END = -len(_NOTHING)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Vulnerability, ...]).decode


class _Object(Vulnerability, frozen=True, array_like=False):
    """As snapshots had it before there were rows."""


class ScanResults(Part, frozen=True):
    """All results. Each of `rows` is what a scan found: a JSON array of vulnerabilities, each an array in the order of
    Vulnerability's fields, without those at its end that say nothing; scans that found the same share one.

    `contents`, with positions in `vulnerabilities`, is how snapshots had it before; see `sound`.
    """

    scans: tuple[Scan, ...] = ()
    rows: tuple[Raw, ...] = ()
    contents: tuple[tuple[int, ...], ...] = ()
    vulnerabilities: tuple[_Object, ...] = ()

    def scanned(self) -> Iterator[Scanned]:
        """As before they were put together."""
        return ((scan, bytes(self.rows[scan.content])) for scan in self.scans)


def packed(found: Iterable[Vulnerability]) -> bytes:
    """Vulnerabilities as a content, ordered, equal ones once, and their texts within bounds."""
    content = b"[%b]" % b",".join(sorted(set(map(_row, found))))
    if content.isascii() and b"\x7f" not in content:
        return content
    return escape_json(content.decode()).encode()  # as a saved snapshot has it


def unpacked(*contents: bytes | Raw) -> tuple[Vulnerability, ...]:
    """The vulnerabilities of contents, ordered, equal ones once."""
    if len(contents) == 1:
        return _decode(contents[0])
    return _decode(packed(each for content in contents for each in _decode(content)))


def put_together(scanned: Iterable[Scanned]) -> ScanResults:
    """The results, ordered: the same scans give the same value in whatever order they came."""
    everything = list(scanned)
    distinct = sorted({content for _, content in everything})
    positions = {content: index for index, content in enumerate(distinct)}
    scans: dict[Scan, Scan] = {}
    for scan, content in everything:
        numbered = msgspec.structs.replace(scan, content=positions[content])
        same = msgspec.structs.replace(numbered, origin="")  # the same result may lie in two places
        known = scans.get(same)
        if known is None or numbered.origin < known.origin:
            scans[same] = numbered
    return ScanResults(tuple(sorted(scans.values(), key=_place)), tuple(map(Raw, distinct)))


def sound(results: ScanResults) -> ScanResults:
    """Results of a saved snapshot, with rows; msgspec.ValidationError where they do not hold what they have to."""
    rows = results.rows
    if results.contents:
        known = {at: Vulnerability(*msgspec.structs.astuple(each)) for at, each in enumerate(results.vulnerabilities)}
        try:
            rows = tuple(Raw(packed(known[at] for at in content)) for content in results.contents)
        except KeyError:
            raise msgspec.ValidationError("a content of scan results names a vulnerability that is not there") from None
    for row in rows:
        _decode(row)
    if any(not 0 <= scan.content < len(rows) for scan in results.scans):
        raise msgspec.ValidationError("a scan result names a content that is not there")
    # Rows that were read are a part of the whole snapshot's text, which has to go.
    return ScanResults(results.scans, tuple(row.copy() for row in rows))


def _row(each: Vulnerability) -> bytes:
    row = _encode(each)
    if len(row) > TEXT:
        texts = {name: clipped(getattr(each, name)) for name in ("id", "package", "installed", "fixed")}
        row = _encode(msgspec.structs.replace(each, **texts, aliases=tuple(map(clipped, each.aliases))))
    return row[:_END] + b"]" if row.endswith(_NOTHING) else row


def _place(scan: Scan) -> tuple[object, ...]:
    return scan.tags, scan.digests, scan.image_id, scan.scanner, scan.at or "", scan.origin, repr(scan)
