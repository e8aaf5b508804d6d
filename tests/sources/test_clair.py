"""Clair over loopback: what it answers, what it does not, and how one logs in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import UsageError
from auditor.evidence import Child, ImageEvidence, Platform
from auditor.model import Container, Owner, RunningImage, Shape, Snapshot
from auditor.registry.patience import Patience
from auditor.registry.transport import Transport
from auditor.scans.contents import unpacked
from auditor.sources.scan_results.clair_server import ask, clair_at
from auditor.sources.scan_results.files import Given
from tests.auditing import FIXTURES

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
REPOSITORY = "registry.example/shop/web"
REPORT = (FIXTURES / "scan-results" / "clair-4.8.json").read_bytes()  # of manifest B
PATH = "/matcher/api/v1/vulnerability_report/"
Answer = tuple[int, bytes]


@contextmanager
def clair(answer: Callable[[str], Answer]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server's address, and (path, Authorization) of what it was asked."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization", "")))
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.clair.index_report.v1+json")
            self.send_header("Content-Length", str(len(body)))
            if status in (301, 302):
                self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def running(*digests: str, evidence: tuple[ImageEvidence, ...] = ()) -> Snapshot:
    container = Container("web", "container", f"{REPOSITORY}:1")
    owners = tuple(
        Owner(
            "shop",
            "Deployment",
            f"web-{number}",
            shapes=(
                Shape(
                    "pods",
                    (container,),
                    pods=1,
                    running=(RunningImage("web", f"{REPOSITORY}@{digest}", "linux/amd64"),) if digest else (),
                ),
            ),
        )
        for number, digest in enumerate(digests)
    )
    return Snapshot(owners=owners, images=evidence)


class Clock:
    """Waits take no time, and yet it passes."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def patient(self, transport: Transport) -> Patience:
        return Patience(transport, self.sleep, lambda: self.now)


def asking(url: str, snapshot: Snapshot) -> Given:
    return ask(clair_at(url, None, None, "auditor"), snapshot, patient=Clock().patient)


def content(digest: str, *children: str) -> ImageEvidence:
    return ImageEvidence(
        REPOSITORY,
        digest=digest,
        children=tuple(Child(child, "linux/amd64") for child in children),
        platforms=tuple(Platform(child, "linux/amd64") for child in children),
    )


@pytest.mark.parametrize("status", [200, 201])
def test_a_report_whatever_its_status_and_content_type(status: int) -> None:
    with clair(lambda path: (status, REPORT)) as (url, asked):
        given = asking(url, running(B, B, evidence=(content(B),)))
    assert [path for path, _ in asked] == [f"{PATH}{B}"]
    assert not given.faults
    ((scan, found),) = given.scanned
    assert scan.digests == (B,)
    assert scan.at is not None
    assert len(unpacked(found)) == 3


def test_an_index_is_asked_for_by_its_platforms() -> None:
    with clair(lambda path: (200, REPORT)) as (url, asked):
        given = asking(url, running(A, evidence=(content(A, B),)))
    assert [path for path, _ in asked] == [f"{PATH}{B}"]
    assert len(given.scanned) == 1
    assert not given.faults


@pytest.mark.parametrize(
    ("evidence", "told"), [((content(B),), ""), ((), "--registry")], ids=["of a manifest", "maybe of an index"]
)
def test_no_report(evidence: tuple[ImageEvidence, ...], told: str) -> None:
    with clair(lambda path: (404, b'{"code": "not-found"}')) as (url, _):
        given = asking(url, running(B, evidence=evidence))
    assert not given.scanned
    assert bool(given.faults) == bool(told)
    assert told in "".join(given.faults)


def test_an_image_without_a_digest_cannot_be_asked_for() -> None:
    with clair(lambda path: (200, REPORT)) as (url, asked):
        given = asking(url, running(""))
    assert not asked
    assert "no digest" in given.faults[0]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (202, b"", "still starting"),
        (401, b"", "--clair-psk"),
        (403, b"", "--clair-psk"),
        (302, b"", "answered 302"),
        (400, b"{}", "answered 400"),
        (200, b"", "no report"),
        (200, b"<html>", "no report"),
        (200, REPORT[:500], "no report"),
        (200, b'{"manifest_hash": 7}', "no report"),
        (200, REPORT.replace(B.encode(), A.encode()), "another manifest"),
        (500, b"", ""),
    ],
)
def test_what_is_no_report_is_a_fault_said_once(status: int, body: bytes, told: str) -> None:
    with clair(lambda path: (status, body)) as (url, _):
        given = asking(url, running(B, C, evidence=(content(B), content(C))))
    assert not given.scanned
    assert len(given.faults) == 1
    assert told in given.faults[0]


def test_nobody_there() -> None:
    with clair(lambda path: (200, b"")) as (url, _):
        pass
    given = asking(url, running(B))
    assert len(given.faults) == 1


def test_logging_in_by_a_token_and_by_the_shared_key(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(base64.b64encode(b"fake-key-of-a-test").decode() + "\n")
    token = tmp_path / "token"
    token.write_text("fake-token\n")
    with clair(lambda path: (200, REPORT)) as (url, asked):
        for server in (clair_at(f"{url}/base/", str(token), None, ""), clair_at(url, None, str(key), "quay")):
            assert "fake" not in repr(server)
            assert ask(server, running(B)).scanned
    assert asked[0] == (f"/base{PATH}{B}", "Bearer fake-token")
    head, claims, signature = asked[1][1].removeprefix("Bearer ").split(".")
    made = hmac.new(b"fake-key-of-a-test", f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(f"{signature}==") == made
    assert json.loads(base64.urlsafe_b64decode(f"{head}==")) == {"alg": "HS256", "typ": "JWT"}
    said = json.loads(base64.urlsafe_b64decode(f"{claims}=="))
    assert (said["iss"], said["exp"] - said["iat"]) == ("quay", 300)


@pytest.mark.parametrize(
    ("url", "token", "key"),
    [
        ("clair:6060", None, None),
        ("http://user:fake-password@clair", None, None),
        ("http://clair/?a=b", None, None),
        ("http://clair", "nothing", None),
        ("http://clair", None, "nothing"),
        ("http://clair", "text", "text"),
        ("http://clair", None, "text"),
        ("http://clair", "empty", None),
        ("http://clair", None, "empty"),
    ],
)
def test_options_that_cannot_be(url: str, token: str | None, key: str | None, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("fake two words")
    (tmp_path / "empty").write_text("")
    files = [str(tmp_path / name) if name else None for name in (token, key)]
    with pytest.raises(UsageError) as told:
        clair_at(url, files[0], files[1], "auditor")
    assert "fake" not in str(told.value)
