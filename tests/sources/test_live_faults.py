"""Every fault of the way and of the server, over a socket: tried again within bounds, then said in coverage."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from auditor import wire
from auditor.errors import SourceError
from auditor.sources import faults
from auditor.sources.reader import HURRIED, Reader
from auditor.sources.transport import JSON, Answer
from tests.apiserver import ApiServer, Close, Cut, Damage, Fault, Hang, Reply, Reset, Response, plain
from tests.apistore import Store
from tests.sources.scanning import named, pod, scan, write_kubeconfig

pytestmark = pytest.mark.usefixtures("encoding")

PODS = "/api/v1/pods"


@pytest.fixture
def server() -> Iterator[ApiServer]:
    store = Store()
    store.add("v1", "namespaces", [named("default"), named("kube-system")])
    store.add("v1", "pods", [pod(f"pod-{index:02}") for index in range(20)])
    with ApiServer(store) as serving:
        yield serving
    assert not store.violations


def broken_gzip(response: Response) -> Response:
    body = bytearray(gzip.compress(response.body))
    body[40:60] = bytes(20)
    return replace(response, body=bytes(body), headers={"Content-Encoding": "gzip"})


def cut_gzip(response: Response) -> Response:
    return replace(response, body=gzip.compress(response.body)[:-200], headers={"Content-Encoding": "gzip"})


def early_end(response: Response) -> Response:
    return replace(response, body=response.body[: len(response.body) // 2])


def garbled(response: Response) -> Response:
    half = len(response.body) // 2
    return replace(response, body=response.body[:half] + b'\x00"{' + response.body[half:])


PASSING: dict[str, Fault] = {
    "500": Reply(Response(500, b'{"kind":"Status","message":"etcdserver: leader changed","code":500}')),
    "502 from a proxy": plain(502, "<html>Bad Gateway</html>"),
    "503": plain(503, "service unavailable"),
    "504 with Retry-After": plain(504, "Timeout", retry_after="1"),
    "reset": Reset(),
    "closed without an answer": Close(),
    "closed within the status line": Close(b"HTTP/1.1 2"),
    "not HTTP": Close(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "cut off": Cut(500),
    "cut off before the first byte": Cut(0),
    "broken gzip": Damage(broken_gzip),
    "gzip that ends early": Damage(cut_gzip),
    "JSON that ends early": Damage(early_end),
    "damaged JSON": Damage(garbled),
    "empty body": Damage(lambda response: replace(response, body=b"")),
    "408": plain(408, ""),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
@pytest.mark.parametrize("where", ["", "continue="], ids=["first page", "later page"])
def test_what_passes_is_tried_again(tmp_path: Path, server: ApiServer, fault: Fault, where: str) -> None:
    server.inject(PODS, fault, fault, where=where)
    found = scan(server, tmp_path, page_size=7)
    row = found.row("pods")
    assert (row.state, row.count, row.complete, row.detail) == ("read", 20, True, "")
    assert server.count(PODS) == 3 + 2
    assert all(0 < wait <= 2 for wait in found.waits)


@pytest.mark.parametrize("fault", [f for name, f in PASSING.items() if name != "empty body"])
def test_what_does_not_pass_is_said_and_what_was_read_counts(tmp_path: Path, server: ApiServer, fault: Fault) -> None:
    server.inject(PODS, *[fault] * 100, where="continue=")
    found = scan(server, tmp_path, page_size=7)
    row = found.row("pods")
    assert (row.state, row.count, row.complete) == ("failed", 7 if not isinstance(fault, Damage) else row.count, False)
    assert "tries" in row.detail
    assert row.count in (7, 14)
    assert sum(len(owner.shapes) for owner in found.snapshot.owners) > 0
    assert 4 <= server.count(PODS) <= 20
    assert found.row("namespaces").state == "read"


def test_waits_grow(tmp_path: Path, server: ApiServer) -> None:
    server.inject(PODS, *[plain(503, "")] * 4)
    waits = scan(server, tmp_path).waits
    assert len(waits) == 4
    assert all(0.5 * 2**i * 0.5 <= wait <= 0.5 * 2**i for i, wait in enumerate(waits))


def test_retry_after_is_kept_whatever_the_body_is(tmp_path: Path, server: ApiServer) -> None:
    status = b'{"kind":"Status","status":"Failure","message":"storage is (re)initializing","reason":"TooManyRequests"}'
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    server.inject(
        PODS,
        plain(429, "Too many requests, please try again later.\n", retry_after="1"),
        Reply(Response(429, status, {"Retry-After": "7"})),
        plain(429, "", retry_after=soon),
        plain(429, "", retry_after="86400"),
        plain(429, "", retry_after="-1"),
    )
    found = scan(server, tmp_path)
    assert found.row("pods").state == "read"
    assert found.waits[:2] == [1, 7]
    assert 25 < found.waits[2] <= 30
    assert found.waits[3] == 60
    assert 0 < found.waits[4] < 20


def test_429_is_given_up_after_eight_tries(tmp_path: Path, server: ApiServer) -> None:
    server.inject(PODS, *[plain(429, "Too many requests, please try again later.", retry_after="1")] * 100)
    found = scan(server, tmp_path)
    assert server.count(PODS) == 8
    assert found.row("pods").state == "failed"
    assert "answered 429: Too many requests" in found.row("pods").detail


def test_a_hanging_list_fails_after_two_time_limits(tmp_path: Path, server: ApiServer) -> None:
    server.inject(PODS, Hang(), Hang(), Hang())
    found = scan(server, tmp_path, timeout=0.2)
    assert found.row("pods").state == "failed"
    assert "no answer in time" in found.row("pods").detail
    assert server.count(PODS) == 2
    assert found.row("namespaces").state == "read"


def test_a_token_that_expires_during_the_scan_ends_it(tmp_path: Path, server: ApiServer) -> None:
    server.inject(PODS, None, plain(401, "Unauthorized"), where="limit")
    with pytest.raises(SourceError, match="does not accept the credentials"):
        scan(server, tmp_path, page_size=7)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(200, b"<html>Please log in</html>", {}, "text/html"), "text/html that is not what was asked for"),
        (Response(200, b'{"kind":"Status","status":"Success"}'), "Status, which is not a list"),
        (Response(200, b"{}"), "not a list"),
        (Response(200, b"[]"), "not what was asked for"),
        (Response(200, b'"PodList"'), "not what was asked for"),
        (Response(302, b"", {"Location": "https://login.example/?token=abc"}), "answered 302"),
        (Response(400, b'{"kind":"Status","message":"bad things"}'), "answered 400: bad things"),
        (Response(404, b"404 page not found\n", {}, "text/plain"), "answered 404: 404 page not found"),
        (Response(406, b""), "answered 406"),
        (Response(200, b'{"kind":"PodList","metadata":{"continue":7},"items":[]}'), "not what was asked for"),
    ],
)
def test_what_is_no_list_is_not_tried_again(tmp_path: Path, server: ApiServer, answer: Response, reason: str) -> None:
    server.inject(PODS, *[Reply(answer)] * 3)
    found = scan(server, tmp_path)
    row = found.row("pods")
    assert (row.state, row.complete) == ("failed", False)
    assert reason in row.detail
    assert server.count(PODS) == (2 if answer.status == 406 else 1)  # after a 406, once more for JSON alone


def test_rights_that_are_taken_away_half_way(tmp_path: Path, server: ApiServer) -> None:
    server.inject(PODS, Reply(Response(403, b'{"kind":"Status","message":"no longer"}')), where="continue=")
    row = scan(server, tmp_path, page_size=7).row("pods")
    assert (row.state, row.count) == ("failed", 7)
    assert "answered 403: no longer" in row.detail


def test_a_login_page_everywhere_is_no_cluster(tmp_path: Path) -> None:
    with ApiServer(lambda request: Response(200, b"<html>", {}, "text/html")) as server:
        with pytest.raises(SourceError, match="text/html") as caught:
            scan(server, tmp_path)
        assert len(server.requests) < len(wire.RESOURCES) + 5  # each once
    assert "login" in caught.value.advice


def test_a_server_that_knows_none_of_the_paths_is_no_cluster(tmp_path: Path) -> None:
    backend = ApiServer(lambda request: Response(404, b"not here", {}, "text/plain"))
    with backend as server, pytest.raises(SourceError, match="answered 404: not here"):
        scan(server, tmp_path)


def test_a_server_that_is_ill_is_given_up_quickly(tmp_path: Path) -> None:
    with ApiServer(lambda request: Response(503, b"no backend", {}, "text/plain")) as server:
        with pytest.raises(SourceError, match="answered 503: no backend"):
            scan(server, tmp_path)
        assert len(server.requests) == 3


def test_a_server_that_dies_during_the_scan_is_given_up_quickly(tmp_path: Path, server: ApiServer) -> None:
    for path in {"/apis", *(resource.path() for resource in wire.RESOURCES)}:
        server.inject(path, *[Reset()] * 100)
    with pytest.raises(SourceError, match="broke off the connection"):
        scan(server, tmp_path)
    assert len(server.requests) < len(wire.RESOURCES) + 50


def test_a_server_that_answers_no_list_is_soon_left_alone(tmp_path: Path, server: ApiServer) -> None:
    """As one whose etcd hangs: that costs a few time limits, and not one for every kind."""
    paths = {resource.path() for resource in wire.RESOURCES}
    for path in paths:
        server.inject(path, *[Hang()] * 100)
    with pytest.raises(SourceError, match="no answer in time"):
        scan(server, tmp_path, timeout=0.2)
    assert sum(server.count(path) for path in paths) <= 20


class Slow:
    """Answers every list after a minute, as an API server does whose etcd hangs, and discovery at once."""

    host = "slow"

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0

    def get(self, path: str, accept: str = JSON) -> Answer:
        if path == "/apis":
            return Answer(200, {}, b"{}")
        self.asked += 1
        self.now += 60
        body = b'{"kind":"Status","message":"Timeout: request did not complete within the allotted timeout","code":504}'
        return Answer(504, {}, body)


def test_a_server_that_tells_its_own_timeout_is_soon_left_alone() -> None:
    slow = Slow()
    reader, given = Reader(slow, lambda seconds: None, lambda: slow.now), list[faults.Fault]()
    for _ in range(20):
        with suppress(faults.Fault):
            reader.get("/apis", patience=HURRIED)
        with pytest.raises(faults.Fault) as caught:
            reader.get("/api/v1/pods")
        given.append(caught.value)
    assert given[0].reason.startswith("it answered 504: Timeout")
    assert given[0].reason.endswith("(2 tries)")
    assert given[-1].reason.startswith("not asked any more")
    assert {fault.kind for fault in given} == {"timeout"}
    assert slow.asked == 3 * 2 + 5


def test_nobody_listens(tmp_path: Path) -> None:
    with ApiServer(Store()) as server:
        pass
    with pytest.raises(SourceError, match="refused the connection") as caught:
        scan(server, tmp_path)
    assert caught.value.advice


def test_a_name_that_does_not_exist(tmp_path: Path) -> None:
    with ApiServer(Store()) as server:
        config = write_kubeconfig(tmp_path / "k", "https://no-such-host.invalid:6443")
        with pytest.raises(SourceError, match=r"no-such-host\.invalid is not known here"):
            scan(server, tmp_path, kubeconfig=config)
