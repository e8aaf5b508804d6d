"""A real Pushgateway and a real Prometheus on loopback, and a page of metrics for it to read."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.real import program

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that a server is given to come up, and Prometheus to have scraped: none of the tests asks how fast."""


def patiently(look: Callable[[], T | None], what: str) -> T:
    """What `look` gives once it is neither None nor empty."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    pytest.fail(f"no {what} within {PATIENCE:.0f} seconds")


@contextmanager
def pushgateway(folder: Path, web: Mapping[str, Any] | None = None) -> Iterator[str]:
    """The address of a Pushgateway; `web` is its web configuration (TLS, users)."""
    more = []
    if web is not None:
        (folder / "web.yml").write_text(yaml.safe_dump(dict(web)))
        more = [f"--web.config.file={folder / 'web.yml'}"]
    command = [program("prometheus-pushgateway"), "--persistence.file=", *more]
    with _running(command, folder / "pushgateway.log") as address:
        yield address


def pushed(address: str) -> list[dict[str, str]]:
    """The labels of every `auditor_complete` that a gateway shows."""
    with urlopen(f"http://{address}/metrics") as response:
        families = list(text_string_to_metric_families(response.read().decode()))
    return [sample.labels for family in families for sample in family.samples if sample.name == "auditor_complete"]


@contextmanager
def prometheus(folder: Path, *targets: str, rules: Path | None = None) -> Iterator[str]:
    """The address of a Prometheus that reads the targets every second, their own labels before its own."""
    configuration: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [
            {"job_name": "auditor", "honor_labels": True, "static_configs": [{"targets": list(targets)}]}
        ],
    }
    if rules is not None:
        configuration["rule_files"] = [str(rules)]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    storage = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    with _running([program("prometheus"), *storage], folder / "prometheus.log") as address:
        patiently(lambda: _ready(address), "Prometheus that is ready")
        yield address


@contextmanager
def page(text: str) -> Iterator[str]:
    """The address of a server that shows these metrics."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def query(address: str, expression: str) -> list[dict[str, Any]]:
    """The series that an expression gives now; a test failure with Prometheus' words where it is none."""
    return list(ask(address, "query", query=expression)["result"])


def ask(address: str, what: str, **parameters: str) -> Any:
    """The data of an answer of Prometheus' HTTP API."""
    with urlopen(f"http://{address}/api/v1/{what}?{urlencode(parameters)}") as response:
        answer = json.load(response)
    assert answer["status"] == "success", answer
    return answer["data"]


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with log.open("wb") as output:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=output, stderr=output)
    try:
        patiently(lambda: process.poll() is not None or _listens(address), f"answer of {command[0]}")
        assert process.poll() is None, log.read_text()
        yield address
    finally:
        process.terminate()
        process.wait()


def _ready(address: str) -> bool:
    try:
        with urlopen(f"http://{address}/-/ready"):
            return True
    except HTTPError as error:
        error.close()
        return False


def _listens(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except OSError:
        return False
    return True
