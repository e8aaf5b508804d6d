"""Whom a keyless certificate names.

Source: sigstore/fulcio docs/oid-info.md and docs/certificate-specification.md.
"""

from __future__ import annotations

from cryptography import x509
from msgspec import Struct

_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_RAW_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_USER_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7")
_UTF8 = 0x0C


class Signer(Struct, frozen=True):
    """Whom a certificate names: by the issuer of the login that it was made for, and under which subjects there."""

    issuer: str
    subjects: tuple[str, ...]


def signer_of(certificate: x509.Certificate) -> Signer:
    """The identity in a certificate, whoever issued it; ValueError where there is none."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise ValueError("names no subject") from None
    others = names.get_values_for_type(x509.OtherName)
    subjects = (
        *names.get_values_for_type(x509.RFC822Name),
        *names.get_values_for_type(x509.UniformResourceIdentifier),
        *(_text(other.value) for other in others if other.type_id == _USER_NAME),
    )
    found = {extension.oid: extension.value for extension in certificate.extensions}
    for oid, read in ((_ISSUER, _text), (_RAW_ISSUER, bytes.decode)):
        if isinstance(value := found.get(oid), x509.UnrecognizedExtension):
            return Signer(read(value.value), subjects)
    raise ValueError("names no issuer")


def _text(der: bytes) -> str:
    """A UTF8String in DER; ValueError. cryptography's own reader of such strings is newer than what is needed here."""
    if len(der) < 2 or der[0] != _UTF8:
        raise ValueError("is no UTF8String")
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start])
    if start + length != len(der):
        raise ValueError("is no UTF8String of its length")
    return der[start:].decode()
