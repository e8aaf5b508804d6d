"""Credentials: tokens, token files, basic, impersonation, and the service account of a pod."""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import SourceError
from auditor.sources.configuration import identify
from auditor.sources.transport import Connection
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.sources.certificates import Authority
from tests.sources.scanning import seen_by, write_kubeconfig

API = "client.authentication.k8s.io/v1"


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


def test_a_token_file_is_read_again_when_it_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bound tokens are renewed in their file about every hour, and a scan may take long."""
    (tmp_path / "token").write_text("limited-token")
    with ApiServer(Store()) as server:
        config = write_kubeconfig(tmp_path / "k", server.url, {"tokenFile": "token"})
        connection = Connection(identify(str(config), None), timeout=5, connections=1)
        connection.get("/version")
        (tmp_path / "token").write_text("admin-token\n")
        connection.get("/version")
        later = time.monotonic() + 61
        monkeypatch.setattr("auditor.sources.configuration.time.monotonic", lambda: later)
        connection.get("/version")
        (tmp_path / "token").unlink()
        monkeypatch.setattr("auditor.sources.configuration.time.monotonic", lambda: later + 61)
        connection.get("/version")
        connection.close()
        assert [request.identity for request in server.requests] == ["limited", "limited", "admin", "admin"]
