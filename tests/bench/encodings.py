"""JSON against protobuf: the list of pods alone, and whole scans."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

Row = tuple[str, str, str, str]
Server = Callable[[int, str], AbstractContextManager[str]]
"""Of so many pods, in a mode of tests.bench.server; gives the path of a kubeconfig."""


class Run(Protocol):
    """Wall-clock seconds and peak resident MiB of a process."""

    @property
    def seconds(self) -> float: ...

    @property
    def mebibytes(self) -> float: ...


def rows(server: Server, best: Callable[[Sequence[str], int], Run], scan: Sequence[str], rounds: int) -> Iterator[Row]:
    client = [sys.executable, "-m", "tests.bench.client"]
    for mode, how, bound in (
        ("--encode", "the server encodes", 0.6),
        ("--ready", "ready bytes", None),
    ):
        with server(10_000, mode) as kubeconfig:
            bare = [best([*client, name, kubeconfig], rounds) for name in ("bare", "bare-protobuf")]
            lists = [best([*client, "list", kubeconfig, name], rounds) for name in ("json", "auto")]
            whole = [best([*scan, "--kubeconfig", kubeconfig, "--encoding", name], rounds) for name in ("json", "auto")]
        yield _compared(f"bare GET of 10,000 pods, {how}", bare, None)
        yield _compared(f"list, decode and fold 10,000 pods, {how}", lists, bound)
        yield _compared(f"scan of 10,000 pods, {how}", whole, None)
    with server(150_000, "") as kubeconfig:
        large = [best([*scan, "--kubeconfig", kubeconfig, "--encoding", name], 1) for name in ("json", "auto")]
    yield _compared("scan of 150,000 pods, from a template", large, 1.0)
    memory = [run.mebibytes for run in large]
    good = memory[1] <= min(400, memory[0])
    text = f"{memory[0]:.1f} MiB, {memory[1]:.1f} MiB: {memory[1] / memory[0]:.2f}x"
    yield ("peak memory of the scans, JSON and protobuf", text, "no higher, 400 MiB", "ok" if good else "MISSED")


def _compared(what: str, runs: Sequence[Run], bound: float | None) -> Row:
    json, protobuf = (run.seconds for run in runs)
    measured = f"{json:.2f} s, {protobuf:.2f} s: {protobuf / json:.2f}x"
    if bound is None:
        return (f"{what}, JSON and protobuf", measured, "", "")
    verdict = "ok" if protobuf / json <= bound else "MISSED"
    return (f"{what}, JSON and protobuf", measured, f"at most {bound:g}x", verdict)
