"""Those whom a keyless signature rests on, made for the tests: an authority, its log, a transparency log, a clock.

Sources: RFC 6962 (certificate log, tree), C2SP signed-note and tlog-checkpoint, RFC 3161 (timestamps),
sigstore/fulcio docs/certificate-specification.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.real import program

ISSUER = "https://issuer.example"
SIGNED_AT = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)

LeafKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def spki(key: LeafKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sign(key: LeafKey, data: bytes) -> bytes:
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


class Authority:
    """Issues certificates as Fulcio does, each with the promise of a certificate log in it."""

    def __init__(self) -> None:
        self.key, self.log = new_key(), new_key()

    @cached_property
    def root(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the tests")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        public = self.key.public_key()
        return (
            x509.CertificateBuilder(name, name, public, x509.random_serial_number())
            .not_valid_before(SIGNED_AT - timedelta(days=365))
            .not_valid_after(SIGNED_AT + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(True, 0), True)
            .add_extension(usage, True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .sign(self.key, hashes.SHA256())
        )

    def issue(
        self,
        key: LeafKey,
        subject: x509.GeneralName,
        issuer: str = ISSUER,
        *,
        at: datetime = SIGNED_AT,
        old_issuer: bool = False,
    ) -> x509.Certificate:
        """A certificate for the ten minutes around a time."""
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        oid, value = (".1", issuer.encode()) if old_issuer else (".8", _utf8(issuer))
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1{oid}"), value)
        builder = (
            x509.CertificateBuilder(self.root.subject, x509.Name([]), key.public_key(), x509.random_serial_number())
            .not_valid_before(at - timedelta(minutes=1))
            .not_valid_after(at + timedelta(minutes=9))
            .add_extension(usage, True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False)
            .add_extension(x509.SubjectAlternativeName([subject]), True)
            .add_extension(extension, False)
        )
        before = builder.sign(self.key, hashes.SHA256()).tbs_certificate_bytes
        promise = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
        promised = builder.add_extension(x509.UnrecognizedExtension(promise, self._timestamp(before)), False)
        return promised.sign(self.key, hashes.SHA256())

    def _timestamp(self, certificate: bytes) -> bytes:
        """A list of one signed certificate timestamp over the certificate without it (RFC 6962 §3.2, §3.3)."""
        milliseconds = int(SIGNED_AT.timestamp() * 1000)
        entry = hashlib.sha256(spki(self.key)).digest() + len(certificate).to_bytes(3) + certificate
        signature = sign(self.log, struct.pack("!BBQH", 0, 0, milliseconds, 1) + entry + struct.pack("!H", 0))
        identity = hashlib.sha256(spki(self.log)).digest()
        made = struct.pack("!B32sQHBBH", 0, identity, milliseconds, 0, 4, 3, len(signature)) + signature
        listed = struct.pack("!HH", len(made) + 2, len(made)) + made
        return bytes([0x04, len(listed)]) + listed


class Log:
    """A transparency log that holds one strange entry beside each that it is asked to hold."""

    def __init__(self) -> None:
        self.key = new_key()

    @property
    def identity(self) -> bytes:
        return hashlib.sha256(spki(self.key)).digest()

    def entry(self, body: dict[str, Any], at: datetime = SIGNED_AT) -> dict[str, Any]:
        """As a bundle holds it: with the log's promise and a proof that it is kept."""
        whole, seconds = json.dumps(body).encode(), int(at.timestamp())
        leaf, other = hashlib.sha256(b"\0" + whole).digest(), hashlib.sha256(b"\0strange").digest()
        root = hashlib.sha256(b"\1" + leaf + other).digest()
        note = f"log.example\n2\n{b64(root)}\n"
        checkpoint = f"{note}\n— log.example {b64(self.identity[:4] + sign(self.key, note.encode()))}\n"
        return {
            "logIndex": "7",
            "logId": {"keyId": b64(self.identity)},
            "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
            "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": b64(self._promise(whole, seconds))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": b64(root),
                "treeSize": "2",
                "hashes": [b64(other)],
                "checkpoint": {"envelope": checkpoint},
            },
            "canonicalizedBody": b64(whole),
        }

    def _promise(self, body: bytes, seconds: int) -> bytes:
        said = {"body": b64(body), "integratedTime": seconds, "logID": self.identity.hex(), "logIndex": 7}
        return sign(self.key, json.dumps(said, sort_keys=True, separators=(",", ":")).encode())


class Clock:
    """A timestamp authority, which is OpenSSL's (RFC 3161). It tells the time of this machine."""

    def __init__(self, folder: Path) -> None:
        self._openssl, self._folder = program("openssl"), folder
        root, own = new_key(), new_key()
        self.chain = (_timekeeper(own, root), _timekeeper(root, root))
        own_pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "clock.pem").write_bytes(self.chain[0].public_bytes(Encoding.PEM))
        (folder / "clock.key").write_bytes(own_pem)
        (folder / "clock.conf").write_text(
            f"[tsa]\nserial = {folder}/serial\ncrypto_device = builtin\nsigner_cert = {folder}/clock.pem\n"
            f"signer_key = {folder}/clock.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n"
            "digests = sha256\ness_cert_id_alg = sha256\n"
        )

    def stamp(self, data: bytes) -> bytes:
        """A response over the data, as DER."""
        (self._folder / "data").write_bytes(data)
        self._run("-query", "-data", "data", "-sha256", "-cert", "-out", "query")
        self._run("-reply", "-config", "clock.conf", "-section", "tsa", "-queryfile", "query", "-out", "reply")
        return (self._folder / "reply").read_bytes()

    def _run(self, *arguments: str) -> None:
        subprocess.run([self._openssl, "ts", *arguments], cwd=self._folder, check=True, capture_output=True)


def _timekeeper(key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The certificate of a timestamp authority, or that of its root where the key is the issuer's."""
    is_root = key is issuer
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("root of time", "time")]
    usage = x509.KeyUsage(not is_root, False, False, False, False, is_root, False, False, False)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(names[0], names[not is_root], key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(is_root, None), True)
        .add_extension(usage, True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), False)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
    return builder.sign(issuer, hashes.SHA256())


def _utf8(text: str) -> bytes:
    data = text.encode()
    assert len(data) < 128
    return bytes([0x0C, len(data)]) + data
