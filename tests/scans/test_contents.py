"""What is kept of results: packed, in a snapshot, and in snapshots of before."""

from __future__ import annotations

import msgspec
import pytest

from auditor.collect import dump_snapshot, load_snapshot
from auditor.errors import SourceError
from auditor.model import Snapshot
from auditor.scans.contents import packed, put_together, unpacked
from auditor.scans.results import TEXT, Scan, Vulnerability

PLAIN = Vulnerability("CVE-2", "b", "1", "2", "high", "2026-01-01T00:00:00Z")
RICH = Vulnerability("GHSA-1", "ünï\u202e", aliases=("CVE-1", 'a"b'), exploited=True, epss=0.25)
ODD = Vulnerability(",[],false,null]", '",[],false,null]', published=None, aliases=(",[]",))


@pytest.mark.parametrize("each", [PLAIN, RICH, ODD, Vulnerability("")], ids=["plain", "rich", "odd", "empty"])
def test_what_is_packed_comes_out_again(each: Vulnerability) -> None:
    assert unpacked(packed([each])) == (each,)


def test_a_content_is_ordered_and_holds_what_is_equal_once() -> None:
    assert packed([RICH, PLAIN, RICH]) == packed([PLAIN, RICH])
    assert unpacked(packed([RICH, PLAIN]), packed([ODD, PLAIN])) == unpacked(packed([PLAIN, ODD, RICH]))
    assert packed([PLAIN]) == b'[["CVE-2","b","1","2","high","2026-01-01T00:00:00Z"]]'


def test_texts_are_kept_within_bounds() -> None:
    long = "ü" * 300
    (found,) = unpacked(packed([Vulnerability(long, long, long, long, aliases=(long, "CVE-1"))]))
    texts = (found.id, found.package, found.installed, found.fixed, *found.aliases[:1])
    assert {len(text) for text in texts} == {TEXT}
    assert found.aliases[1] == "CVE-1"


def test_a_snapshot_holds_all_of_it() -> None:
    results = put_together([(Scan("Trivy", tags=("a:1",)), packed([PLAIN, ODD])), (Scan("Grype"), packed([RICH]))])
    saved = dump_snapshot(Snapshot(scans=results))
    assert b"\\u202e" in saved
    again = load_snapshot(saved, "x").scans
    assert dump_snapshot(Snapshot(scans=again)) == saved
    assert again == results
    assert put_together((*again.scanned(), *results.scanned())) == results


BEFORE = b"""{"schema": "auditor.snapshot/v1", "scans": {
  "scans": [{"scanner": "Trivy", "content": 1}, {"scanner": "Grype"}],
  "contents": [[], [0, 1]],
  "vulnerabilities": [
    {"id": "CVE-2", "package": "b", "installed": "1", "fixed": "2", "severity": "high",
     "published": "2026-01-01T00:00:00Z"},
    {"id": "GHSA-1", "package": "\\u00fcn\\u00ef\\u202e", "aliases": ["CVE-1", "a\\"b"], "exploited": true,
     "epss": 0.25}]}}
"""


def test_snapshots_of_before_are_read() -> None:
    results = load_snapshot(BEFORE, "x").scans
    assert {scan.scanner: unpacked(content) for scan, content in results.scanned()} == {
        "Trivy": (PLAIN, RICH),
        "Grype": (),
    }
    assert not results.contents
    assert load_snapshot(dump_snapshot(Snapshot(scans=results)), "x").scans == results


@pytest.mark.parametrize(
    ("found", "by"),
    [
        (b'"content": 1', b'"content": 2'),
        (b'"content": 1', b'"content": -1'),
        (b"[0, 1]", b"[0, 2]"),
        (b"[0, 1]", b"[0, -1]"),
        (b'"high"', b'"awful"'),
    ],
)
def test_a_damaged_snapshot_of_before_is_refused(found: bytes, by: bytes) -> None:
    with pytest.raises(SourceError, match="x: the snapshot is damaged"):
        load_snapshot(BEFORE.replace(found, by), "x")


@pytest.mark.parametrize(
    ("found", "by"),
    [
        (b'"high"', b'"awful"'),
        (b'"high"', b"7"),
        (b'"high"', b'"high'),
        (b'"CVE-2"', b'"CVE-\xff"'),
        (b'"CVE-2"', b'"CVE-\xff2'),
        (b"[[", b"["),
        (b"[[", b"[[["),
        (b"[[", b"[{},["),
        (b"00:00Z", b'00:00Z",[],false,null,"more'),
        (b'"rows":', b'"rows": null, "raws":'),
        (b'"scanner"', b'"content":1,"scanner"'),
    ],
)
def test_a_damaged_snapshot_is_refused(found: bytes, by: bytes) -> None:
    saved = dump_snapshot(Snapshot(scans=put_together([(Scan("Trivy"), packed([PLAIN]))])))
    assert found in saved
    with pytest.raises(SourceError, match="x: the snapshot is damaged"):
        load_snapshot(saved.replace(found, by), "x")


def test_results_without_rows_are_no_results() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"schema": "auditor.snapshot/v1", "scans": {"rows": 3}}', type=Snapshot)
