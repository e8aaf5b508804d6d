"""Lists in protobuf: what a real API server answered, against the same lists in JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from auditor.collect import dump_snapshot
from auditor.sources.encodings import Encoding
from tests.apiserver import ApiServer
from tests.replay import PROTOBUF, Replay
from tests.sources.scanning import Scan, scan

RECORDED = ("lists", "discovery", "protobuf")


def dumped(found: Scan) -> bytes:
    """The snapshot's bytes, without the time of the scan."""
    cluster = msgspec.structs.replace(found.snapshot.cluster, collected_at=None)
    return dump_snapshot(msgspec.structs.replace(found.snapshot, cluster=cluster))


@pytest.mark.parametrize("size", [500, 5])
def test_the_recorded_cluster_is_the_same_from_both_encodings(tmp_path: Path, size: int) -> None:
    snapshots: list[bytes] = []
    answers: list[int] = []
    encodings: tuple[Encoding, ...] = ("json", "auto")
    for encoding in encodings:
        with ApiServer(Replay(*RECORDED, "paged")) as server:
            found = scan(server, tmp_path, encoding=encoding, page_size=size)
        snapshots.append(dumped(found))
        answers.append(sum(PROTOBUF in request.header("accept") for request in server.requests))
    assert snapshots[0] == snapshots[1]
    assert answers[0] == 0
    assert answers[1] > 10
