"""`make bench`: whole processes against one loopback server, in one run; ratios, not seconds, are what counts."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate

from tests.bench import encodings, live, policies, registry, scan_rows
from tests.bench.vulnerabilities import Kind

ROOT = Path(__file__).resolve().parents[2]
AUDITOR = [sys.executable, "-m", "auditor"]
CLIENT = [sys.executable, "-m", "tests.bench.client"]
REGISTRY = [sys.executable, "-m", "tests.bench.registry"]
SCANS = [sys.executable, "-m", "tests.bench.scans"]
ROUNDS = 3
_FLEET = 8


class Run(NamedTuple):
    """Wall-clock seconds and peak resident MiB of one process."""

    seconds: float
    mebibytes: float


def contexts(kubeconfig: str, count: int) -> str:
    """A kubeconfig with so many contexts, each of a cluster of its own name, all served as the one of the first is."""
    text = Path(kubeconfig).read_text()
    address = text.partition("server: '")[2].partition("'")[0]
    path = Path(f"{kubeconfig}-{count}")
    path.write_text(
        "apiVersion: v1\nkind: Config\nusers: [{name: bench, user: {token: fake-token}}]\nclusters:\n"
        + "".join(f"- {{name: bench-{n}, cluster: {{server: '{address}'}}}}\n" for n in range(count))
        + "contexts:\n"
        + "".join(f"- {{name: bench-{n}, context: {{cluster: bench-{n}, user: bench}}}}\n" for n in range(count))
    )
    return str(path)


@contextmanager
def server(pods: int, *, folder: Path, mode: str = "") -> Iterator[str]:
    """A server in a process of its own; yields the path of a kubeconfig for it."""
    command = [sys.executable, "-m", "tests.bench.server", str(pods), *([mode] if mode else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        yield kubeconfig_for(port, folder / f"kubeconfig-{pods}")
    finally:
        process.kill()
        process.wait()


def kubeconfig_for(port: int, path: Path) -> str:
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: bench\n"
        f"clusters: [{{name: bench, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\n"
        "users: [{name: bench, user: {token: fake-token}}]\n"
        "contexts: [{name: bench, context: {cluster: bench, user: bench}}]\n"
    )
    return str(path)


@contextmanager
def reports(count: int, kind: Kind, *, folder: Path) -> Iterator[tuple[str, str]]:
    """An API server with Trivy Operator's reports in a process of its own; yields its port and a kubeconfig's path."""
    process = subprocess.Popen([*SCANS, "serve", str(count), kind], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        yield str(port), kubeconfig_for(port, folder / f"kubeconfig-reports-{kind}")
    finally:
        process.kill()
        process.wait()


@contextmanager
def images(count: int) -> Iterator[str]:
    """A registry in a process of its own; yields its address."""
    process = subprocess.Popen([*REGISTRY, "serve", str(count)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def run(command: Sequence[str], allowed: Sequence[int] = (0,)) -> Run:
    """One whole process, start-up included."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return Run(seconds, usage.ru_maxrss / 1024)


def best(command: Sequence[str], rounds: int = ROUNDS, allowed: Sequence[int] = (0,)) -> Run:
    """The quickest of some runs, with the highest peak: what the machine did beside is in the others."""
    runs = [run(command, allowed) for _ in range(rounds)]
    return Run(min(r.seconds for r in runs), max(r.mebibytes for r in runs))


def scanning(folder: Path) -> list[str]:
    return [*AUDITOR, "scan", "--fail-on", "never", "--allow-incomplete", "-o", f"json={folder / 'report.json'}"]


def compared(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """The rows about encodings, which `python -m tests.bench encodings` gives alone."""
    return encodings.rows(lambda pods, mode: server(pods, mode=mode, folder=folder), best, scanning(folder), ROUNDS)


def from_a_real_server(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """The rows that `python -m tests.bench live` gives; no part of `make bench`, which needs no cluster."""
    return live.rows(folder, best, scanning(folder), ROUNDS)


def of_scanners(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """The rows about results of scanners, which `python -m tests.bench scans` gives alone."""
    return scan_rows.rows(
        folder, lambda count, kind: reports(count, kind, folder=folder), best, scanning(folder), ROUNDS
    )


def rows(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """(what, measured, bound, verdict), each as soon as it is known."""
    scan = scanning(folder)

    def row(what: str, value: float, unit: str, bound: float, *, least: bool = False) -> tuple[str, str, str, str]:
        good = value >= bound if least else value <= bound
        return (
            what,
            f"{value:.2f}{unit}",
            f"{'at least' if least else 'at most'} {bound:g}{unit}",
            "ok" if good else "MISSED",
        )

    typer = best([sys.executable, "-c", "import typer"], 10)
    version = best([*AUDITOR, "--version"], 10)
    yield row("auditor --version / import typer", version.seconds / typer.seconds, "x", 2)
    with server(10_000, mode="--ready", folder=folder) as kubeconfig:
        bare = best([*CLIENT, "bare", kubeconfig])
        audit = best([*scan, "--kubeconfig", kubeconfig])
        typed = best([*CLIENT, "typed", kubeconfig], 1)
        # Metrics are short: what is compared is the reading of clusters, not the writing of one long report.
        metrics = [*AUDITOR, *scan[3:-1], f"prometheus={folder / 'report.prom'}"]
        fleet = [*metrics, "--kubeconfig", contexts(kubeconfig, _FLEET), "--all-contexts", "--parallel"]
        alone = best([*metrics, "--kubeconfig", kubeconfig], 1)
        one_by_one = best([*fleet, "1"], 1)
        at_once = best([*fleet, "4"], 1)
    yield ("bare GET of 10,000 pods", f"{bare.seconds:.2f} s", "", "")
    yield ("scan of 10,000 pods", f"{audit.seconds:.2f} s", "", "")
    yield ("kubernetes client's typed list of 10,000 pods", f"{typed.seconds:.2f} s", "", "")
    yield row("scan / bare GET, 10,000 pods", audit.seconds / bare.seconds, "x", 5)
    yield row("typed list / scan, 10,000 pods", typed.seconds / audit.seconds, "x", 8, least=True)
    yield row("peak memory of the scan, 10,000 pods", audit.mebibytes, " MiB", 200)
    yield (f"scan of {_FLEET} clusters of 10,000 pods, one by one", f"{one_by_one.seconds:.2f} s", "", "")
    yield (f"scan of {_FLEET} clusters of 10,000 pods, 4 at a time", f"{at_once.seconds:.2f} s", "", "")
    yield row("4 at a time / one by one, seconds", at_once.seconds / one_by_one.seconds, "x", 1.25)
    yield row("4 at a time / one by one, peak memory", at_once.mebibytes / one_by_one.mebibytes, "x", 2.5)
    yield row(
        f"{_FLEET} clusters one by one / one cluster, peak memory", one_by_one.mebibytes / alone.mebibytes, "x", 2
    )
    yield from compared(folder)
    saved = str(folder / "snapshot.json.gz")
    with server(150_000, folder=folder) as kubeconfig:
        large = run([*scan, "--kubeconfig", kubeconfig, "--save-snapshot", saved])
    yield ("scan of 150,000 pods, pages made while served", f"{large.seconds:.2f} s", "", "")
    yield row("peak memory of the scan, 150,000 pods", large.mebibytes, " MiB", 400)
    again = best([*scan, "--from", saved])
    yield row("scan of the saved snapshot of 150,000 pods", again.seconds, " s", 10)
    without = best([*scan, "--from", policies.write(folder / "without.json", with_policies=False)])
    guarded = best([*scan, "--from", policies.write(folder / "with.json", with_policies=True)])
    yield row("500 namespaces x 60 image policies, more than without", guarded.seconds - without.seconds, " s", 2)
    yield from of_scanners(folder)
    with images(300) as host:
        bare = best([*REGISTRY, "bare", host, "300"])
        source = registry.manifests(folder, host, 300)
        snapshot = [*AUDITOR, "snapshot", "-o", str(folder / "images.json.gz"), "--from", source]
        asking = [*snapshot, "--registry", "--registry-plain-http", host, "--registry-allow-private", "127.0.0.1"]
        unasked = best(snapshot)
        asked = best([*asking, "--no-registry-cache"])
        run([*asking, "--registry-cache", str(folder / "cache")])
        warm = best([*asking, "--registry-cache", str(folder / "cache")])
    cold = asked.seconds - unasked.seconds
    yield ("1,500 bare requests about 300 images, one after the other", f"{bare.seconds:.2f} s", "", "")
    yield ("asking the registry, a new image", f"{cold / 300 * 1000:.2f} ms", "", "")
    yield row("asking about 300 new images / the bare requests", cold / bare.seconds, "x", 3)
    yield row("the same with a warm cache / new", (warm.seconds - unasked.seconds) / cold, "x", 0.6)


def main() -> int:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder:
        table = []
        kinds = {"encodings": compared, "scans": of_scanners, "live": from_a_real_server}
        for line in kinds.get("".join(sys.argv[1:]), rows)(Path(folder)):
            print(f"  {line[0]}: {line[1]}", file=sys.stderr)
            table.append(line)
    print(tabulate(table, ("what", "measured", "bound", ""), disable_numparse=True))
    return int(any(line[3] == "MISSED" for line in table))


if __name__ == "__main__":
    sys.exit(main())
