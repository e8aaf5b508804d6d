"""Ctrl-C while the server hangs: the program ends at once, whatever threads wait in sockets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.apiserver import ApiServer, Fault, Hang
from tests.apistore import Store
from tests.sources.scanning import write_kubeconfig

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import sys
from auditor.inventory import Inventory
from auditor.sources.live import LiveOptions, collect
from auditor.sources.progress import Progress
try:
    collect(LiveOptions(kubeconfig=sys.argv[1]), Inventory(), Progress.on())
except KeyboardInterrupt:
    print("interrupted")
    sys.exit(130)
"""


@pytest.mark.parametrize("path", ["/version", "/api/v1/pods"], ids=["in the main thread", "in other threads"])
def test_ctrl_c_ends_at_once(tmp_path: Path, path: str) -> None:
    with ApiServer(Store()) as server:
        hang: Fault = Hang()
        server.inject(path, hang, hang, hang)
        server.inject("/apis/apps/v1/replicasets", hang, hang)
        config = write_kubeconfig(tmp_path / "k", server.url)
        program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(config)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        try:
            assert server.hanging.wait(30)
            started = time.monotonic()
            program.send_signal(signal.SIGINT)
            out, err = program.communicate(timeout=10)
            assert time.monotonic() - started < 5
        finally:
            program.kill()
            program.wait()
    assert (program.returncode, out, err) == (130, "interrupted\n", "")
