"""Scan results from beside the cluster into a snapshot."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor.model import SCAN_RESULTS, Coverage, Snapshot
from auditor.scans.contents import Scanned, put_together

_GIVEN = SCAN_RESULTS[1]


def with_scans(snapshot: Snapshot, scanned: Iterable[Scanned], faults: Iterable[str]) -> Snapshot:
    """The snapshot with further results, and what became of them in its coverage: a fault is what was not read."""
    results = list(scanned)
    rows = [Coverage(_GIVEN, "failed", detail=fault, complete=False) for fault in dict.fromkeys(faults)]
    if results:
        rows.insert(0, Coverage(_GIVEN, "read", count=len(results)))
    return msgspec.structs.replace(
        snapshot,
        scans=put_together([*snapshot.scans.scanned(), *results]) if results else snapshot.scans,
        coverage=(*snapshot.coverage, *rows),
    )
