"""Whom certificates name, whom the policy means, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from auditor.cli import run
from auditor.signatures.certificates import Signer, signer_of
from auditor.signatures.identities import fault, matches
from tests.authorities import ISSUER, SIGNED_AT, new_key
from tests.keyless import SUBJECT, Sigstore, uri

ROOT = Sigstore().trusted_root()


def test_issuers_that_are_longer_than_a_byte_says() -> None:
    data = b"https://issuer.example/" + b"a" * 300
    der = bytes([0x0C, 0x82]) + len(data).to_bytes(2) + data
    signer = signer_of(certificate_with(der))
    assert signer == Signer(data.decode(), (SUBJECT,))
    with pytest.raises(ValueError, match="UTF8String"):
        signer_of(certificate_with(der[:-1]))
    with pytest.raises(ValueError, match="UTF8String"):
        signer_of(certificate_with(b"\x04\x01a"))


def certificate_with(issuer: bytes) -> x509.Certificate:
    """One that nobody vouches for, with these bytes as the issuer's extension."""
    key = new_key()
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), issuer)
    return (
        x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key(), 1)
        .not_valid_before(SIGNED_AT)
        .not_valid_after(SIGNED_AT + timedelta(minutes=1))
        .add_extension(x509.SubjectAlternativeName([uri()]), True)
        .add_extension(extension, False)
        .sign(key, hashes.SHA256())
    )


@pytest.mark.parametrize(
    ("pattern", "subject", "meant"),
    [
        (SUBJECT, SUBJECT, True),
        ("https://git.example/shop/app/.github/workflows/release.yml@refs/tags/*", SUBJECT, True),
        ("https://git.example/shop/*/.github/workflows/release.yml@refs/tags/*", SUBJECT, True),
        ("https://git.example/shop/*", SUBJECT, False),
        ("https://git.example/shop/**", SUBJECT, True),
        ("https://git.example/sho", SUBJECT, False),
        ("https://git.example/shop/app/.github/workflows/release.yml@refs/tags/v", SUBJECT, False),
        ("*@example.com", "me@example.com", True),
        ("*@example.com", "me@example.com.evil.example", False),
        ("*@example.com", "me@evil.example/@example.com", False),
        ("me@exampleXcom", "me@example.com", False),
        ("me@example.com", "me@exampleXcom", False),
    ],
)
def test_whom_a_subject_means(pattern: str, subject: str, meant: bool) -> None:
    assert matches(pattern, subject) is meant


@pytest.mark.parametrize(
    ("issuer", "subject", "reason"),
    [
        (ISSUER, SUBJECT, ""),
        (ISSUER, "*@example.com", ""),
        (ISSUER, "spiffe://cluster.example/**", ""),
        (ISSUER, "https://github.com/shop/**", ""),
        (ISSUER, "*", "everybody"),
        (ISSUER, "**/*", "everybody"),
        (ISSUER, "**@**", "everybody"),
        (ISSUER, "me@*", "after the @"),
        (ISSUER, "*.example.com", "after the @"),
        (ISSUER, "https://**", "the host"),
        (ISSUER, "https://github.com*", "the host"),
        (ISSUER, "https://github.com/**", "the owner"),
        (ISSUER, "https://github.com/shop*/app", "the owner"),
        ("*", "me@example.com", "its issuer"),
        ("https://*.example", "me@example.com", "its issuer"),
    ],
)
def test_identities_that_let_in_everybody(issuer: str, subject: str, reason: str) -> None:
    found = fault(issuer, subject)
    assert (reason in found) if reason else not found


def test_the_policy_refuses_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "version: 1\nsignatures:\n  - images: [registry.example]\n"
        "    identities: [{issuer: https://a.example, subject: '*'}]\n"
    )
    assert run(["policy", "check", str(path)]) == 2
    error = capsys.readouterr().err
    assert "signatures[0].identities[0]" in error
    assert "lets in everybody" in error


@pytest.mark.parametrize(
    ("text", "entry", "reason"),
    [
        (ROOT.decode(), "identities: [{issuer: i, subject: s}]", ""),
        ("{}", "identities: [{issuer: i, subject: s}]", "is no trusted root"),
        ("hunter2", "identities: [{issuer: i, subject: s}]", "is no trusted root"),
        (ROOT.decode().replace("tlogs", "x"), "identities: [{issuer: i, subject: s}]", "cannot be used"),
        (ROOT.decode(), "keys: [k.pub]", "there are none"),
    ],
)
def test_trust_roots_are_tried_with_the_policy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, entry: str, reason: str
) -> None:
    (tmp_path / "root.json").write_text(text)
    path = tmp_path / "policy.yaml"
    path.write_text(f"version: 1\nsignatures:\n  - images: [a.example]\n    {entry}\n    trustRoot: root.json\n")
    assert run(["policy", "check", str(path)]) == (2 if reason else 0)
    error = capsys.readouterr().err
    assert reason in error
    assert "hunter2" not in error
