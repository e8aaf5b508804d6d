"""A Sigstore of the tests' own: an authority, a certificate log, a transparency log, a timestamp authority.

Sources: RFC 6962 (certificate log, tree), C2SP signed-note and tlog-checkpoint, sigstore/protobuf-specs (bundle, trust
root), sigstore/fulcio docs/certificate-specification.md, sigstore/rekor types hashedrekord and dsse 0.0.1.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from auditor.evidence import SignatureMaterial
from auditor.signatures.bundle import PREDICATE, pre_authentication
from tests.signing import DIGEST, cosign_payload

ISSUER = "https://issuer.example"
SUBJECT = "https://git.example/shop/app/.github/workflows/release.yml@refs/tags/v1"
SIGNED_AT = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
MEDIA = "application/vnd.dev.sigstore.bundle.v0.3+json"
V01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
STATEMENT = "application/vnd.in-toto+json"

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
        self, key: LeafKey, subject: x509.GeneralName, issuer: str = ISSUER, *, old_issuer: bool = False
    ) -> x509.Certificate:
        """A certificate for ten minutes from the time of signing."""
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        oid, value = (".1", issuer.encode()) if old_issuer else (".8", _utf8(issuer))
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1{oid}"), value)
        builder = (
            x509.CertificateBuilder(self.root.subject, x509.Name([]), key.public_key(), x509.random_serial_number())
            .not_valid_before(SIGNED_AT - timedelta(minutes=1))
            .not_valid_after(SIGNED_AT + timedelta(minutes=9))
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


class Sigstore:
    """All that a keyless signature takes, with one root of trust."""

    def __init__(self) -> None:
        self.authority, self.log = Authority(), Log()

    def trusted_root(self, *, log: Log | None = None) -> bytes:
        """The trusted_root.json; `log`: another transparency log than its own."""
        since = {"start": "2021-01-01T00:00:00Z"}
        chain = {"certificates": [{"rawBytes": b64(self.authority.root.public_bytes(Encoding.DER))}]}
        authority = {
            "subject": {"organization": "", "commonName": "authority of the tests"},
            "certChain": chain,
            "validFor": since,
        }
        declared = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self._declared((log or self.log).key)],
            "certificateAuthorities": [authority],
            "ctlogs": [self._declared(self.authority.log)],
        }
        return json.dumps(declared).encode()

    @staticmethod
    def _declared(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
        public = {
            "rawBytes": b64(spki(key)),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": "2021-01-01T00:00:00Z"},
        }
        identity = {"keyId": b64(hashlib.sha256(spki(key)).digest())}
        return {
            "baseUrl": "https://log.example",
            "hashAlgorithm": "SHA2_256",
            "publicKey": public,
            "logId": identity,
        }

    def statement(
        self,
        digest: str = DIGEST,
        subject: x509.GeneralName | None = None,
        *,
        issuer: str = ISSUER,
        at: datetime = SIGNED_AT,
        media: str = MEDIA,
        predicate: str = PREDICATE,
        old_issuer: bool = False,
    ) -> dict[str, Any]:
        """A bundle with a signed statement about an image, as cosign 3 makes it."""
        key = new_key()
        certificate = self.authority.issue(key, subject or uri(), issuer, old_issuer=old_issuer)
        stated = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {"sha256": digest.removeprefix("sha256:")}}],
            "predicateType": predicate,
            "predicate": {},
        }
        payload = json.dumps(stated).encode()
        signature = b64(sign(key, pre_authentication(STATEMENT, payload)))
        body = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
                "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
                "signatures": [{"signature": signature, "verifier": b64(certificate.public_bytes(Encoding.PEM))}],
            },
        }
        envelope = {"payload": b64(payload), "payloadType": STATEMENT, "signatures": [{"sig": signature}]}
        return self._bundle(certificate, self.log.entry(body, at), media, {"dsseEnvelope": envelope})

    def message(self, digest: str = DIGEST, *, media: str = MEDIA) -> dict[str, Any]:
        """A bundle with a signature over the image's manifest."""
        key, hashed = new_key(), bytes.fromhex(digest.removeprefix("sha256:"))
        certificate = self.authority.issue(key, uri())
        signature = key.sign(hashed, ec.ECDSA(Prehashed(hashes.SHA256())))
        stated = {"algorithm": "SHA2_256", "digest": b64(hashed)}
        entry = self.log.entry(_hashedrekord(certificate, signature, hashed))
        content = {"messageSignature": {"messageDigest": stated, "signature": b64(signature)}}
        return self._bundle(certificate, entry, media, content)

    @staticmethod
    def _bundle(
        certificate: x509.Certificate, entry: dict[str, Any], media: str, content: dict[str, Any]
    ) -> dict[str, Any]:
        raw = {"rawBytes": b64(certificate.public_bytes(Encoding.DER))}
        chained = "version=0.1" in media or "version=0.2" in media
        made = {"x509CertificateChain": {"certificates": [raw]}} if chained else {"certificate": raw}
        return {"mediaType": media, "verificationMaterial": {**made, "tlogEntries": [entry]}, **content}

    def layer(self, digest: str = DIGEST, *, at: datetime = SIGNED_AT, key: LeafKey | None = None) -> SignatureMaterial:
        """A layer of cosign's first format with certificate, chain and the log's promise."""
        own, payload = new_key(), cosign_payload(digest)
        certificate = self.authority.issue(key or own, uri())
        signature, hashed = sign(own, payload), hashlib.sha256(payload).digest()
        entry = self.log.entry(_hashedrekord(certificate, signature, hashed), at)
        said = {
            "body": entry["canonicalizedBody"],
            "integratedTime": int(entry["integratedTime"]),
            "logIndex": int(entry["logIndex"]),
            "logID": self.log.identity.hex(),
        }
        promise = {"SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"], "Payload": said}
        annotations = {
            "dev.cosignproject.cosign/signature": b64(signature),
            "dev.sigstore.cosign/certificate": certificate.public_bytes(Encoding.PEM).decode(),
            "dev.sigstore.cosign/chain": self.authority.root.public_bytes(Encoding.PEM).decode(),
            "dev.sigstore.cosign/bundle": json.dumps(promise),
        }
        media = "application/vnd.dev.cosign.simplesigning.v1+json"
        return SignatureMaterial("cosign", media, "", f"sha256:{hashed.hex()}", payload, annotations)


def material(bundle: dict[str, Any]) -> SignatureMaterial:
    """A bundle as evidence holds it."""
    payload = json.dumps(bundle).encode()
    return SignatureMaterial("bundle", MEDIA, "", f"sha256:{hashlib.sha256(payload).hexdigest()}", payload)


def uri(subject: str = SUBJECT) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(subject)


def _hashedrekord(certificate: x509.Certificate, signature: bytes, hashed: bytes) -> dict[str, Any]:
    public = {"content": b64(certificate.public_bytes(Encoding.PEM))}
    return {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hashed.hex()}},
            "signature": {"content": b64(signature), "publicKey": public},
        },
    }


def _utf8(text: str) -> bytes:
    data = text.encode()
    assert len(data) < 128
    return bytes([0x0C, len(data)]) + data
