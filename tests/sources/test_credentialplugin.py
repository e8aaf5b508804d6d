"""Exec plugins of a kubeconfig: what they give, what they are told, and what is said when they fail."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import SourceError
from auditor.sources.configuration import identify
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.sources.certificates import Authority
from tests.sources.scanning import scan, seen_by, write_kubeconfig

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
