"""A backend of admission webhooks on loopback, over TLS: its paths say how it answers."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

WAYS = ("deny", "allow", "mutate", "slow", "broken", "garbage", "other")


class HookBackend:
    """Listens at `address` until its `with` block ends. `authority` is the base64 of its certificate for caBundle."""

    def __init__(self, folder: Path, address: str, *names: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhooks of the tests")])
        now = datetime.now(UTC)
        known = [*map(x509.DNSName, names), x509.IPAddress(ip_address(address))]
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=2))
            .add_extension(x509.SubjectAlternativeName(known), False)
            .add_extension(x509.BasicConstraints(True, 0), True)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(Encoding.PEM)
        file = folder / "webhook.pem"
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        self.authority = base64.b64encode(pem).decode()
        self._http = _Server((address, 0), _Handler)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.port = int(self._http.server_address[1])

    def __enter__(self) -> HookBackend:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """The API server ends connections as it likes."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        way = self.path.partition("?")[0].strip("/")
        if way == "slow":
            time.sleep(1.5)
        body = b"no review" if way == "garbage" else json.dumps(_answer(way, review)).encode()
        self.send_response(500 if way == "broken" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _answer(way: str, review: dict[str, Any]) -> dict[str, Any]:
    uid = "another" if way == "other" else review["request"]["uid"]
    response: dict[str, Any] = {"uid": uid, "allowed": way != "deny"}
    if way == "deny":
        response["status"] = {"code": 403, "message": "images from elsewhere"}
    if way == "mutate":
        patch = [{"op": "add", "path": "/metadata/annotations", "value": {"changed": "yes"}}]
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
