"""cosign's first format: a payload in simple signing form, signed as it lies there, in the tag `sha256-….sig`.

Source: sigstore/cosign specs/SIGNATURE_SPEC.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from auditor.evidence import SignatureMaterial
from auditor.signatures.keyless import Content, judge
from auditor.signatures.keys import verifies
from auditor.signatures.promises import as_bundle
from auditor.signatures.verdicts import Trust, Verdict

SIGNATURE = "dev.cosignproject.cosign/signature"
_CERTIFICATES = ("dev.sigstore.cosign/certificate", "dev.cosignproject.cosign/certificate")
_PROMISE = "dev.sigstore.cosign/bundle"
_TIMESTAMP = "dev.sigstore.cosign/rfc3161timestamp"
_TYPES = ("cosign container image signature", "https://sigstore.dev/cosign/sign/v1")
_DIGEST = "docker-manifest-digest"


def verify(material: SignatureMaterial, digest: str, trust: Trust) -> Verdict:
    """Judges a signature over the image of this digest by the trusted keys, then by the identities.

    The bytes are verified before anything in them is believed. `docker-reference` is not compared, as cosign does not:
    the digest alone says which content was signed.
    """
    signature = decoded(material.annotations.get(SIGNATURE, ""))
    if not signature:
        return Verdict("broken", "it holds no signature in base64")
    signer = next((name for name, key in trust.keys.items() if verifies(key, signature, material.payload)), None)
    if signer is None and (certificate := _certificate(material)):
        made = _by_certificate(material, certificate, trust)
        if made.state != "trusted":
            return made
        signer = made.by
    claim = _claim(material.payload)
    if isinstance(claim, Verdict):
        return claim
    if signer is None:
        if claim != digest:
            return Verdict("foreign", f"nobody who is trusted made it, and it names {claim}, which is another image")
        return Verdict("foreign", "nobody who is trusted made it, or its payload was changed")
    if claim != digest:
        return Verdict("misplaced", f"it is the signature of {claim}", signer)
    return Verdict("trusted", "", signer)


def _certificate(material: SignatureMaterial) -> str:
    return next(filter(None, map(material.annotations.get, _CERTIFICATES)), "")


def _by_certificate(material: SignatureMaterial, certificate: str, trust: Trust) -> Verdict:
    """Judges by identities; the signature is over the payload."""
    promise = material.annotations.get(_PROMISE, "")
    if not promise and material.annotations.get(_TIMESTAMP):
        return Verdict("unverified", "it has a timestamp alone, and no entry in a transparency log")
    try:
        bundle = as_bundle(certificate, material.annotations[SIGNATURE], promise)
    except ValueError as error:
        return Verdict("foreign", f"it was made with a certificate, and has {error}")
    return judge(bundle, Content(sha256=hashlib.sha256(material.payload).digest()), trust)


def decoded(text: str) -> bytes:
    """The bytes of a text in base64, empty where it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _claim(payload: bytes) -> str | Verdict:
    """Which digest the payload is about. Keys count in any letter case, as in Go; none may be there twice."""
    try:
        critical = _member(_object(json.loads(payload, object_pairs_hook=_pairs)), "critical")
        digest = _member(_object(_member(_object(critical), "image")), _DIGEST)
        kind = _member(_object(critical), "type")
    except (ValueError, RecursionError) as error:
        return Verdict("broken", f"its payload is not in simple signing form: {error}")
    if kind not in _TYPES:
        return Verdict("broken", "its payload is of another type than an image's signature")
    return digest if isinstance(digest, str) else Verdict("broken", "its payload names no digest")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name.lower() in found:
            raise ValueError("a key is there twice")
        found[name.lower()] = value
    return found


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object is missing")
    return value


def _member(value: dict[str, Any], name: str) -> Any:
    if name not in value:
        raise ValueError(f"{name} is missing")
    return value[name]
