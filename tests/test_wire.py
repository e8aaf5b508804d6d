"""Decoding from several threads at once, which msgspec alone does not bear while its decoders are being made."""

from __future__ import annotations

import subprocess
import sys

from tests.auditing import ROOT

RACE = """
import sys, threading
sys.setswitchinterval(1e-6)
from auditor import wire
kinds = {resource.type for resource in wire.RESOURCES} | {wire.Partial}
start = threading.Barrier(len(kinds))
page = b'{"metadata": {}, "items": [{"metadata": {"name": "a", "ownerReferences": [{"kind": "x"}]}, "spec": {}}]}'
def read(kind):
    start.wait()
    for _ in range(20):
        assert wire.decode_page(kind, page).items[0].metadata.name == "a"
threads = [threading.Thread(target=read, args=(kind,)) for kind in kinds]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_first_decoding_in_many_threads() -> None:
    for _ in range(10):
        assert subprocess.run([sys.executable, "-c", RACE], cwd=ROOT, check=False).returncode == 0
