"""Sigstore bundles v0.1 to v0.3, made with a key. Those made with a certificate are another module's.

Sources: sigstore/protobuf-specs sigstore_bundle.proto, sigstore/cosign specs/BUNDLE_SPEC.md, secure-systems-lab/dsse
protocol.md, in-toto/attestation spec/v1/statement.md.
"""

from __future__ import annotations

import json
import re
from typing import Any

from auditor.evidence import SignatureMaterial
from auditor.signatures.cosign import decoded
from auditor.signatures.keys import verifies, verifies_digest
from auditor.signatures.verdicts import Trust, Verdict

PREDICATE = "https://sigstore.dev/cosign/sign/v1"
_MEDIA = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(\+json;\s*version=0\.[123]|\.v0\.3(\.[0-9]+)?\+json)", re.ASCII
)
_STATEMENT = "application/vnd.in-toto+json"


def verify(material: SignatureMaterial, digest: str, trust: Trust) -> Verdict:
    """Judges a bundle over the image of this digest by the trusted keys."""
    try:
        bundle = json.loads(material.payload)
        media = bundle["mediaType"]
        verification = bundle["verificationMaterial"]
        if not isinstance(media, str) or not _MEDIA.fullmatch(media):
            return Verdict("unverified", "it is a bundle of a version that is not known here")
        envelope = bundle.get("dsseEnvelope")
        return (
            _envelope(envelope, verification, digest, trust)
            if envelope is not None
            else _message(bundle["messageSignature"], verification, digest, trust)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Verdict("broken", "it is no Sigstore bundle")


def by_certificate(verification: Any) -> bool:
    """Whether a bundle's verification material is a certificate."""
    return "certificate" in verification or "x509CertificateChain" in verification


def statement_of(payload: bytes) -> tuple[str, list[str]]:
    """The predicate type of an in-toto statement, and the digests (`sha256:…`) of its subjects; ValueError."""
    statement = json.loads(payload)
    try:
        subjects = [f"sha256:{subject['digest']['sha256']}" for subject in statement["subject"]]
        return str(statement["predicateType"]), subjects
    except (KeyError, TypeError, AttributeError):
        raise ValueError("no in-toto statement") from None


def _envelope(envelope: Any, verification: Any, digest: str, trust: Trust) -> Verdict:
    """A DSSE envelope with one signature, as bundles have it."""
    payload, kind = decoded(envelope["payload"]), envelope["payloadType"]
    (entry,) = envelope["signatures"]
    signature = decoded(entry["sig"])
    if kind != _STATEMENT or not payload or not signature:
        return Verdict("broken", "its envelope holds no signed statement")
    predicate, subjects = statement_of(payload)
    if predicate != PREDICATE:
        return Verdict("other", f"it is an attestation ({predicate[:200]})")
    if by_certificate(verification):
        return Verdict("unverified", "it was made with a certificate")
    signed = pre_authentication(kind, payload)
    signer = next((name for name, key in trust.keys.items() if verifies(key, signature, signed)), None)
    if signer is None:
        return Verdict("foreign", "no trusted key made it, or its statement was changed")
    if digest not in subjects:
        return Verdict("misplaced", f"it is the signature of {', '.join(subjects[:3]) or 'nothing'}", signer)
    return Verdict("trusted", "", signer)


def pre_authentication(kind: str, payload: bytes) -> bytes:
    """What a DSSE signature is made over."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def _message(message: Any, verification: Any, digest: str, trust: Trust) -> Verdict:
    """A signature over the manifest's own bytes: known by their digest, which is the image's."""
    signature = decoded(message["signature"])
    if not signature:
        return Verdict("broken", "it holds no signature in base64")
    if by_certificate(verification):
        return Verdict("unverified", "it was made with a certificate")
    if not digest.startswith("sha256:"):
        return Verdict("unverified", "it is over bytes of which only another digest than SHA-256 is known")
    hashed = bytes.fromhex(digest.removeprefix("sha256:"))
    answers = {name: verifies_digest(key, signature, hashed) for name, key in trust.keys.items()}
    signer = next((name for name, answer in answers.items() if answer), None)
    if signer is not None:
        return Verdict("trusted", "", signer)
    if None in answers.values():
        return Verdict("unverified", "an Ed25519 signature over a manifest takes the manifest's bytes")
    stated = (message.get("messageDigest") or {}).get("digest")
    if stated and decoded(stated) != hashed:
        return Verdict("foreign", "no trusted key made it over this image, and it says that it is another's")
    return Verdict("foreign", "no trusted key made it over this image")
