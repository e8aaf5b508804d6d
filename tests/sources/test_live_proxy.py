"""Proxies of the kubeconfig and of the environment, as kubectl takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import SourceError
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.sources.certificates import Authority
from tests.sources.proxy import Proxy
from tests.sources.scanning import named, scan, write_kubeconfig


@pytest.fixture(autouse=True)
def no_proxy_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def store() -> Store:
    store = Store()
    store.add("v1", "namespaces", [named("kube-system")])
    return store


def test_a_proxy_of_the_kubeconfig_for_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY speaks of the environment's proxies only."""
    monkeypatch.setenv("NO_PROXY", "*")
    authority = Authority(tmp_path)
    with ApiServer(store(), tls=authority.server("kubernetes.test")) as server, Proxy(server.port) as proxy:
        said = {"certificate-authority": str(authority.path), "proxy-url": proxy.url}
        config = write_kubeconfig(tmp_path / "k", "https://kubernetes.test:6443", cluster=said)
        assert scan(server, tmp_path, kubeconfig=config).row("namespaces").count == 1
    assert {(method, path) for method, path, _ in proxy.seen} == {("CONNECT", "kubernetes.test:6443")}


def test_a_proxy_with_a_user_of_its_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with ApiServer(store(), tls=authority.server("kubernetes.test")) as server, Proxy(server.port) as proxy:
        login = proxy.url.replace("//", "//alice:p%40ss@")
        said = {"certificate-authority": str(authority.path), "proxy-url": login}
        config = write_kubeconfig(tmp_path / "k", "https://kubernetes.test:6443", cluster=said)
        scan(server, tmp_path, kubeconfig=config)
    assert {login for _, _, login in proxy.seen} == {"Basic YWxpY2U6cEBzcw=="}
    assert not any(request.header("proxy-authorization") for request in server.requests)


@pytest.mark.parametrize("prefix", ["http://", ""])
def test_a_proxy_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    with ApiServer(store()) as server, Proxy(server.port) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"{prefix}127.0.0.1:{proxy.port}")
        config = write_kubeconfig(tmp_path / "k", "http://kubernetes.test:8080")
        assert scan(server, tmp_path, kubeconfig=config).row("namespaces").count == 1
    assert {method for method, _, _ in proxy.seen} == {"GET"}
    assert all(path.startswith("http://kubernetes.test:8080/") for _, path, _ in proxy.seen)


def test_no_proxy_and_loopback_go_past_the_proxy_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ApiServer(store()) as server, Proxy(server.port) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert scan(server, tmp_path).row("namespaces").count == 1
        monkeypatch.setenv("NO_PROXY", ".invalid,10.0.0.0/8")
        config = write_kubeconfig(tmp_path / "k", "http://kubernetes.invalid:8080")
        with pytest.raises(SourceError, match="not known here"):
            scan(server, tmp_path, kubeconfig=config)
    assert not proxy.seen


def test_a_proxy_that_refuses(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with ApiServer(store(), tls=authority.server("kubernetes.test")) as server, Proxy(server.port, refuse=407) as proxy:
        said = {"certificate-authority": str(authority.path)}
        login = proxy.url.replace("//", "//alice:hunter2@")
        config = write_kubeconfig(tmp_path / "k", "https://kubernetes.test:6443", cluster={**said, "proxy-url": login})
        with pytest.raises(SourceError, match="407") as caught:
            scan(server, tmp_path, kubeconfig=config)
    assert "proxy-url" in caught.value.advice
    assert "hunter2" not in str(caught.value)


def test_a_proxy_that_is_not_there(tmp_path: Path) -> None:
    with ApiServer(store()) as server:
        with Proxy(server.port) as proxy:
            pass
        login = proxy.url.replace("//", "//alice:hunter2@")
        config = write_kubeconfig(tmp_path / "k", "https://kubernetes.test:6443", cluster={"proxy-url": login})
        with pytest.raises(SourceError, match="the proxy refused the connection") as caught:
            scan(server, tmp_path, kubeconfig=config)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["gopher://127.0.0.1:70", "socks5://127.0.0.1:1080"])
def test_a_proxy_of_a_kind_that_cannot_be_used(tmp_path: Path, url: str) -> None:
    with ApiServer(store()) as server:
        config = write_kubeconfig(tmp_path / "k", server.url, cluster={"proxy-url": url})
        with pytest.raises(SourceError) as caught:
            scan(server, tmp_path, kubeconfig=config)
    assert "proxy" in caught.value.advice
