"""Scans of a real API server that end before their time: by a signal, by credentials, by the server's own end."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from auditor.errors import SourceError
from auditor.inventory import Inventory
from auditor.sources.live import LiveOptions, collect
from tests.auditing import ROOT
from tests.live.conftest import Server, own_server
from tests.live.crowds import Hooked, populate
from tests.sources.certificates import Authority

LIVES = 6
"""Seconds."""


@dataclass
class Crowded:
    """A server with a list that takes its time, and an authority whose client certificates it takes."""

    server: Server
    authority: Authority


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowded]:
    folder = tmp_path_factory.mktemp("crowded")
    authority = Authority(folder, "clients")
    with own_server(folder, f"--client-ca-file={authority.path}") as server:
        populate(server, 100, size=200_000)
        yield Crowded(server, authority)


def test_a_certificate_that_expires_in_the_middle(crowded: Crowded, tmp_path: Path) -> None:
    """What was read until then is no audit: that the credentials ended is told."""
    began = time.monotonic()
    signed = crowded.authority.sign("short", group="system:masters", lives=timedelta(seconds=LIVES))
    document = yaml.safe_load(crowded.server.kubeconfig.read_text())
    document["users"][0]["user"] = {
        "client-certificate-data": base64.b64encode(signed.certificate.read_bytes()).decode(),
        "client-key-data": base64.b64encode(signed.key.read_bytes()).decode(),
    }
    config = tmp_path / "kubeconfig"
    config.write_text(yaml.safe_dump(document))
    options = LiveOptions(str(config), page_size=20, resources=("namespaces", "pods"))
    with pytest.raises(SourceError, match=r"does not accept the credentials \(401\)"):
        collect(options, Inventory(), Hooked(lambda: time.sleep(max(began + LIVES + 1 - time.monotonic(), 0))))


@contextmanager
def scanning(config: Path, *arguments: str, of: str = "") -> Iterator[subprocess.Popen[str]]:
    """A scan of which one list has come, of a certain cluster; it is gone in the end."""
    command = [sys.executable, "-m", "auditor", "scan", "--verbose", "--kubeconfig", str(config), *arguments]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stderr
        while not (" objects, pages: " in (line := running.stderr.readline()) and of in line):
            assert running.poll() is None
        yield running
    finally:
        running.kill()
        running.communicate()


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")]
)
def test_a_signal_in_the_middle(crowded: Crowded, tmp_path: Path, number: signal.Signals, code: int, word: str) -> None:
    with scanning(crowded.server.kubeconfig, "-o", f"json={tmp_path}/report.json") as running:
        running.send_signal(number)
        _, err = running.communicate(timeout=60)
    assert running.returncode == code
    assert f"auditor: {word}" in err
    assert list(tmp_path.iterdir()) == []


def test_one_of_two_servers_is_killed_in_the_middle(crowded: Crowded, tmp_path: Path) -> None:
    """It is last in this module, for nobody is there any more."""
    (tmp_path / "steady").mkdir()
    with own_server(tmp_path / "steady") as steady:
        populate(steady, 3)
        config = tmp_path / "kubeconfig"
        config.write_text(yaml.safe_dump(both(steady=steady, dying=crowded.server)))
        arguments = ("--all-contexts", "--fail-on=never", "-o", f"json={tmp_path}/report.json")
        with scanning(config, *arguments, of="dying") as running:
            os.kill(crowded.server.pid, signal.SIGKILL)
            _, err = running.communicate(timeout=300)
    assert (running.returncode, "Traceback" in err) == (3, False)
    report = json.loads((tmp_path / "report.json").read_text())
    rows = {row["name"]: row for row in report["clusters"]}
    assert (rows["steady"]["error"], rows["steady"]["summary"]["fail"] > 0) == (None, True)
    lost = {row["resource"] for row in report["coverage"] if row["cluster"] == "dying" and row["state"] == "failed"}
    assert lost
    assert "*" not in lost  # something had been read, and counts


def both(**servers: Server) -> dict[str, object]:
    """One kubeconfig of both, by name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "contexts": [{"name": name, "context": {"cluster": name, "user": "admin"}} for name in servers],
        "clusters": [
            {"name": name, "cluster": {"server": server.url, "insecure-skip-tls-verify": True}}
            for name, server in servers.items()
        ],
        "users": [{"name": "admin", "user": {"token": next(iter(servers.values())).token}}],
    }
