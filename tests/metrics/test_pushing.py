"""Pushing: into a real Pushgateway, read by a real Prometheus; errors that say what to do and nothing secret."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from auditor.cli import run
from auditor.errors import AuditorError
from auditor.pushing import Gateway, parse_gateway, push, push_report
from auditor.reporters import Options
from tests.auditing import FIXTURES
from tests.metrics.nights import three_clusters
from tests.metrics.servers import patiently, prometheus, pushed, pushgateway, query
from tests.real import program
from tests.sources.certificates import Authority

SHOP = ["scan", "--from", str(FIXTURES / "clusters/shop"), "--fail-on", "never", "--allow-incomplete"]
TEXT = "# TYPE auditor_complete gauge\nauditor_complete 1.0\n"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pushgateway(tmp_path_factory.mktemp("gateway")) as address:
        yield address


def test_a_scan_arrives_in_prometheus(gateway: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "auditor.prom"
    assert run([*SHOP, "-o", f"prometheus={text}", "--pushgateway", f"http://{gateway}"]) == 0
    assert capsys.readouterr().err == ""
    written = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.read_text())
        for sample in family.samples
    }
    with prometheus(tmp_path, gateway) as server:
        found = patiently(lambda: query(server, '{job="auditor", cluster="larkspur-prod"}'), "pushed metrics")
    pushed_ones = {
        (labels.pop("__name__"), frozenset((k, v) for k, v in labels.items() if k not in ("job", "instance"))): value
        for labels, value in ((dict(row["metric"]), float(row["value"][1])) for row in found)
    }
    # An empty label is none; the gateway adds two metrics of its own.
    expected = {(name, frozenset((k, v) for k, v in labels if v)): value for (name, labels), value in written.items()}
    own = {key for key in pushed_ones if not key[0].startswith("auditor_")}
    assert {name for name, _ in own} == {"push_time_seconds", "push_failure_time_seconds"}
    assert {key: value for key, value in pushed_ones.items() if key not in own} == expected


@pytest.mark.parametrize(
    "name", ["prod", "arn:aws:eks:eu/prod", "..", ".", "a b+c%2F?#", "größe", "x\u202ey", "-", "@"]
)
def test_any_cluster_can_be_the_group(gateway: str, name: str) -> None:
    push(Gateway(f"http://{gateway}"), TEXT, name)
    shown = name.replace("\u202e", "\\u{202e}")
    assert {"job": "auditor", "cluster": shown, "instance": ""} in pushed(gateway)


def test_no_name_is_no_label(gateway: str) -> None:
    push(parse_gateway(f"http://{gateway}/"), TEXT)
    assert {"job": "auditor", "instance": ""} in pushed(gateway)


def test_a_group_of_ones_own_overrides_the_name(gateway: str) -> None:
    push(parse_gateway(f"http://{gateway}/metrics/job/nightly/cluster/eu-1/team@base64/YS9i"), TEXT, "in-cluster")
    assert {"job": "nightly", "cluster": "eu-1", "team": "a/b", "instance": ""} in pushed(gateway)


def test_several_clusters_are_one_group(gateway: str) -> None:
    push_report(parse_gateway(f"http://{gateway}/metrics/job/fleet"), three_clusters(), Options(exit_code=3))
    fleet = [labels for labels in pushed(gateway) if labels["job"] == "fleet"]
    assert sorted(labels["cluster"] for labels in fleet) == ["east", "north", "west"]


def test_the_next_push_replaces_the_one_before(gateway: str) -> None:
    push(Gateway(f"http://{gateway}"), "# TYPE auditor_gone gauge\nauditor_gone 1\n" + TEXT, "replaced")
    push(Gateway(f"http://{gateway}"), TEXT, "replaced")
    with urlopen(f"http://{gateway}/metrics") as response:
        assert "auditor_gone" not in response.read().decode()


def test_tls_and_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    signed = authority.sign("server", "127.0.0.1")
    secret = "p@ss/wörd:#1"
    line = subprocess.run(
        [program("htpasswd"), "-nbB", "-C", "4", "audit", secret], capture_output=True, text=True, check=True
    ).stdout
    web = {
        "tls_server_config": {"cert_file": str(signed.certificate), "key_file": str(signed.key)},
        "basic_auth_users": {"audit": line.strip().partition(":")[2]},
    }
    encoded = "p%40ss%2Fw%C3%B6rd%3A%231"
    with pushgateway(tmp_path, web) as address:
        with pytest.raises(AuditorError, match=r"its certificate is not trusted: ") as untrusted:
            push(parse_gateway(f"https://audit:{encoded}@{address}"), TEXT, "x")
        assert "SSL_CERT_FILE" in untrusted.value.advice
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
        push(parse_gateway(f"https://audit:{encoded}@{address}"), TEXT, "x")
        with pytest.raises(
            AuditorError, match=rf"^the metrics could not be pushed to https://{address}/.*: it answered 401"
        ):
            push(parse_gateway(f"https://audit:wrong@{address}"), TEXT, "x")
        with pytest.raises(AuditorError, match=r"it answered 401 Unauthorized$"):
            push(parse_gateway(f"https://{address}"), TEXT, "x")
        with pytest.raises(AuditorError, match=r"it answered 400 Bad Request$"):
            push(parse_gateway(f"http://{address}"), TEXT, "x")


def test_metrics_that_the_gateway_refuses(gateway: str) -> None:
    with pytest.raises(AuditorError, match=r"it answered 400 Bad Request$") as refused:
        push(Gateway(f"http://{gateway}"), "auditor_complete one\n", "broken")
    assert "log" in refused.value.advice


@contextmanager
def answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything so, and the requests that it got."""
    got: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            got.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status, "hostile \x1b[31m phrase")
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", got
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (302, "it answered 302 Found"),
        (404, "it answered 404 Not Found"),
        (503, "it answered 503 Service Unavailable"),
        (799, "it answered 799"),
    ],
)
def test_other_answers(status: int, said: str) -> None:
    page = answering(status, {"Location": "/elsewhere"}, b"s3cret \x1b[31m")
    with page as (address, got), pytest.raises(AuditorError) as refused:
        push(parse_gateway(f"http://audit:s3cret@{address}/base"), TEXT, "x")
    assert (
        str(refused.value)
        == f"the metrics could not be pushed to http://{address}/base/metrics/job/auditor/cluster/x: {said}"
    )
    assert refused.value.advice
    assert got == ["PUT /base/metrics/job/auditor/cluster/x"]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_nobody_listens() -> None:
    with pytest.raises(AuditorError, match=r": Connection refused$"):
        push(Gateway(f"http://127.0.0.1:{free_port()}"), TEXT, "x")


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(AuditorError, match=r": its name is not known here$"):
        push(Gateway("http://pushgateway.invalid"), TEXT, "x")


def test_no_answer() -> None:
    said = r": no answer within 0\.1 seconds$"
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(AuditorError, match=said):
        push(Gateway(f"http://127.0.0.1:{server.getsockname()[1]}"), TEXT, "x", timeout=0.1)


@pytest.mark.parametrize("words", [b"", b"220 mail.example ESMTP\r\n", b"HTTP/1.1 banana\r\n\r\n"])
def test_something_else_answers(words: bytes) -> None:
    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(words)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=[server], daemon=True).start()
        with pytest.raises(AuditorError, match=r": the connection failed \(\w+\)$"):
            push(Gateway(f"http://127.0.0.1:{server.getsockname()[1]}"), TEXT, "x")


def test_tls_where_there_is_none(gateway: str) -> None:
    with pytest.raises(AuditorError, match="no TLS connection came about") as refused:
        push(Gateway(f"https://{gateway}"), TEXT, "x")
    assert "http://" in refused.value.advice


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("http://h", Gateway("http://h")),
        ("HTTPS://H:9091/base/", Gateway("https://h:9091/base")),
        ("http://u:p%40%2F@[::1]:9091", Gateway("http://[::1]:9091", "u", "p@/")),
        ("http://u@h", Gateway("http://h", "u", "")),
        ("http://h/metrics/job/a/cluster@base64/eA", Gateway("http://h/metrics/job/a/cluster@base64/eA")),
        ("http://h/metrics/job@base64/YQ/", Gateway("http://h/metrics/job@base64/YQ")),
    ],
)
def test_addresses(text: str, parsed: Gateway) -> None:
    assert parse_gateway(text) == parsed


@pytest.mark.parametrize(
    "text",
    [
        *("", "gateway:9091", "ftp://u:s3cret@h", "http://", "http:///x", "http://[::1", "http://u:s3cret@h:port"),
        *("http://u:s3cret@h:99999", "http://u:s3cret@h/?a=b", "http://u:s3cret@h/#f", "http://h/a b", "http://h/ü"),
        # A password that is not percent-encoded: parts of it look like a port, a path, a fragment.
        *("http://u:s3cret/more@h", "http://u:12/s3cret@h", "http://u:12#s3cret@h", "http://u:12?s3cret@h"),
        *("http://u:s3cret@a..b", "http://größe", "http://h/metrics/job/a/cluster", "http://h/metrics/job/"),
        *("http://h/metrics/job//x", "http://h/%zz", "http://h/x\x1b[31m", f"http://{'a' * 64}.example"),
    ],
)
def test_what_is_no_address_stops_the_scan_before_it_starts(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*SHOP, "-o", f"json={tmp_path / 'report.json'}", "--pushgateway", text]) == 2
    told = capsys.readouterr().err
    assert told.startswith("auditor: --pushgateway")
    assert "s3cret" not in told
    assert not list(tmp_path.iterdir())


def test_a_gateway_is_shown_without_its_password() -> None:
    assert "s3cret" not in repr(parse_gateway("http://u:s3cret@h"))


def test_what_cannot_be_delivered_ends_with_4_after_the_reports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(503, {}, b"s3cret") as (address, got):
        monkeypatch.setenv("AUDITOR_PUSHGATEWAY", f"http://audit:s3cret@{address}")
        assert run([*SHOP, "-o", f"json={tmp_path / 'report.json'}"]) == 4
    assert got == ["PUT /metrics/job/auditor/cluster/larkspur-prod"]
    assert (tmp_path / "report.json").stat().st_size
    told = capsys.readouterr()
    assert "could not be pushed" in told.err
    assert "s3cret" not in told.err + told.out


def test_a_failed_audit_pushes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(202, {}, b"") as (address, got):
        missing = ["scan", "--from", str(tmp_path / "missing"), "--pushgateway", f"http://{address}"]
        assert run(missing) == 4
        (tmp_path / "policy.yaml").write_text("version: 2\n")
        wrong = [*SHOP, "--policy", str(tmp_path / "policy.yaml"), "--pushgateway", f"http://{address}"]
        assert run(wrong) == 2
    assert got == []
