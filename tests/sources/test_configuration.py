"""Credentials: tokens, token files, basic, exec plugins, impersonation, and the service account of a pod."""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import SourceError
from auditor.sources.configuration import identify
from auditor.sources.transport import Connection
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.sources.certificates import Authority
from tests.sources.scanning import scan, write_kubeconfig

API = "client.authentication.k8s.io/v1"


def plugin(folder: Path, body: str, **rest: Any) -> dict[str, Any]:
    """An exec entry for a script; `status` in the body is what it answers with."""
    script = folder / "plugin.py"
    script.write_text(
        "import json, os, sys\n"
        f"head = {{'apiVersion': {API!r}, 'kind': 'ExecCredential'}}\n"
        "def answer(**status): print(json.dumps({**head, 'status': status}))\n"
        f"count = open({str(folder / 'runs')!r}, 'a'); count.write('x'); count.close()\n{body}\n"
    )
    return {"exec": {"apiVersion": API, "command": sys.executable, "args": [str(script)], **rest}}


def seen_by(server: ApiServer, folder: Path, user: dict[str, Any]) -> list[str]:
    connection = Connection(
        identify(str(write_kubeconfig(folder / "k", server.url, user)), None), timeout=5, connections=2
    )
    connection.get("/version")
    connection.get("/version")
    connection.close()
    return [request.header("authorization") for request in server.requests]


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({"token": "abc"}, "Bearer abc"),
        ({"tokenFile": "token"}, "Bearer from-file"),
        ({"tokenFile": "token", "token": "abc"}, "Bearer from-file"),
        ({"username": "alice", "password": "p:w"}, "Basic " + base64.b64encode(b"alice:p:w").decode()),
        ({"username": "alice", "password": 12345}, "Basic " + base64.b64encode(b"alice:12345").decode()),
        ({"token": "abc", "username": "alice", "password": "x"}, "Bearer abc"),
        ({"token": "abc", "exec": {"apiVersion": API, "command": "/no/such"}}, "Bearer abc"),
        ({}, ""),
    ],
)
def test_what_is_sent(tmp_path: Path, user: dict[str, Any], header: str) -> None:
    (tmp_path / "token").write_text("from-file\n")
    with ApiServer(Store()) as server:
        assert seen_by(server, tmp_path, user) == [header, header]


def test_a_plugin_gives_a_token_once(tmp_path: Path) -> None:
    body = "answer(token=os.environ['TOKEN'], expirationTimestamp='2999-01-01T00:00:00Z')"
    with ApiServer(Store()) as server:
        user = plugin(tmp_path, body, env=[{"name": "TOKEN", "value": "abc"}])
        assert seen_by(server, tmp_path, user) == ["Bearer abc", "Bearer abc"]
    assert (tmp_path / "runs").read_text() == "x"


def test_a_token_that_is_about_to_expire_is_not_a_process_for_each_request(tmp_path: Path) -> None:
    body = "answer(token='abc', expirationTimestamp='2001-01-01T00:00:00Z')"
    with ApiServer(Store()) as server:
        assert seen_by(server, tmp_path, plugin(tmp_path, body)) == ["Bearer abc", "Bearer abc"]
    assert (tmp_path / "runs").read_text() == "x"


def test_a_plugin_gives_a_certificate_and_is_told_the_cluster(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    client = authority.sign("limited")
    body = (
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])['spec']['cluster']\n"
        "assert info['certificate-authority-data'] and 'certificate-authority' not in info\n"
        f"answer(clientCertificateData=open({str(client.certificate)!r}).read(),"
        f" clientKeyData=open({str(client.key)!r}).read())"
    )
    with ApiServer(Store(), tls=authority.server("127.0.0.1", clients=authority)) as server:
        user = plugin(tmp_path, body, provideClusterInfo=True)
        config = write_kubeconfig(
            tmp_path / "k", server.url, user, cluster={"certificate-authority": str(authority.path)}
        )
        scan(server, tmp_path, kubeconfig=config)
        assert {request.identity for request in server.requests} == {"limited"}


TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJlLTEyMw"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (f"sys.stderr.write('no session for {TOKEN}, key s3cr3t-value'); sys.exit(3)", "returned 3. no session for …"),
        ("print('{')", "failed to decode"),
        (f"print('{TOKEN}')", "failed to decode"),
        (f"print(json.dumps({{'token': '{TOKEN}'}}))", "malformed response"),
        ("answer()", "neither a token nor"),
        (f"answer(clientCertificateData='{TOKEN}')", "without its key"),
        (f"print(json.dumps(['{TOKEN}']))", "malformed response"),
        (f"print(json.dumps({{'apiVersion': {API!r}, 'kind': 'E', 'status': '{TOKEN}'}}))", "neither a token nor"),
        ("print(json.dumps({'apiVersion': 'x/v9', 'kind': 'E', 'status': {}}))", "does not match"),
        (f"answer(token='{TOKEN}', expirationTimestamp='{TOKEN}')", "cannot be used"),
    ],
)
def test_a_plugin_that_fails_is_said_without_tokens(
    tmp_path: Path, body: str, message: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    user = plugin(tmp_path, body, env=[{"name": "KEY", "value": "s3cr3t-value"}])
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError, match=message) as caught:
        identify(str(write_kubeconfig(tmp_path / "k", "https://127.0.0.1:1", user)), None)
    out, err = capfd.readouterr()
    said = str(caught.value) + caught.value.advice + caplog.text + out + err
    assert not any(part in said for part in TOKEN.split("."))
    assert "s3cr3t-value" not in said


def test_a_plugin_that_is_not_installed(tmp_path: Path) -> None:
    user = {"exec": {"apiVersion": API, "command": "no-such-plugin", "installHint": "Install it with brew."}}
    with pytest.raises(SourceError, match="credential plugin no-such-plugin failed: No such file") as caught:
        identify(str(write_kubeconfig(tmp_path / "k", "https://127.0.0.1:1", user)), None)
    assert caught.value.advice == "Install it with brew."


@pytest.mark.parametrize("entry", [{"command": 7}, {"apiVersion": API}, {"apiVersion": API, "command": ["x"]}, "x", []])
def test_a_plugin_entry_that_cannot_be_used(tmp_path: Path, entry: Any) -> None:
    with pytest.raises(SourceError):
        identify(str(write_kubeconfig(tmp_path / "k", "https://127.0.0.1:1", {"exec": entry})), None)


def test_a_token_with_a_line_feed_inside_is_refused_and_not_quoted(tmp_path: Path) -> None:
    with ApiServer(Store()) as server:
        with pytest.raises(SourceError, match="no header can carry") as caught:
            seen_by(server, tmp_path, {"token": "hunter2\nX-Evil: 1"})
        assert not server.requests
    assert "hunter2" not in str(caught.value)


def test_impersonation(tmp_path: Path) -> None:
    user = {"token": "admin-token", "as": "bob", "as-groups": ["dev", "ops"], "as-user-extra": {"a/b": ["1"]}}
    with ApiServer(Store()) as server:
        connection = Connection(
            identify(str(write_kubeconfig(tmp_path / "k", server.url, user)), None), timeout=5, connections=1
        )
        connection.get("/version")
        connection.close()
        request = server.requests[0]
    assert request.header("impersonate-user") == "bob"
    assert request.header("impersonate-group") in ("dev, ops", "ops")  # two headers: the server keeps one of them
    assert request.header("impersonate-extra-a%2fb") == "1"
    assert request.header("authorization") == "Bearer admin-token"


def in_pod(folder: Path, port: int, authority: Authority) -> dict[str, str]:
    (folder / "token").write_text("admin-token")
    (folder / "ca.crt").write_bytes(authority.path.read_bytes())
    host = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(port)}
    return {**host, "HOME": str(folder / "home")}


def test_the_service_account_of_a_pod(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with ApiServer(Store(), tls=authority.server("127.0.0.1")) as server:
        identity = identify(None, None, in_pod(tmp_path, server.port, authority), tmp_path)
        connection = Connection(identity, timeout=5, connections=1)
        connection.get("/version")
        connection.close()
        assert [request.identity for request in server.requests] == ["admin"]
    assert identity.name == "in-cluster"


def test_a_kubeconfig_counts_before_the_service_account(tmp_path: Path) -> None:
    environ = in_pod(tmp_path, 1, Authority(tmp_path))
    config = write_kubeconfig(tmp_path / "k", "https://127.0.0.1:1")
    assert identify(None, None, {**environ, "KUBECONFIG": str(config)}, tmp_path).name == "test"
    assert identify(None, None, {**environ, "KUBECONFIG": str(tmp_path / "gone")}, tmp_path).name == "in-cluster"
    with pytest.raises(SourceError, match="no context 'x'"):
        identify(None, "x", environ, tmp_path)


def test_a_service_account_that_is_not_whole(tmp_path: Path) -> None:
    environ = in_pod(tmp_path, 1, Authority(tmp_path))
    (tmp_path / "ca.crt").unlink()
    with pytest.raises(SourceError, match="service account cannot be used"):
        identify(None, None, environ, tmp_path)


def test_no_configuration_at_all(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no cluster configuration") as caught:
        identify(None, None, {"HOME": str(tmp_path)}, tmp_path)
    assert "--from" in caught.value.advice


def test_kubeconfig_of_the_environment_is_the_one_that_is_scanned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files: kubectl's rule is the opposite of the client's own, which lets the last current-context win."""
    import io

    from auditor.inventory import Inventory
    from auditor.sources.live import LiveOptions, collect
    from auditor.sources.progress import Progress

    with ApiServer(Store()) as server, ApiServer(Store()) as other:
        first = write_kubeconfig(tmp_path / "1", server.url)
        second = write_kubeconfig(tmp_path / "2", other.url)
        second.write_text(second.read_text().replace("admin@test", "second").replace("name: test", "name: other"))
        monkeypatch.setenv("KUBECONFIG", f"{first}{os.pathsep}{second}")
        assert collect(LiveOptions(), Inventory(), Progress(io.StringIO(), shown=False)).name == "test"
        assert server.requests
        assert not other.requests


@pytest.mark.parametrize(
    ("server", "cluster", "host"),
    [
        ("host:8080", {}, "http://host:8080"),
        ("host:6443", {"insecure-skip-tls-verify": True}, "https://host:6443"),
        ("https://host:6443/k8s/", {}, "https://host:6443/k8s"),
    ],
)
def test_a_server_without_a_scheme(tmp_path: Path, server: str, cluster: dict[str, Any], host: str) -> None:
    config = write_kubeconfig(tmp_path / "k", server, cluster=cluster)
    assert identify(str(config), None).configuration.host == host


def test_a_cluster_without_a_server(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cluster 'test' has no server"):
        identify(str(write_kubeconfig(tmp_path / "k", "")), None)


def test_threads_share_one_refresh(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("admin-token")
    with ApiServer(Store()) as server:
        config = write_kubeconfig(tmp_path / "k", server.url, {"tokenFile": "token"})
        connection = Connection(identify(str(config), None), timeout=5, connections=8)
        threads = [threading.Thread(target=connection.get, args=("/version",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        connection.close()
        assert [request.identity for request in server.requests] == ["admin"] * 8


def test_nothing_shows_the_token(tmp_path: Path) -> None:
    config = write_kubeconfig(tmp_path / "k", "https://127.0.0.1:1", {"token": "hunter2-secret"})
    identity = identify(str(config), None)
    assert "hunter2" not in repr(identity) + str(identity) + json.dumps(identity.impersonate)
