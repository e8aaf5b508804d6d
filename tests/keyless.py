"""A Sigstore of the tests' own: what it signs without keys that anybody keeps, and its root of trust.

Sources: sigstore/protobuf-specs (bundle, trust root), sigstore/rekor types hashedrekord and dsse 0.0.1,
sigstore/rekor-tiles (hashedrekord 0.0.2).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding

from auditor.evidence import SignatureMaterial
from auditor.signatures.bundle import PREDICATE, pre_authentication
from tests.authorities import ISSUER, SIGNED_AT, Authority, Clock, LeafKey, Log, b64, new_key, sign, spki
from tests.signing import DIGEST, cosign_payload

SUBJECT = "https://git.example/shop/app/.github/workflows/release.yml@refs/tags/v1"
MEDIA = "application/vnd.dev.sigstore.bundle.v0.3+json"
V01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
STATEMENT = "application/vnd.in-toto+json"


class Sigstore:
    """All that a keyless signature takes, with one root of trust."""

    def __init__(self) -> None:
        self.authority, self.log = Authority(), Log()

    def trusted_root(self, *, log: Log | None = None, clock: Sequence[x509.Certificate] = ()) -> bytes:
        """The trusted_root.json; `log`: another transparency log than its own; `clock`: of the timestamp authority."""
        since = {"start": "2021-01-01T00:00:00Z"}
        chain = {"certificates": [_raw(self.authority.root)]}
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
            "timestampAuthorities": [{**authority, "certChain": {"certificates": [_raw(c) for c in clock]}}]
            if clock
            else [],
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
        payload = _statement(digest, predicate)
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

    def timed(self, clock: Clock, digest: str = DIGEST, *, message: bool = False) -> dict[str, Any]:
        """A bundle of today as the log's second generation makes it: no promise, but a timestamp."""
        key = new_key()
        certificate = self.authority.issue(key, uri(), at=datetime.now(UTC))
        payload = _statement(digest)
        signed = pre_authentication(STATEMENT, payload)
        hashed = bytes.fromhex(digest.removeprefix("sha256:")) if message else hashlib.sha256(signed).digest()
        signature = key.sign(hashed, ec.ECDSA(Prehashed(hashes.SHA256())))
        verifier = {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": _raw(certificate)}
        spec = {
            "data": {"algorithm": "SHA2_256", "digest": b64(hashed)},
            "signature": {"content": b64(signature), "verifier": verifier},
        }
        body = {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": spec}}
        entry = self.log.entry(body)
        del entry["inclusionPromise"], entry["integratedTime"]
        envelope = {"payload": b64(payload), "payloadType": STATEMENT, "signatures": [{"sig": b64(signature)}]}
        stated = {"messageDigest": {"algorithm": "SHA2_256", "digest": b64(hashed)}, "signature": b64(signature)}
        made = self._bundle(
            certificate, entry, MEDIA, {"messageSignature": stated} if message else {"dsseEnvelope": envelope}
        )
        times = {"rfc3161Timestamps": [{"signedTimestamp": b64(clock.stamp(signature))}]}
        made["verificationMaterial"]["timestampVerificationData"] = times
        return made

    @staticmethod
    def _bundle(
        certificate: x509.Certificate, entry: dict[str, Any], media: str, content: dict[str, Any]
    ) -> dict[str, Any]:
        raw = _raw(certificate)
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


def _raw(certificate: x509.Certificate) -> dict[str, str]:
    return {"rawBytes": b64(certificate.public_bytes(Encoding.DER))}


def uri(subject: str = SUBJECT) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(subject)


def _statement(digest: str, predicate: str = PREDICATE) -> bytes:
    stated = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": digest.removeprefix("sha256:")}}],
        "predicateType": predicate,
        "predicate": {},
    }
    return json.dumps(stated).encode()


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
