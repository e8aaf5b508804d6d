"""TLS as the kubeconfig asks for it: authorities, server names, client certificates; and what is said when it fails."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import SourceError
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.sources.certificates import Authority
from tests.sources.scanning import named, scan, write_kubeconfig


def store() -> Store:
    store = Store()
    store.add("v1", "namespaces", [named("kube-system")])
    return store


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def hang_up(server: ApiServer, times: int) -> list[int]:
    """So often the server's end comes between the client's first words of TLS and its own. The list holds what is left
    of it."""
    left = [0] * times

    def verify(request: Any, address: Any) -> bool:
        if not left:
            return True
        left.pop()
        os.read(request.fileno(), 1 << 16)  # or the client were told of a reset
        return False

    server._http.verify_request = verify  # type: ignore[method-assign,assignment]
    return left


def test_a_server_that_ends_in_the_middle_of_the_handshake_may_come_back(tmp_path: Path, authority: Authority) -> None:
    with ApiServer(store(), tls=authority.server("127.0.0.1")) as server:
        left = hang_up(server, 2)
        config = write_kubeconfig(tmp_path / "k", server.url, cluster={"certificate-authority": str(authority.path)})
        found = scan(server, tmp_path, kubeconfig=config)
    assert (found.row("namespaces").count, len(found.waits), left) == (1, 2, [])


def test_a_server_that_ends_every_handshake(tmp_path: Path, authority: Authority) -> None:
    """Nothing is wrong with certificates."""
    with ApiServer(store(), tls=authority.server("127.0.0.1")) as server:
        hang_up(server, 1000)
        config = write_kubeconfig(tmp_path / "k", server.url, cluster={"certificate-authority": str(authority.path)})
        with pytest.raises(SourceError, match=r"closed the connection without an answer \(3 tries\)") as caught:
            scan(server, tmp_path, kubeconfig=config)
    assert "network" in caught.value.advice


@pytest.mark.parametrize("inline", [True, False])
def test_an_authority_as_a_file_or_inline(tmp_path: Path, authority: Authority, inline: bool) -> None:
    data = base64.b64encode(authority.path.read_bytes()).decode()
    said = {"certificate-authority-data": data} if inline else {"certificate-authority": authority.path.name}
    with ApiServer(store(), tls=authority.server("127.0.0.1")) as server:
        config = write_kubeconfig(tmp_path / "k", server.url, cluster=said)
        assert scan(server, tmp_path, kubeconfig=config).row("namespaces").count == 1


@pytest.mark.parametrize("inline", [True, False])
def test_a_client_certificate(tmp_path: Path, authority: Authority, inline: bool) -> None:
    clients = Authority(tmp_path, "client-ca")
    client = clients.sign("limited")
    user: dict[str, Any] = {"client-certificate": client.certificate.name, "client-key": client.key.name}
    if inline:
        user = {
            "client-certificate-data": base64.b64encode(client.certificate.read_bytes()).decode(),
            "client-key-data": base64.b64encode(client.key.read_bytes()).decode(),
        }
    with ApiServer(store(), tls=authority.server("127.0.0.1", clients=clients)) as server:
        config = write_kubeconfig(
            tmp_path / "k", server.url, user, cluster={"certificate-authority": str(authority.path)}
        )
        scan(server, tmp_path, kubeconfig=config)
        assert {request.identity for request in server.requests} == {"limited"}
        assert not any(request.header("authorization") for request in server.requests)


def test_a_server_name_that_is_not_the_address(tmp_path: Path, authority: Authority) -> None:
    with ApiServer(store(), tls=authority.server("kubernetes.test")) as server:
        said = {"certificate-authority": str(authority.path)}
        config = write_kubeconfig(tmp_path / "k", server.url, cluster={**said, "tls-server-name": "kubernetes.test"})
        assert scan(server, tmp_path, kubeconfig=config).row("namespaces").count == 1
        config = write_kubeconfig(tmp_path / "k", server.url, cluster=said)
        with pytest.raises(SourceError, match="no trusted TLS connection") as caught:
            scan(server, tmp_path, kubeconfig=config)
    assert "tls-server-name" in caught.value.advice


def test_an_authority_that_signed_something_else(tmp_path: Path, authority: Authority) -> None:
    other = Authority(tmp_path, "other-ca")
    with ApiServer(store(), tls=other.server("127.0.0.1")) as server:
        config = write_kubeconfig(tmp_path / "k", server.url, cluster={"certificate-authority": str(authority.path)})
        with pytest.raises(SourceError, match="certificate verify failed") as caught:
            scan(server, tmp_path, kubeconfig=config)
        assert not server.requests
        assert "certificate-authority" in caught.value.advice
        config = write_kubeconfig(tmp_path / "k", server.url, cluster={"insecure-skip-tls-verify": True})
        found = scan(server, tmp_path, kubeconfig=config)
    assert found.row("namespaces").count == 1
    assert "is not verified" in found.stderr


def test_tls_to_a_server_that_speaks_none(tmp_path: Path) -> None:
    with ApiServer(store()) as server:
        config = write_kubeconfig(tmp_path / "k", server.url.replace("http:", "https:"))
        with pytest.raises(SourceError, match="no trusted TLS connection") as caught:
            scan(server, tmp_path, kubeconfig=config)
    assert "http://" in caught.value.advice


def test_a_client_certificate_that_is_asked_for_and_not_there(tmp_path: Path, authority: Authority) -> None:
    with ApiServer(store(), tls=authority.server("127.0.0.1", clients=authority)) as server:
        config = write_kubeconfig(tmp_path / "k", server.url, cluster={"certificate-authority": str(authority.path)})
        with pytest.raises(SourceError):
            scan(server, tmp_path, kubeconfig=config)


@pytest.mark.parametrize(
    ("user", "cluster", "message"),
    [
        ({"client-certificate": "gone.crt", "client-key": "gone.key"}, {}, r"gone\.crt"),
        ({}, {"certificate-authority": "gone-ca.crt"}, r"gone-ca\.crt"),
        ({"client-certificate-data": "%%hunter2%%", "client-key-data": "x"}, {}, "base64|no trusted TLS"),
        ({"tokenFile": "gone.token"}, {}, r"gone\.token"),
        ({"client-certificate": "test-ca.crt", "client-key": "test-ca.crt"}, {}, "no trusted TLS"),
    ],
)
def test_files_that_are_missing_or_broken(
    tmp_path: Path, authority: Authority, user: dict[str, Any], cluster: dict[str, Any], message: str
) -> None:
    with ApiServer(store(), tls=authority.server("127.0.0.1")) as server:
        cluster = {"certificate-authority": str(authority.path)} | cluster
        config = write_kubeconfig(tmp_path / "k", server.url, user, cluster=cluster)
        with pytest.raises(SourceError, match=message) as caught:
            scan(server, tmp_path, kubeconfig=config)
    assert "hunter2" not in str(caught.value) + caught.value.advice
