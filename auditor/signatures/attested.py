"""What the package sigstore says of a bundle. Nothing here is loaded before a signature needs it.

A bundle proves that its entry is in the transparency log. cosign's first format and bundles v0.1 hold the log's signed
promise alone: for these the promise is verified instead, which cosign does too.
"""

from __future__ import annotations

import json
import logging
import struct
from importlib import resources
from typing import Any, Literal

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct
from sigstore.errors import CertValidationError, Error, VerificationError
from sigstore.hashes import Hashed
from sigstore.models import Bundle, IncompatibleEntry, TransparencyLogEntry, TrustedRoot
from sigstore.verify import Verifier
from sigstore_models.common.v1 import HashAlgorithm
from sigstore_models.trustroot.v1 import TrustedRoot as Declared

from auditor.signatures import promises
from auditor.signatures.bundle import STATEMENT, pre_authentication
from auditor.signatures.certificates import Signer, signer_of
from auditor.signatures.keyless import Content
from auditor.signatures.keys import verifies, verifies_digest

_PUBLIC = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
_NO_PROOF = {"logIndex": "0", "rootHash": "", "treeSize": "1", "hashes": [], "checkpoint": {"envelope": ""}}
# What hostile certificates, numbers and log entries raise somewhere below.
_ODD = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    OSError,
    RecursionError,
    struct.error,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)

# It warns of what a bundle holds, on standard error.
logging.getLogger("sigstore").addHandler(logging.NullHandler())


class Root:
    """Authorities and logs that are trusted: of a trusted_root.json, by default that of the public good instance as it
    was when the package was released. ValueError where it cannot be used."""

    def __init__(self, data: bytes | None) -> None:
        try:
            data = _public() if data is None else data
            self.verifier = Verifier(trusted_root=TrustedRoot(Declared.from_json(data)))
            self.logs = frozenset(_logs(json.loads(data)["tlogs"]))
        except (Error, *_ODD):
            raise ValueError("cannot be used: it is of another version, or lacks authorities or logs") from None


class Examined(Struct, frozen=True):
    """What became of a bundle. `signer` is whom its certificate names, where the trust root vouches for that.

    - `verified`: the signer made it over what it is said to be over.
    - `refuted`: it does not verify, for the reason given.
    - `malformed`: it is no bundle.
    - `unknown`: it is of a kind that cannot be verified here, or in a log of which the trust root knows nothing.
    """

    outcome: Literal["verified", "refuted", "malformed", "unknown"]
    reason: str = ""
    signer: Signer | None = None


def examine(payload: bytes, content: Content, root: Root) -> Examined:
    """Verifies a bundle over what it has to be over."""
    witness = _Witness()
    try:
        whole = json.loads(payload)
        whole["mediaType"] = whole["mediaType"].replace(" ", "")
        (entry,) = whole["verificationMaterial"]["tlogEntries"]
        bundle = _bundle(whole, entry)
        if content.sha256:
            hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=content.sha256)
            root.verifier.verify_artifact(hashed, bundle, witness)
        elif root.verifier.verify_dsse(bundle, witness)[1] != content.payload:
            raise ValueError  # the package takes other spellings of keys too, so that a bundle may hold two envelopes
    except _Unjudged as error:
        return Examined("unknown", str(error), witness.signer)
    except IncompatibleEntry:
        return Examined("unknown", "its entry in the transparency log is of a version that is not known here")
    except CertValidationError:
        return Examined("refuted", "no authority issued its certificate for that time")
    except VerificationError as error:
        if witness.key and entry["logId"]["keyId"] not in root.logs and _signed(bundle.signature, content, witness.key):
            return Examined("unknown", "the trust root does not know its transparency log", witness.signer)
        return Examined("refuted", _first_line(error), witness.signer)
    except (Error, *_ODD):
        return Examined("malformed", "it is no Sigstore bundle, or holds what contradicts itself")
    return Examined("verified", signer=witness.signer)


class _Unjudged(VerificationError):
    """A good certificate with what the verifier has no means for."""


class _Witness:
    """Sees the certificate at the point at which its authority and its log have vouched for it."""

    signer: Signer | None = None
    key: ec.EllipticCurvePublicKey | None = None

    def verify(self, certificate: x509.Certificate) -> None:
        self.signer, key = signer_of(certificate), certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise _Unjudged("its certificate is of a key that is not ECDSA")
        self.key = key


def _signed(signature: bytes, content: Content, key: ec.EllipticCurvePublicKey) -> bool | None:
    """Whether it is the signer's at all: the certificate alone is public, and anybody can put it on what is not."""
    if content.sha256:
        return verifies_digest(key, signature, content.sha256)
    return verifies(key, signature, pre_authentication(STATEMENT, content.payload))


class _Promised(TransparencyLogEntry):
    """An entry of which only the log's promise is at hand."""

    def _verify(self, keyring: Any) -> None:
        self._verify_set(keyring)


class _PromisedBundle(Bundle):
    @property
    def log_entry(self) -> TransparencyLogEntry:
        return _Promised(super().log_entry._inner)


def _bundle(whole: dict[str, Any], entry: dict[str, Any]) -> Bundle:
    """A bundle as the package reads it; v0.1 may lack the proof, and its place must not be empty."""
    if whole["mediaType"] == promises.MEDIA_TYPE and not (entry.get("inclusionProof") or {}).get("checkpoint"):
        entry["inclusionProof"] = _NO_PROOF
        return _PromisedBundle.from_json(json.dumps(whole))
    return Bundle.from_json(json.dumps(whole))


def _public() -> bytes:
    """What the package carries: its own way to it writes into the user's home, and believes what it finds there."""
    return resources.files("sigstore").joinpath("_store", _PUBLIC, "trusted_root.json").read_bytes()


def _logs(declared: Any) -> list[str]:
    return [log[name]["keyId"] for log in declared for name in ("logId", "checkpointKeyId") if name in log]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]
