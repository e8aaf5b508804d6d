"""`python -m tests.bench scans`: results of scanners, from the cluster, from files and from a snapshot.

Each of them twice: where images have vulnerabilities in common, and where hardly any two have one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import scan_files
from tests.bench.encodings import Row, Run
from tests.bench.vulnerabilities import EACH, KINDS, Kind

COUNT = 5_000
_SECONDS, _MEBIBYTES = 10, 300
_RATIO = 12
_CHECKS = ("vulnerable-image", "unscanned-image", "stale-scan")
Best = Callable[[Sequence[str], int], Run]
Server = Callable[[int, Kind], AbstractContextManager[tuple[str, str]]]
"""Of so many reports; gives its port and the path of a kubeconfig."""


def rows(folder: Path, server: Server, best: Best, scan: Sequence[str], rounds: int) -> Iterator[Row]:
    scan = [*scan, *(part for check in _CHECKS for part in ("--check", check))]
    for kind in KINDS:
        yield from _cluster(folder, server, best, scan, kind, rounds)
    for scanner in scan_files.SCANNERS:
        for kind in KINDS:
            with TemporaryDirectory(dir=folder) as place:
                scan_files.write(Path(place), scanner, kind, COUNT)
                source = ["--from", f"{place}/images.json", "--scan-results", f"{place}/results"]
                yield from _bounded(f"{COUNT:,} files of {scanner}, {kind}", best([*scan, *source], rounds))


def _cluster(folder: Path, server: Server, best: Best, scan: Sequence[str], kind: Kind, rounds: int) -> Iterator[Row]:
    what = f"{COUNT:,} VulnerabilityReports of {EACH}, {kind}"
    saved = str(folder / "scans.json.gz")
    with server(COUNT, kind) as (port, kubeconfig):
        bare = best([sys.executable, "-m", "tests.bench.scans", "bare", port], rounds)
        audit = best([*scan, "--kubeconfig", kubeconfig], rounds)
        saving = best([*scan, "--kubeconfig", kubeconfig, "--save-snapshot", saved], 1)
    yield (f"bare GET of {what}", f"{bare.seconds:.2f} s", "", "")
    yield from _bounded(what, audit)
    yield _row("the same / bare GET", audit.seconds / bare.seconds, "x", _RATIO)
    yield _row("the same with a snapshot saved, peak memory", saving.mebibytes, " MiB", 400)
    yield from _bounded("that snapshot", best([*scan, "--from", saved], rounds))


def _bounded(what: str, run: Run) -> Iterator[Row]:
    yield _row(f"scan of {what}", run.seconds, " s", _SECONDS)
    yield _row("the same, peak memory", run.mebibytes, " MiB", _MEBIBYTES)


def _row(what: str, value: float, unit: str, bound: float) -> Row:
    return (what, f"{value:.2f}{unit}", f"at most {bound:g}{unit}", "ok" if value <= bound else "MISSED")
