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

from auditor.evidence import SignatureMaterial
from auditor.signatures.bundle import PREDICATE

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
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": digest.removeprefix("sha256:")}}],
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
