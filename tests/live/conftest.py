"""A real API server: started from KUBEBUILDER_ASSETS (etcd, kube-apiserver), or the one of AUDITOR_TEST_KUBECONFIG."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ASSETS = os.environ.get("KUBEBUILDER_ASSETS", "")
KUBECONFIG = os.environ.get("AUDITOR_TEST_KUBECONFIG", "")
ADMIN, LIMITED = "fake-admin-token", "fake-limited-token"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """An API server that may be written to. `limited` is a kubeconfig of an account without rights, if there is one;
    of our own `pid` is the process, `folder` its files, and `etcd` the address of its store."""

    url: str
    token: str
    kubeconfig: Path
    limited: Path | None = None
    pid: int = 0
    folder: Path = Path()
    etcd: str = ""

    @property
    def certificate(self) -> Path:
        """What it shows for itself, and its own authority."""
        return self.folder / "certs/apiserver.crt"

    def call(self, method: str, path: str, body: Any = None, kind: str = "") -> dict[str, Any]:
        """One request as admin; the answer, or AssertionError with what the server said. `kind` is that of the body,
        where it is another than usual."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        kind = kind or ("merge-patch+json" if method == "PATCH" else "json")
        request.add_header("Content-Type", f"application/{kind}")
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            with urllib.request.urlopen(request, context=context, timeout=20) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None

    def create(self, path: str, *objects: dict[str, Any]) -> None:
        for item in objects:
            self.call("POST", path, item)

    def may(self, user: str, verb: str, resource: str, group: str = "", namespace: str = "", name: str = "") -> bool:
        """Whether RBAC, as it is in force now, lets a user do something."""
        asked = {"verb": verb, "resource": resource, "group": group, "namespace": namespace, "name": name}
        review = {"spec": {"user": user, "resourceAttributes": asked}}
        answer = self.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(answer["status"]["allowed"])


def until(holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """What was written is in force a moment later."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.05)


def write_kubeconfig(path: Path, url: str, token: str) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "live",
        "contexts": [{"name": "live", "context": {"cluster": "live", "user": "live"}}],
        "clusters": [{"name": "live", "cluster": {"server": url, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "live", "user": {"token": token}}],
    }
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("apiserver")
    if ASSETS:
        yield from started(folder)
    elif KUBECONFIG:
        yield from given(Path(KUBECONFIG))
    else:
        pytest.skip("no real API server: set KUBEBUILDER_ASSETS or AUDITOR_TEST_KUBECONFIG")


def given(kubeconfig: Path) -> Iterator[Server]:
    """A cluster of the user's: only its kubeconfig's token can be used for writing."""
    document = yaml.safe_load(kubeconfig.read_text())
    user = document["users"][0]["user"]
    if "token" not in user:
        pytest.skip("AUDITOR_TEST_KUBECONFIG holds no token to set up the tests with")
    yield Server(document["clusters"][0]["cluster"]["server"], user["token"], kubeconfig)


@contextmanager
def own_server(folder: Path, *flags: str) -> Iterator[Server]:
    """A server of the test's own, with further flags; the test is skipped where none can be started."""
    if not ASSETS:
        pytest.skip("no API server of the test's own: set KUBEBUILDER_ASSETS")
    yield from started(folder, *flags)


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the tests' own that serves every kind that Auditor reads or writes."""
    from tests.live.definitions import custom, definition, serve, serve_reports

    with own_server(tmp_path_factory.mktemp("everything")) as server:
        serve(server, [definition(resource) for resource in custom()])
        serve_reports(server)
        yield server


def started(folder: Path, *flags: str) -> Iterator[Server]:
    """etcd and kube-apiserver on loopback, with an admin and an account that has no rights yet. Nobody makes service
    accounts, so that pods do without, unless the flags say which admission plugins are off."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "sa.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    (folder / "tokens.csv").write_text(f'{ADMIN},admin,1,"system:masters"\n{LIMITED},limited,2,"limited"\n')
    client, peer, secure = free_port(), free_port(), free_port()
    etcd = [
        str(Path(ASSETS) / "etcd"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{client}",
        f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        "--unsafe-no-fsync=true",
    ]
    apiserver = [
        str(Path(ASSETS) / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{client}",
        "--bind-address=127.0.0.1",
        f"--secure-port={secure}",
        f"--cert-dir={folder / 'certs'}",
        f"--service-account-key-file={folder / 'sa.key'}",
        f"--service-account-signing-key-file={folder / 'sa.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        *flags,
    ]
    if not any(flag.startswith("--disable-admission-plugins") for flag in flags):
        apiserver.append("--disable-admission-plugins=ServiceAccount")
    processes = []
    url = f"https://127.0.0.1:{secure}"
    found = Server(
        url,
        ADMIN,
        write_kubeconfig(folder / "admin", url, ADMIN),
        write_kubeconfig(folder / "limited", url, LIMITED),
        folder=folder,
        etcd=f"http://127.0.0.1:{client}",
    )
    try:
        for command in (etcd, apiserver):
            with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
                processes.append(subprocess.Popen(command, stdout=log, stderr=log))
        found.pid = processes[-1].pid
        wait(found)
        yield found
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=30)


def wait(server: Server, seconds: float = 60) -> None:
    """Until the server answers that its namespaces are there."""
    end = time.monotonic() + seconds
    while True:
        try:
            server.call("GET", "/api/v1/namespaces/default")
            return
        except (AssertionError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
