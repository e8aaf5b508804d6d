"""Sigstore bundles v0.1 to v0.3: whose they are, and which image they are about.

Sources: sigstore/protobuf-specs sigstore_bundle.proto, sigstore/cosign specs/BUNDLE_SPEC.md, secure-systems-lab/dsse
protocol.md, in-toto/attestation spec/v1/statement.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from auditor.evidence import SignatureMaterial
from auditor.signatures.cosign import decoded
from auditor.signatures.keyless import Content, judge
from auditor.signatures.keys import PublicKey, verifies, verifies_digest
from auditor.signatures.verdicts import Trust, Verdict

PREDICATE = "https://sigstore.dev/cosign/sign/v1"
_MEDIA = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(\+json;\s*version=0\.[123]|\.v0\.3(\.[0-9]+)?\+json)", re.ASCII
)
STATEMENT = "application/vnd.in-toto+json"


def verify(material: SignatureMaterial, digest: str, trust: Trust) -> Verdict:
    """Judges a bundle over the image of this digest: by the trusted keys, or by the identities if it was made with a
    certificate."""
    try:
        bundle = json.loads(material.payload)
        media = bundle["mediaType"]
        if not isinstance(media, str) or not _MEDIA.fullmatch(media):
            return Verdict("unknown", "it is a bundle of a version that is not known here")
        read = _envelope if bundle.get("dsseEnvelope") is not None else _message
        return read(bundle, material.payload, digest, trust)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Verdict("broken", "it is no Sigstore bundle")


def _by_certificate(bundle: Any) -> bool:
    material = bundle["verificationMaterial"]
    return "certificate" in material or "x509CertificateChain" in material


def statement_of(payload: bytes) -> tuple[str, list[str]]:
    """The predicate type of an in-toto statement, and the digests (`sha256:…`) of its subjects; ValueError."""
    statement = json.loads(payload)
    try:
        digests = [digest for subject in statement["subject"] for digest in subject["digest"].items()]
        return str(statement["predicateType"]), [f"{algorithm}:{value}" for algorithm, value in digests]
    except (KeyError, TypeError, AttributeError):
        raise ValueError("no in-toto statement") from None


def _envelope(bundle: Any, whole: bytes, digest: str, trust: Trust) -> Verdict:
    """A DSSE envelope with one signature, as bundles have it."""
    envelope = bundle["dsseEnvelope"]
    payload, kind = decoded(envelope["payload"]), envelope["payloadType"]
    (entry,) = envelope["signatures"]
    signature = decoded(entry["sig"])
    if kind != STATEMENT or not payload or not signature:
        return Verdict("broken", "its envelope holds no signed statement")
    predicate, subjects = statement_of(payload)
    if predicate != PREDICATE:
        return Verdict("other", f"it is an attestation ({predicate[:200]})")
    if _by_certificate(bundle):
        made = judge(whole, Content(payload=payload), trust)
    else:
        made = _by_key(trust, lambda key: verifies(key, signature, pre_authentication(kind, payload)))
    if made.state == "trusted" and digest not in subjects:
        return Verdict("misplaced", f"it is the signature of {', '.join(subjects[:3]) or 'nothing'}", made.by)
    return made


def _by_key(trust: Trust, made_by: Callable[[PublicKey], bool | None]) -> Verdict:
    answers = {name: made_by(key) for name, key in trust.keys.items()}
    signer = next((name for name, answer in answers.items() if answer), None)
    if signer is not None:
        return Verdict("trusted", "", signer)
    if None in answers.values():
        return Verdict(
            "unverified", "an Ed25519 signature over a manifest, which only the manifest's bytes could verify"
        )
    return Verdict("foreign", "no trusted key made it, or what it is over was changed")


def pre_authentication(kind: str, payload: bytes) -> bytes:
    """What a DSSE signature is made over."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def _message(bundle: Any, whole: bytes, digest: str, trust: Trust) -> Verdict:
    """A signature over the manifest's own bytes: known by their digest, which is the image's."""
    message = bundle["messageSignature"]
    signature = decoded(message["signature"])
    if not signature:
        return Verdict("broken", "it holds no signature in base64")
    if not digest.startswith("sha256:"):
        return Verdict("unverified", "it is over bytes of which only another digest than SHA-256 is known")
    hashed = bytes.fromhex(digest.removeprefix("sha256:"))
    # Over which bytes it says to be: no more than a hint, which tells a copied signature from a stranger's.
    stated = decoded((message.get("messageDigest") or {}).get("digest") or "") or hashed
    if len(stated) != len(hashed):
        return Verdict("broken", "the digest that it states is no SHA-256")
    if _by_certificate(bundle):
        made = judge(whole, Content(sha256=stated), trust)
    else:
        made = _by_key(trust, lambda key: verifies_digest(key, signature, stated))
    if made.state == "trusted" and stated != hashed:
        return Verdict("misplaced", f"it is the signature of sha256:{stated.hex()}", made.by)
    return made
