"""cosign's first format made with a certificate, in the form of a bundle.

Source: sigstore/cosign specs/SIGNATURE_SPEC.md (its annotation `dev.sigstore.cosign/bundle`).
"""

from __future__ import annotations

import base64
import json

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle+json;version=0.1"


def as_bundle(certificate: str, signature: str, promise: str) -> bytes:
    """A bundle v0.1, in JSON, of a certificate in PEM, a signature in base64 and the promise of the transparency log
    as Rekor gave it; ValueError where one of them is not what it should be."""
    try:
        whole = json.loads(promise)
        said = whole["Payload"]
        body = json.loads(base64.b64decode(said["body"]))
        der = x509.load_pem_x509_certificate(certificate.encode()).public_bytes(Encoding.DER)
        entry = {
            "logIndex": str(said["logIndex"]),
            "logId": {"keyId": _base64(bytes.fromhex(said["logID"]))},
            "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
            "integratedTime": str(said["integratedTime"]),
            "inclusionPromise": {"signedEntryTimestamp": whole["SignedEntryTimestamp"]},
            "canonicalizedBody": said["body"],
        }
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("no promise of a transparency log that can be read") from error
    material = {"x509CertificateChain": {"certificates": [{"rawBytes": _base64(der)}]}, "tlogEntries": [entry]}
    bundle = {"mediaType": MEDIA_TYPE, "verificationMaterial": material, "messageSignature": {"signature": signature}}
    return json.dumps(bundle).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
