"""`make profile`: the whole way of 10,000 pods: imports, requests, pages, checks, reports. By cumulative time, with the
peak of what each part allocates and what it leaves to the collector.

What runs in threads in a scan runs here in one, where cProfile sees it.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import re
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from auditor import wire
from auditor.engine import evaluate
from auditor.inventory import Inventory
from auditor.model import ClusterInfo, Snapshot
from auditor.packs import applicable, load_packs, select
from auditor.policy import Policy
from auditor.report import Report
from auditor.reporters import Options, render
from auditor.sources.configuration import identify
from auditor.sources.encodings import accepted
from auditor.sources.listing import Walk
from auditor.sources.reader import Reader
from auditor.sources.transport import Connection
from auditor.wire import decoding, protobuf
from tests.bench.__main__ import server
from tests.bench.cluster import PAGE, small_lists

T = TypeVar("T")

PODS = 10_000
ROWS = 25
_IMPORT = re.compile(r"import time: +([0-9]+) \| +([0-9]+) \| ( *)(\S+)")


def fetched(kubeconfig: str, encoding: str) -> list[bytes]:
    """Every page of the list of pods as it comes from the socket, its head read and nothing else of it."""
    pods = wire.BY_NAME["pods"]
    accept, instead = accepted(pods, "json" if encoding == "JSON" else "protobuf")
    connection = Connection(identify(kubeconfig, None), timeout=60, connections=1)
    walk = Walk(Reader(connection), pods.path(), limit=PAGE, accept=accept, instead=instead)
    pages = []
    while walk.more:
        pages.append(walk.next().body)
    connection.close()
    return pages


def read(decode: ModuleType, pages: list[bytes]) -> Snapshot:
    inventory = Inventory()
    listing = inventory.begin(wire.BY_NAME["pods"])
    for page in pages:
        listing.add(list(decode.decode_page(wire.Pod, page).items or ()))
    inventory.end(listing)
    listed = dict(small_lists(PODS))
    for resource in wire.RESOURCES:
        if resource.name != "pods":
            listing = inventory.begin(resource)
            if body := listed.get(resource.path()):
                listing.add(list(decoding.decode_page(resource.type, body).items or ()))
            inventory.end(listing)
    return inventory.snapshot(ClusterInfo("bench", version="v1.36.2"))


def judge(snapshot: Snapshot) -> Report:
    checks = applicable(select(load_packs(())), snapshot)
    return evaluate(snapshot, checks, Policy(), date(2026, 11, 22))


def profiled(what: str, work: Callable[[], T]) -> T:
    """What the work comes to. It runs three times: to be looked at by function, for its peak, and without a collector,
    which then tells how many objects only it could let go of."""
    print(f"\n== {what} ==")
    profile = cProfile.Profile()
    result = profile.runcall(work)
    pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(ROWS)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1] / (1 << 20)
    tracemalloc.stop()
    gc.collect()
    gc.disable()
    work()
    print(f"peak {peak:.1f} MiB; {gc.collect():,} objects were left to the collector")
    gc.enable()
    return result


def imports() -> None:
    """What a scan imports, by the time that it takes with all that it imports itself."""
    print("\n== imports of a scan of no files, the slowest ==")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "empty.yaml").write_text("apiVersion: v1\nkind: List\nitems: []\n")
        command = [sys.executable, "-X", "importtime", "-m", "auditor", "scan", "--fail-on", "never", "--from", folder]
        told = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    found = [(int(whole), int(own), name) for own, whole, _, name in _IMPORT.findall(told)]
    for whole, own, name in sorted(found, reverse=True)[:ROWS]:
        print(f"{whole / 1000:8.1f} ms, {own / 1000:6.1f} ms its own  {name}")
    print(f"{len(found)} modules, {sum(own for _, own, _ in found) / 1000:.0f} ms")


def main() -> None:
    imports()
    gc.set_threshold(50_000, 20, 20)  # as the command does
    with tempfile.TemporaryDirectory() as folder, server(PODS, folder=Path(folder)) as kubeconfig:
        pages = {
            name: profiled(f"{PODS:,} pods in {name}: asked for and come", lambda n=name: fetched(kubeconfig, n))  # type: ignore[misc]
            for name in ("JSON", "protobuf")
        }
    for name, decode in (("protobuf", protobuf), ("JSON", decoding)):
        what = f"{PODS:,} pods in {name}: decoded and folded"
        snapshot = profiled(what, lambda d=decode, n=name: read(d, pages[n]))  # type: ignore[misc]
    report = profiled("checks", lambda: judge(snapshot))
    for format in ("json", "table"):  # noqa: A001
        profiled(f"the report as {format}", lambda f=format: render(f, report, Options()))  # type: ignore[misc]


if __name__ == "__main__":
    main()
