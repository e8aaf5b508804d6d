"""The backend's kubeconfig: what client-go makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.host.address import Address, BadAddress, parse_server
from auditor.host.decoding import Refused
from auditor.host.kubeconfig import load
from tests.host.making import kubeconfig


def test_the_usual_one() -> None:
    target = load(kubeconfig().encode())
    assert not target.faults
    assert target.cluster.server == "https://images.corp.example/review"
    assert "client.crt" in (target.user.client_certificate or "")


def test_it_has_no_repr_that_tells() -> None:
    target = load(kubeconfig(user={"token": "fake-token"}).encode())
    assert target.user.token == "fake-token"
    assert "fake" not in repr(target) + repr(target.user)


@pytest.mark.parametrize(
    "text",
    [
        kubeconfig().replace("apiVersion: v1\nkind: Config\n", ""),
        kubeconfig(user={}),
        kubeconfig() + "unknown: {a: 1}\n",
        kubeconfig().replace("user: apiserver}", "user: nobody}"),
        kubeconfig().replace("clusters:", "clusters: # the backend"),
        kubeconfig() + "---\nnot: looked at: all\n",
    ],
)
def test_what_is_taken(text: str) -> None:
    assert not load(text.encode()).faults


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no current-context"),
        (kubeconfig(current=""), "no current-context"),
        (kubeconfig(current="current-context: other\n"), "names no context"),
        (kubeconfig().replace("Contexts", "contexts").replace("contexts:", "Contexts:"), "names no context"),
        (kubeconfig('""'), "no server"),
        (kubeconfig().replace("cluster: backend, user", "cluster: other, user"), "no server"),
        (kubeconfig(cluster={"certificate-authority": "a", "certificate-authority-data": "YQ=="}), "both"),
        (kubeconfig(cluster={"proxy-url": "ftp://proxy.example"}), "proxy-url"),
        (kubeconfig(user={"token": "a", "username": "b"}), "token and a password"),
        (kubeconfig(user={"client-certificate": "a"}), "without its key"),
        (kubeconfig(user={"client-certificate": "a", "client-certificate-data": "YQ==", "client-key": "k"}), "both"),
        (kubeconfig(user={"client-certificate": "a", "client-key": "k", "client-key-data": "YQ=="}), "both"),
        (kubeconfig(user={"exec": "{command: a}"}), "exec has no apiVersion"),
        (
            kubeconfig(user={"exec": "{command: a, apiVersion: client.authentication.k8s.io/v1}"}),
            "exec has no interactiveMode",
        ),
        (kubeconfig(user={"as-groups": "[a]"}), "impersonates"),
    ],
)
def test_what_stops_the_server(text: str, reason: str) -> None:
    (fault,) = load(text.encode()).faults
    assert reason in fault


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "a: [",
        kubeconfig().replace("v1", "v2"),
        kubeconfig().replace("kind: Config", "kind: Other"),
        kubeconfig("5"),
        kubeconfig(cluster={"insecure-skip-tls-verify": '"true"'}),
        kubeconfig(cluster={"certificate-authority-data": "fake-no-base64!"}),
        kubeconfig(user={"token": "5"}),
        kubeconfig().replace("users:", "users:\n- name: apiserver"),
        kubeconfig().replace("clusters:\n", "clusters: {}\nsurplus:\n"),
    ],
)
def test_what_cannot_be_decoded(text: str) -> None:
    with pytest.raises(Refused) as refused:
        load(text.encode())
    assert "fake" not in refused.value.reason


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode))
def test_anything_is_taken_or_refused(data: bytes) -> None:
    try:
        target = load(data)
    except Refused:
        return
    assert target.faults


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("https://images.corp.example/review", Address("https", "images.corp.example", 443)),
        ("HTTPS://Images.Corp.Example:8443", Address("https", "images.corp.example", 8443)),
        ("http://10.0.0.1:80/x?y=z#f", Address("http", "10.0.0.1", 80)),
        ("https://[fd00::1]:8443/x", Address("https", "fd00::1", 8443)),
        ("https://user:word@images.example/x", Address("https", "images.example", 443)),
        ("images.example", Address("http", "images.example", 80)),
        ("images.example:8080", Address("http", "images.example", 8080)),
        ("10.0.0.1:8080/", Address("http", "10.0.0.1", 8080)),
        ("ftp://images.example", Address("ftp", "images.example", 0)),
        ("https://images.example:", Address("https", "images.example", 443)),
        ("https://images.example:99999999", Address("https", "images.example", 0)),
    ],
)
def test_addresses(server: str, address: Address) -> None:
    assert parse_server(server) == address


@pytest.mark.parametrize(
    "server",
    ["images.example/review", "10.0.0.1:8080/x", "https://images.example:port/x", "https:/x/y", "https://a b/", "a\nb"],
)
def test_what_is_no_address(server: str) -> None:
    with pytest.raises(BadAddress):
        parse_server(server)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_an_address_or_none(server: str) -> None:
    try:
        found = parse_server(server)
    except BadAddress:
        return
    assert found.scheme == found.scheme.lower()
    assert "@" not in found.host
