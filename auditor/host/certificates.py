"""Certificates in PEM as facts: from when to when, for servers or clients, signed by whom. Keys only prove a pair."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.hostfacts import CertificateFacts, HostFile

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

# As Go's encoding/pem: a block with headers is not taken for a certificate (crypto/x509, AppendCertsFromPEM).
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n(.*?)-----END \1-----", re.DOTALL)
_MAX = 1000


class NoCertificate(Exception):
    """There is no certificate in it that can be read."""


class NotAPair(Exception):
    """A key that does not belong to its certificate, or is none that TLS can use."""


def bundle(file: HostFile, pem: bytes) -> CertificateFacts:
    """The facts of a CA bundle: what verifies from the first certificate's begin to the last one's end."""
    certificates = _certificates(pem)
    if not certificates:
        raise NoCertificate
    return CertificateFacts(
        file,
        starts=_text(min(certificate.not_valid_before_utc for certificate in certificates)),
        expires=_text(max(certificate.not_valid_after_utc for certificate in certificates)),
        authority=any(_is_authority(certificate) for certificate in certificates),
    )


def client(file: HostFile, pem: bytes, authorities: bytes = b"") -> CertificateFacts:
    """The facts of a client's certificate, the first of its file; `authorities` is what the server is verified by."""
    certificates = _certificates(pem)
    if not certificates:
        raise NoCertificate
    own = certificates[0]
    serves, identifies = _usages(own)
    return CertificateFacts(
        file,
        starts=_text(own.not_valid_before_utc),
        expires=_text(own.not_valid_after_utc),
        serves=serves,
        identifies=identifies,
        authority=_is_authority(own),
        issued_by_ca=_issued(own, _certificates(authorities)) if authorities else None,
    )


def check_pair(pem: bytes, key: bytes) -> None:
    """Raises NotAPair where crypto/tls X509KeyPair does; what only this library cannot read is let pass."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    certificates = _certificates(pem)
    block = next((found for found in _BLOCK.finditer(key) if found[1].endswith(b"PRIVATE KEY")), None)
    if not certificates or block is None:
        raise NotAPair
    try:
        private = load_pem_private_key(block[0], None)
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        same = private.public_key().public_bytes(*form) == certificates[0].public_key().public_bytes(*form)
    except UnsupportedAlgorithm:
        return
    except (TypeError, ValueError):  # encrypted, or no key at all
        raise NotAPair from None
    if not same:
        raise NotAPair


def at(file: HostFile) -> CertificateFacts:
    """The facts of a certificate that could not be read."""
    return CertificateFacts(file)


def _certificates(pem: bytes) -> list[Certificate]:
    from cryptography.x509 import load_der_x509_certificate

    found = []
    for block in list(_BLOCK.finditer(pem))[:_MAX]:
        if block[1] == b"CERTIFICATE" and b":" not in block[2]:
            try:
                found.append(load_der_x509_certificate(base64.b64decode(b"".join(block[2].split()), validate=True)))
            except (binascii.Error, ValueError):
                continue
    return found


def _usages(certificate: Certificate) -> tuple[bool | None, bool | None]:
    """Whether it may stand for a server and for a client; one without the extension may do both (RFC 5280 4.2.1.12)."""
    from cryptography.x509 import DuplicateExtension, ExtendedKeyUsage, ExtensionNotFound
    from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

    try:
        usages = set(certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value)
    except ExtensionNotFound:
        return True, True
    except (DuplicateExtension, ValueError):
        return None, None
    if Usage.ANY_EXTENDED_KEY_USAGE in usages:
        return True, True
    return Usage.SERVER_AUTH in usages, Usage.CLIENT_AUTH in usages


def _is_authority(certificate: Certificate) -> bool:
    from cryptography.x509 import BasicConstraints, DuplicateExtension, ExtensionNotFound

    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except (DuplicateExtension, ExtensionNotFound, ValueError):
        return False


def _issued(certificate: Certificate, authorities: Iterable[Certificate]) -> bool | None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    for authority in authorities:
        try:
            certificate.verify_directly_issued_by(authority)
        except (InvalidSignature, ValueError, TypeError):
            continue
        except UnsupportedAlgorithm:
            return None
        return True
    return False


def _text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["NoCertificate", "NotAPair", "at", "bundle", "check_pair", "client"]
