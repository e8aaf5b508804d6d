"""`python -m tests.bench live`: both encodings from a real API server (KUBEBUILDER_ASSETS), and what they cost it."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import urlsplit

from tests.bench.cluster import NAMESPACES, REPLICAS, pod
from tests.bench.encodings import Row, Run
from tests.live.conftest import ASSETS, Server, own_server

PODS = 10_000
_THREADS = 8
_TICKS = os.sysconf("SC_CLK_TCK")


def rows(folder: Path, best: Callable[[Sequence[str], int], Run], scan: Sequence[str], rounds: int) -> Iterator[Row]:
    if not ASSETS:
        raise SystemExit("set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver")
    client = [sys.executable, "-m", "tests.bench.client"]
    with own_server(folder, "--max-requests-inflight=0", "--enable-priority-and-fairness=false") as server:
        _fill(server)
        kubeconfig = str(server.kubeconfig)
        yield _compared(
            "bare GET", server, best, [[*client, name, kubeconfig] for name in ("bare", "bare-protobuf")], rounds
        )
        lists = [[*client, "list", kubeconfig, name] for name in ("json", "auto")]
        yield _compared("list, decode and fold", server, best, lists, rounds)
        scans = [[*scan, "--kubeconfig", kubeconfig, "--encoding", name] for name in ("json", "auto")]
        yield _compared("scan", server, best, scans, rounds)


def _compared(
    what: str, server: Server, best: Callable[[Sequence[str], int], Run], commands: Sequence[Sequence[str]], rounds: int
) -> Row:
    runs, costs = [], []
    for command in commands:
        before = _processor_seconds(server.pid)
        runs.append(best(command, rounds))
        costs.append((_processor_seconds(server.pid) - before) / rounds)
    json_run, protobuf = runs
    measured = (
        f"{json_run.seconds:.2f} s, {protobuf.seconds:.2f} s: {protobuf.seconds / json_run.seconds:.2f}x; "
        f"the server's processor time {costs[0]:.2f} s, {costs[1]:.2f} s: {costs[1] / costs[0]:.2f}x"
    )
    return (f"{what} of {PODS:,} pods from a real API server, JSON and protobuf", measured, "", "")


def _processor_seconds(pid: int) -> float:
    """Of a process so far, in user and system mode (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _fill(server: Server) -> None:
    nodes = max(3, PODS // 100)
    used = min(NAMESPACES, (PODS + REPLICAS - 1) // REPLICAS)
    connections = local()

    def send(method: str, path: str, body: dict[str, Any]) -> None:
        if not hasattr(connections, "held"):
            place = urlsplit(server.url)
            connections.held = http.client.HTTPSConnection(place.netloc, context=ssl._create_unverified_context())
        headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
        connections.held.request(method, path, json.dumps(body), headers)
        answer = connections.held.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {said[:300]!r}")

    def create(number: int) -> None:
        made = json.loads(pod(number, nodes))
        del made["metadata"]["resourceVersion"], made["metadata"]["uid"]
        path = f"/api/v1/namespaces/{made['metadata']['namespace']}/pods"
        send("POST", path, made)
        # A new pod's status is the server's own.
        send("PUT", f"{path}/{made['metadata']['name']}/status", made)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(
            pool.map(lambda n: send("POST", "/api/v1/namespaces", {"metadata": {"name": f"team-{n:03}"}}), range(used))
        )
        list(pool.map(lambda n: send("POST", "/api/v1/nodes", {"metadata": {"name": f"node-{n:04}"}}), range(nodes)))
        list(pool.map(create, range(PODS)))
