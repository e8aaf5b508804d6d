"""The real registry (distribution), on loopback: started with TLS and a login, and filled."""

from __future__ import annotations

import base64
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.real import program
from tests.registry.artifacts import Artifact, as_json, digest_of
from tests.registry.loopback import Asked, Reply, basic
from tests.sources.certificates import Authority, Signed

USER, PASSWORD = "puller", "correct horse"


@dataclass
class Distribution:
    """A running registry. `push` is not what is tested: it has its own way of logging in."""

    host: str
    authority: Path
    authorization: str = ""

    def push(self, repository: str, artifact: Artifact, *tags: str) -> Artifact:
        for part in artifact.parts:
            self.push(repository, part)
        for blob in artifact.blobs:
            self._upload(repository, blob)
        for name in tags or (artifact.digest,):
            path = f"/v2/{repository}/manifests/{name}"
            self._send("PUT", f"https://{self.host}{path}", artifact.body, artifact.media_type)
        return artifact

    def _upload(self, repository: str, blob: bytes) -> None:
        place = self._send("POST", f"https://{self.host}/v2/{repository}/blobs/uploads/", b"")
        mark = "&" if "?" in place else "?"
        self._send("PUT", f"{place}{mark}digest={digest_of(blob)}", blob, "application/octet-stream")

    def _send(self, method: str, url: str, body: bytes, kind: str = "") -> str:
        import ssl

        request = urllib.request.Request(url, body, method=method)
        request.add_header("Content-Type", kind or "application/octet-stream")
        if self.authorization:
            request.add_header("Authorization", self.authorization)
        context = ssl.create_default_context(cafile=str(self.authority))
        with urllib.request.urlopen(request, context=context, timeout=20) as response:
            return str(response.headers.get("Location", ""))


@contextmanager
def distribution(folder: Path, authority: Authority, auth: dict[str, Any] | None = None) -> Iterator[Distribution]:
    """`auth`: that section of its configuration; without one it takes everybody."""
    command = program("docker-registry")
    signed = authority.sign("distribution", "127.0.0.1", "localhost")
    settings = {
        "version": 0.1,
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
        "http": {
            "addr": "127.0.0.1:0",
            "secret": "of-a-test",
            "tls": {"certificate": str(signed.certificate), "key": str(signed.key)},
        },
        **({"auth": auth} if auth else {}),
    }
    path = folder / "registry.yaml"
    path.write_text(yaml.safe_dump(settings))
    log = folder / "registry.log"
    with log.open("wb") as file:
        process = subprocess.Popen([command, "serve", str(path)], stdout=file, stderr=file)
    try:
        yield Distribution(f"127.0.0.1:{_port(process, log)}", authority.path)
    finally:
        process.terminate()
        process.wait(10)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """As it says in its log, once it listens."""
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        for line in log.read_text().splitlines():
            if "listening on " in line:
                return int(line.split("listening on ")[1].split(",")[0].split('"')[0].rpartition(":")[2])
        time.sleep(0.05)
    raise AssertionError(f"the registry did not start: {log.read_text()[-2000:]}")


def htpasswd(folder: Path) -> dict[str, Any]:
    """The section that lets one user in."""
    made = subprocess.run(
        [program("htpasswd"), "-Bbn", USER, PASSWORD], capture_output=True, text=True, check=True
    ).stdout
    (folder / "htpasswd").write_text(made)
    return {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}}


class TokenServer:
    """What issues tokens that the real registry takes; `reply` answers a request to it."""

    def __init__(self, authority: Authority) -> None:
        self.signed: Signed = authority.sign("tokens")
        self.asked: list[Asked] = []

    def auth(self, url: str) -> dict[str, Any]:
        return {
            "token": {
                "realm": f"{url}/token",
                "service": "test-registry",
                "issuer": "test-issuer",
                "rootcertbundle": str(self.signed.certificate),
            }
        }

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        known = asked.authorization == basic(USER, PASSWORD)
        scopes = [scope for scope in asked.query.get("scope", ()) if known or ":public/" in scope]
        token = self.token(scopes)
        return Reply(200, as_json({"token": token, "expires_in": 300}), {"Content-Type": "application/json"})

    def token(self, scopes: Sequence[str]) -> str:
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        now = int(datetime.now(UTC).timestamp())
        certificate = x509.load_pem_x509_certificate(self.signed.certificate.read_bytes())
        der = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
        head = {"typ": "JWT", "alg": "ES256", "x5c": [der]}
        claims = {"iss": "test-issuer", "sub": "", "aud": "test-registry", "exp": now + 300, "nbf": now - 10}
        claims |= {"iat": now, "jti": "1", "access": access}
        signed = f"{_part(head)}.{_part(claims)}"
        key = serialization.load_pem_private_key(self.signed.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_plain(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _part(value: object) -> str:
    return _plain(json.dumps(value).encode())


def _plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
