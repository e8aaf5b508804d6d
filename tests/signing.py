"""Signs as cosign does, with keys made for the tests."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl import bindings

from auditor.evidence import SignatureMaterial
from auditor.signatures.bundle import PREDICATE
from tests.registry.artifacts import EMPTY, OCI_MANIFEST, Artifact, digest_of

NAME = "registry.example/team/app"
DIGEST = f"sha256:{hashlib.sha256(b'the manifest').hexdigest()}"
OTHER = f"sha256:{hashlib.sha256(b'another manifest').hexdigest()}"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PRIVATE: dict[str, PrivateKey] = {
    "ecdsa": ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-384": ec.generate_private_key(ec.SECP384R1()),
    "rsa": rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ed25519ph": ed25519.Ed25519PrivateKey.generate(),
}


def pem(kind: str) -> bytes:
    """The public key of a kind."""
    return PRIVATE[kind].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def sign(kind: str, message: bytes, *, hashed: bool = False) -> bytes:
    """A signature over a message; `hashed`: the message is a SHA-256 already."""
    key = PRIVATE[kind]
    algorithm = Prehashed(hashes.SHA256()) if hashed else hashes.SHA256()
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(message, ec.ECDSA(algorithm))
        case rsa.RSAPrivateKey():
            return key.sign(message, padding.PKCS1v15(), algorithm)
        case _ if kind == "ed25519ph":
            state = bindings.crypto_sign_ed25519ph_state()
            bindings.crypto_sign_ed25519ph_update(state, message)
            secret = key.private_bytes_raw() + key.public_key().public_bytes_raw()
            return bindings.crypto_sign_ed25519ph_final_create(state, secret)
        case _:
            return key.sign(message)


def cosign_payload(digest: str = DIGEST, name: str = NAME) -> bytes:
    identity, image = {"docker-reference": name}, {"docker-manifest-digest": digest}
    critical = {"identity": identity, "image": image, "type": "cosign container image signature"}
    return json.dumps({"critical": critical, "optional": None}).encode()


@cache
def cosign_material(kind: str, digest: str = DIGEST) -> SignatureMaterial:
    """A layer of the tag `sha256-….sig`, as evidence holds it."""
    payload = cosign_payload(digest)
    signature = base64.b64encode(sign(kind, payload)).decode()
    return SignatureMaterial(
        "cosign",
        "application/vnd.dev.cosign.simplesigning.v1+json",
        f"sha256:{'5' * 64}",
        f"sha256:{hashlib.sha256(payload).hexdigest()}",
        payload,
        {"dev.cosignproject.cosign/signature": signature},
    )


@cache
def dsse_material(kind: str, digest: str = DIGEST, predicate: str = PREDICATE) -> SignatureMaterial:
    """A bundle with a signed statement, made with a key."""
    algorithm, _, value = digest.partition(":")
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {algorithm: value}}],
        "predicateType": predicate,
        "predicate": {},
    }
    media, payload = "application/vnd.in-toto+json", json.dumps(statement).encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(media), media.encode(), len(payload), payload)
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": media,
        "signatures": [{"sig": base64.b64encode(sign(kind, signed)).decode()}],
    }
    return _bundle({"dsseEnvelope": envelope})


@cache
def message_material(kind: str, digest: str = DIGEST) -> SignatureMaterial:
    """A bundle with a signature over the manifest."""
    hashed = bytes.fromhex(digest.removeprefix("sha256:"))
    signature = sign(kind, hashed, hashed=kind != "ed25519")
    stated = {"algorithm": "SHA2_256", "digest": base64.b64encode(hashed).decode()}
    return _bundle({"messageSignature": {"messageDigest": stated, "signature": base64.b64encode(signature).decode()}})


def _bundle(content: dict[str, Any]) -> SignatureMaterial:
    verification = {"publicKey": {"hint": "aGludA=="}, "tlogEntries": []}
    payload = json.dumps({"mediaType": BUNDLE, "verificationMaterial": verification, **content}).encode()
    digest = f"sha256:{hashlib.sha256(payload).hexdigest()}"
    return SignatureMaterial("bundle", BUNDLE, f"sha256:{'6' * 64}", digest, payload)


def cosign_3(kind: str, subject: Artifact) -> Artifact:
    """What `cosign sign --key` of version 3 pushes beside an image, without a log: a referrer with one bundle
    (sigstore/cosign cmd/cosign/cli/sign/sign.go, pkg/oci/remote/write.go)."""
    algorithm, _, value = subject.digest.partition(":")
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {algorithm: value}, "annotations": {}}],
        "predicateType": PREDICATE,
        "predicate": {},
    }
    media, payload = "application/vnd.in-toto+json", json.dumps(statement, separators=(",", ":")).encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(media), media.encode(), len(payload), payload)
    der = PRIVATE[kind].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    bundle = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": _base64(hashlib.sha256(der).digest())}},
        "dsseEnvelope": {
            "payload": _base64(payload),
            "payloadType": media,
            "signatures": [{"sig": _base64(sign(kind, signed))}],
        },
    }
    content, empty = json.dumps(bundle).encode(), b"{}"
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": EMPTY, "size": 2, "digest": digest_of(empty), "artifactType": BUNDLE},
        "layers": [{"mediaType": BUNDLE, "size": len(content), "digest": digest_of(content)}],
        "annotations": {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": PREDICATE,
            "org.opencontainers.image.created": "2026-11-22T00:00:00Z",
        },
        "subject": subject.descriptor(),
        "artifactType": BUNDLE,
    }
    return Artifact(json.dumps(manifest).encode(), OCI_MANIFEST, [empty, content])


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
