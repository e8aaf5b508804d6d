"""`make profile`: the whole way of 10,000 pods, page by page, and the checks after it, by cumulative time.

What runs in threads in a scan runs here in one, where cProfile sees it.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
from collections.abc import Callable
from datetime import date
from types import ModuleType

from auditor import wire
from auditor.engine import evaluate
from auditor.inventory import Inventory
from auditor.model import ClusterInfo, Snapshot
from auditor.packs import load_packs
from auditor.policy import Policy
from auditor.reporters import Options, render
from auditor.wire import decoding, protobuf
from tests.bench.cluster import PAGE, pod_page

PODS = 10_000
ROWS = 25


def read(decode: ModuleType, pages: list[bytes]) -> Snapshot:
    inventory = Inventory()
    listing = inventory.begin(wire.BY_NAME["pods"])
    for page in pages:
        listing.add(list(decode.decode_page(wire.Pod, page).items or ()))
    inventory.end(listing)
    return inventory.snapshot(ClusterInfo("bench"))


def judge(snapshot: Snapshot) -> str:
    report = evaluate(snapshot, load_packs(()), Policy(), date(2026, 11, 22))
    return render("json", report, Options(80, False, 0, "never", True))


def profiled(what: str, work: Callable[[], object]) -> None:
    print(f"\n== {what} ==")
    profile = cProfile.Profile()
    profile.runcall(work)
    pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(ROWS)


def main() -> None:
    gc.set_threshold(50_000, 20, 20)  # as the command does
    for name, decode in (("JSON", decoding), ("protobuf", protobuf)):
        pages = [pod_page(page, PODS, protobuf=decode is protobuf) for page in range(PODS // PAGE)]
        profiled(f"{PODS:,} pods in {name}: decoded and folded", lambda d=decode, p=pages: read(d, p))  # type: ignore[misc]
    snapshot = read(decoding, [pod_page(page, PODS) for page in range(PODS // PAGE)])
    profiled("checks, and the JSON report", lambda: judge(snapshot))


if __name__ == "__main__":
    main()
