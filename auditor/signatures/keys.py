"""Public keys as cosign writes and uses them: ECDSA, RSA and Ed25519."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

_LEAST_RSA = 2048
_CURVES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}


def load_key(pem: bytes) -> PublicKey:
    """The public key of a PEM file (`BEGIN PUBLIC KEY`); ValueError says why it is none, and quotes nothing of it."""
    if b"PRIVATE KEY-----" in pem:
        raise ValueError("holds a private key: the policy needs the public one, and the private one no reader")
    if b"-----BEGIN CERTIFICATE-----" in pem:
        raise ValueError("holds a certificate: `openssl x509 -pubkey -noout` takes its public key out")
    if pem.count(b"-----BEGIN ") > 1:
        raise ValueError("holds several keys: name a file for each")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("holds no public key in PEM form (BEGIN PUBLIC KEY)") from None
    match key:
        case ec.EllipticCurvePublicKey() if key.curve.name in _CURVES:
            return key
        case rsa.RSAPublicKey() if key.key_size >= _LEAST_RSA:
            return key
        case ed25519.Ed25519PublicKey():
            return key
        case ec.EllipticCurvePublicKey():
            raise ValueError(f"holds a key on the curve {key.curve.name}; P-256, P-384 and P-521 can be used")
        case rsa.RSAPublicKey():
            raise ValueError(
                f"holds an RSA key of {key.key_size} bits, which can be forged; {_LEAST_RSA} are the least"
            )
        case _:
            raise ValueError("holds a key that is neither ECDSA nor RSA nor Ed25519")


def verifies(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether the key made the signature over these very bytes: ECDSA in DER, RSA by PKCS #1 v1.5, Ed25519."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _pure(key, signature, message) or _prehashed(key, signature, message)
    return any(_verifies(key, signature, message, algorithm) for algorithm in _hashes(key))


def verifies_digest(key: PublicKey, signature: bytes, sha256: bytes) -> bool | None:
    """As `verifies`, of a message of which only the SHA-256 is at hand; None for Ed25519, which hashes it itself."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return None
    return _verifies(key, signature, sha256, Prehashed(hashes.SHA256()))


def _pure(key: ed25519.Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _prehashed(key: ed25519.Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Ed25519ph (RFC 8032 §5.1): what cosign makes of an Ed25519 key since 2.3, unless it is told otherwise, since the
    transparency log takes nothing else (sigstore/cosign pkg/cosign/keys.go, GetDefaultLoadOptions)."""
    from nacl import bindings
    from nacl.exceptions import BadSignatureError

    if len(signature) != bindings.crypto_sign_BYTES:
        return False
    state = bindings.crypto_sign_ed25519ph_state()
    bindings.crypto_sign_ed25519ph_update(state, message)
    try:
        return bindings.crypto_sign_ed25519ph_final_verify(state, signature, key.public_bytes_raw())
    except BadSignatureError:
        return False


def _hashes(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> Iterator[hashes.HashAlgorithm]:
    """SHA-256, which cosign always took, then what belongs to the curve, as its newer registry of algorithms has it."""
    yield hashes.SHA256()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name != "secp256r1":
        yield _CURVES[key.curve.name]


def _verifies(
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    signature: bytes,
    message: bytes,
    algorithm: hashes.HashAlgorithm | Prehashed,
) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), algorithm)
        else:
            key.verify(signature, message, ec.ECDSA(algorithm))
    except InvalidSignature:
        return False
    return True
