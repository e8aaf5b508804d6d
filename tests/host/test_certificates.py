"""Certificates as facts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from auditor.host import certificates
from auditor.host.certificates import NoCertificate, NotAPair
from auditor.hostfacts import HostFile
from tests.host.making import AUTHORITY, CLIENT, SERVER, certificate, private_key

FILE = HostFile("/x.crt")


@pytest.mark.parametrize(
    ("usages", "serves", "identifies"),
    [
        (CLIENT, False, True),
        (SERVER, True, False),
        ((*CLIENT, *SERVER), True, True),
        ((), True, True),
        ((ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), True, True),
        ((ExtendedKeyUsageOID.CODE_SIGNING,), False, False),
    ],
)
def test_for_servers_or_clients(usages: tuple[ExtendedKeyUsageOID, ...], serves: bool, identifies: bool) -> None:
    found = certificates.client(FILE, certificate(*usages, key=1))  # type: ignore[arg-type]
    assert (found.serves, found.identifies) == (serves, identifies)


def test_who_signed_it() -> None:
    pem = certificate(*CLIENT, key=1)
    assert certificates.client(FILE, pem).issued_by_ca is None
    assert certificates.client(FILE, pem, AUTHORITY).issued_by_ca is True
    assert certificates.client(FILE, pem, certificate(authority=True, key=2, signer=2)).issued_by_ca is False


def test_the_first_certificate_of_a_chain_is_the_clients() -> None:
    found = certificates.client(FILE, b"text before\n" + certificate(*CLIENT, key=1) + AUTHORITY)
    assert found.authority is False


def test_a_bundle_lasts_as_long_as_its_last() -> None:
    old = certificate(authority=True, starts=datetime(2020, 1, 1, tzinfo=UTC), expires=datetime(2025, 1, 1, tzinfo=UTC))
    found = certificates.bundle(FILE, old + AUTHORITY)
    assert (found.starts, found.expires) == ("2020-01-01T00:00:00Z", "2046-01-01T00:00:00Z")
    assert certificates.bundle(FILE, old).expires == "2025-01-01T00:00:00Z"


def test_a_serving_certificate_may_vouch_for_itself() -> None:
    assert certificates.bundle(FILE, certificate(*SERVER, key=1)).authority is False


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"text",
        private_key(),
        AUTHORITY.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"),
        AUTHORITY.replace(b"M", b"?"),
    ],
)
def test_what_holds_no_certificate(pem: bytes) -> None:
    with pytest.raises(NoCertificate):
        certificates.bundle(FILE, pem)


def test_pairs() -> None:
    certificates.check_pair(certificate(key=1), private_key(1))
    for key in (private_key(2), b"", b"-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(NotAPair):
            certificates.check_pair(certificate(key=1), key)
