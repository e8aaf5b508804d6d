"""Signatures: what verifies, what does not, and what the checks make of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli import run
from auditor.errors import PolicyError
from auditor.evidence import Child, ImageEvidence, SignatureMaterial, Unavailable
from auditor.image import parse
from auditor.model import Container, Coverage, Owner, Shape, Snapshot
from auditor.policy import Policy, Signature
from auditor.policy_files import with_files
from auditor.report import Report
from auditor.signatures import bundle, cosign
from auditor.signatures.keys import load_key, verifies
from auditor.signatures.patterns import matches
from auditor.signatures.verdicts import Trust
from tests.auditing import audit
from tests.signing import DIGEST, NAME, OTHER, PRIVATE, cosign_material, dsse_material, message_material, pem, sign

KINDS = ("ecdsa", "ecdsa-384", "rsa", "ed25519", "ed25519ph")
TRUSTS = {kind: Trust({f"{kind}.pub": load_key(pem(kind))}) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [cosign_material, dsse_material])
def test_what_a_trusted_key_made_over_the_image_is_trusted(kind: str, make: Callable[..., SignatureMaterial]) -> None:
    verify = cosign.verify if make is cosign_material else bundle.verify
    assert verify(make(kind), DIGEST, TRUSTS[kind]).by == f"{kind}.pub"
    assert verify(make(kind), DIGEST, TRUSTS[kind]).state == "trusted"
    assert verify(make(kind, digest=OTHER), DIGEST, TRUSTS[kind]).state == "misplaced"
    other = TRUSTS["rsa" if kind != "rsa" else "ecdsa"]
    assert verify(make(kind), DIGEST, other).state == "foreign"
    assert verify(make(kind), DIGEST, Trust()).state == "foreign"


def test_a_statement_about_a_digest_of_another_algorithm() -> None:
    longer, trust = f"sha512:{'a' * 128}", Trust({"key": load_key(pem("ecdsa"))})
    made = dsse_material("ecdsa", longer)
    assert bundle.verify(made, longer, trust).state == "trusted"
    assert bundle.verify(made, DIGEST, trust).state == "misplaced"


def test_ed25519_of_hashed_messages() -> None:
    """The vector of RFC 8032 §7.3. A change of a byte, or half a signature, is no signature."""
    public = "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"
    made = bytes.fromhex(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    )
    key = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    assert verifies(key, made, b"abc")
    assert not verifies(key, made, b"abd")
    assert not verifies(key, made[:32], b"abc")
    assert not verifies(key, bytes(64), b"abc")


@pytest.mark.parametrize(("kind", "state"), [("ecdsa", "trusted"), ("rsa", "trusted"), ("ed25519", "unverified")])
def test_a_signature_over_the_manifest_itself(kind: str, state: str) -> None:
    assert bundle.verify(message_material(kind), DIGEST, TRUSTS[kind]).state == state
    moved = bundle.verify(message_material(kind, digest=OTHER), DIGEST, TRUSTS[kind])
    assert moved.state == ("misplaced" if kind != "ed25519" else "unverified")


@given(st.data())
def test_no_changed_byte_verifies(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    material = cosign_material(kind)
    payload = bytearray(material.payload)
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] ^= data.draw(st.integers(1, 255))
    changed = SignatureMaterial("cosign", "", "", "", bytes(payload), material.annotations)
    assert cosign.verify(changed, DIGEST, TRUSTS[kind]).state in ("foreign", "broken")
    signature = bytearray(base64.b64decode(material.annotations[cosign.SIGNATURE]))
    place = data.draw(st.integers(0, len(signature) - 1))
    signature[place] ^= data.draw(st.integers(1, 255))
    annotations = {cosign.SIGNATURE: base64.b64encode(bytes(signature)).decode()}
    changed = SignatureMaterial("cosign", "", "", "", material.payload, annotations)
    assert cosign.verify(changed, DIGEST, TRUSTS[kind]).state == "foreign"


def payload(**critical: Any) -> bytes:
    image = {"docker-manifest-digest": DIGEST}
    whole = {"identity": {}, "image": image, "type": "cosign container image signature", **critical}
    return json.dumps({"critical": whole, "optional": None}).encode()


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (payload(), "trusted"),
        (payload().replace(b'"docker-', b'"Docker-'), "trusted"),
        (payload(type="atomic container signature"), "broken"),
        (payload(image={}), "broken"),
        (payload(image={"docker-manifest-digest": 5}), "broken"),
        (payload().replace(b'"optional": null', b'"Critical": {}'), "broken"),
        (b"[]", "broken"),
        (b"5", "broken"),
        (b"\xff", "broken"),
        (b"[" * 100_000, "broken"),
        (b"", "broken"),
    ],
)
def test_payloads_that_a_trusted_key_signed(text: bytes, state: str) -> None:
    annotations = {cosign.SIGNATURE: base64.b64encode(sign("ecdsa", text)).decode()}
    material = SignatureMaterial("cosign", "", "", "", text, annotations)
    assert cosign.verify(material, DIGEST, TRUSTS["ecdsa"]).state == state


@pytest.mark.parametrize("annotation", ["", "not base64!", "===="])
def test_a_signature_that_is_none(annotation: str) -> None:
    material = SignatureMaterial("cosign", "", "", "", payload(), {cosign.SIGNATURE: annotation})
    assert cosign.verify(material, DIGEST, TRUSTS["ecdsa"]).state == "broken"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "trusted"),
        ({"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1"}, "trusted"),
        ({"mediaType": "application/vnd.dev.sigstore.bundle+json; version=0.2"}, "trusted"),
        ({"mediaType": "application/vnd.dev.sigstore.bundle.v0.4+json"}, "unknown"),
        ({"verificationMaterial": {"certificate": {"rawBytes": ""}}}, "foreign"),
        ({"dsseEnvelope": {}}, "broken"),
        ({"dsseEnvelope": 5}, "broken"),
        ({"dsseEnvelope": None}, "broken"),
    ],
)
def test_bundles_of_other_shapes(change: dict[str, Any], state: str) -> None:
    whole = json.loads(dsse_material("ecdsa").payload)
    material = SignatureMaterial("bundle", "", "", "", json.dumps({**whole, **change}).encode())
    assert bundle.verify(material, DIGEST, TRUSTS["ecdsa"]).state == state


def test_an_attestation_is_no_signature() -> None:
    material = dsse_material("ecdsa", predicate="https://slsa.dev/provenance/v1")
    assert bundle.verify(material, DIGEST, TRUSTS["ecdsa"]).state == "other"


def test_pre_authentication_is_that_of_the_protocol() -> None:
    # The example of secure-systems-lab/dsse's protocol.md.
    made = bundle.pre_authentication("http://example.com/HelloWorld", b"hello world")
    assert made == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no public key"),
        (pem("ecdsa") * 2, "several keys"),
        (b"-----BEGIN CERTIFICATE-----\n", "a certificate"),
        (
            PRIVATE["ecdsa"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "a private key",
        ),
        (b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "a private key"),
        (
            ec.generate_private_key(ec.SECP256K1())
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "the curve secp256k1",
        ),
        (
            rsa.generate_private_key(65537, 1024)
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "1024 bits",
        ),
    ],
)
def test_keys_that_cannot_be_used(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        load_key(data)


@pytest.mark.parametrize(
    ("pattern", "image", "about"),
    [
        ("registry.example", "registry.example/team/app:1", True),
        ("registry.example/team", "registry.example/team/app", True),
        ("registry.example/team", "registry.example/teams/app", False),
        ("docker.io/library", "nginx", True),
        ("nginx", "nginx:1", True),
        ("registry.example/team", "REGISTRY.example/team/app", True),
        ("registry.example/team", "registry.example:443/team/app", True),
        ("docker.io/corp", "docker.io:443/corp/app", True),
        ("registry.example:5000/team", "registry.example:5000/team/app", True),
        ("registry.example/team", "registry.example:5000/team/app", False),
        ("registry.example/*", "registry.example/app", True),
        ("registry.example/*", "registry.example/team/app", False),
        ("registry.example/**", "registry.example/team/app", True),
        ("*", "nginx", True),
        ("**/app", "registry.example/team/app", True),
        ("registry.example/te.m/*", "registry.example/team/app", False),
        ("*.example/app", "registry.example/app", True),
        ("*.example/app", "evil.com/x.example/app", False),
    ],
)
def test_which_images_a_pattern_is_about(pattern: str, image: str, about: bool) -> None:
    assert matches(pattern, parse(image)) is about


def snapshot(
    *signatures: SignatureMaterial, missing: Unavailable | None = None, image: str = f"{NAME}@{DIGEST}"
) -> Snapshot:
    row = ImageEvidence(NAME, digest=DIGEST, signatures=signatures, signatures_unavailable=missing)
    shape = Shape("template", (Container("app", "container", image),))
    lists = tuple(Coverage(name, "read") for name in ("pods", "deployments"))
    return Snapshot(
        owners=(Owner("shop", "Deployment", "web", shapes=(shape,)),),
        images=(row,),
        coverage=(*lists, Coverage("registry", "read", count=1)),
    )


def policy(*kinds: str, images: str = "registry.example") -> Policy:
    files = {f"{kind}.pub": pem(kind) for kind in kinds}
    entries = tuple(Signature((images,), (name,)) for name in files)
    return Policy(signatures=entries, files=files)


def verdicts(report: Report) -> dict[str, str]:
    found = {finding.check: f"{finding.status}/{finding.cause}".removesuffix("/None") for finding in report.findings}
    return {row.id: found.get(row.id, "pass" if row.passed else "skip") for row in report.checks}


def judged(found: Snapshot, rules: Policy) -> tuple[str, str]:
    told = verdicts(audit(found, rules, ["unsigned-image", "invalid-signature"]))
    return told["unsigned-image"], told["invalid-signature"]


TAMPERED = SignatureMaterial(
    "cosign", "", "", "", payload(identity={"docker-reference": "x"}), cosign_material("ecdsa").annotations
)
NOTATION = SignatureMaterial("notation", "application/jose+json", "", "", b"{}")


@pytest.mark.parametrize(
    ("signatures", "expected"),
    [
        ((cosign_material("ecdsa"),), ("pass", "pass")),
        ((dsse_material("ecdsa"),), ("pass", "pass")),
        ((), ("fail", "pass")),
        ((cosign_material("rsa"),), ("fail", "fail")),
        ((cosign_material("ecdsa"), cosign_material("rsa")), ("pass", "pass")),
        ((cosign_material("ecdsa", digest=OTHER),), ("fail", "fail")),
        ((cosign_material("ecdsa"), cosign_material("ecdsa", digest=OTHER)), ("pass", "fail")),
        ((TAMPERED,), ("fail", "fail")),
        ((NOTATION,), ("fail", "manual/judgment")),
        ((NOTATION, cosign_material("ecdsa")), ("pass", "pass")),
        ((dsse_material("ecdsa", predicate="https://slsa.dev/provenance/v1"),), ("fail", "pass")),
    ],
)
def test_verdicts(signatures: tuple[SignatureMaterial, ...], expected: tuple[str, str]) -> None:
    assert judged(snapshot(*signatures), policy("ecdsa")) == expected


def test_what_cannot_be_judged_here_is_neither_signed_nor_unsigned() -> None:
    unclear = snapshot(message_material("ed25519"))
    assert judged(unclear, policy("ed25519")) == ("manual/unreadable", "manual/unreadable")
    assert judged(snapshot(message_material("ed25519"), cosign_material("ed25519")), policy("ed25519")) == (
        "pass",
        "pass",
    )


def test_every_entry_about_an_image_has_to_be_met() -> None:
    both = policy("ecdsa", "rsa")
    assert judged(snapshot(cosign_material("ecdsa"), cosign_material("rsa")), both) == ("pass", "pass")
    assert judged(snapshot(cosign_material("ecdsa")), both)[0] == "fail"


def test_what_could_not_be_asked_is_not_unsigned() -> None:
    missing = Unavailable("timeout", "no answer within 10 s")
    assert judged(snapshot(missing=missing), policy("ecdsa")) == ("manual/unreadable", "manual/unreadable")
    assert judged(snapshot(cosign_material("ecdsa"), missing=missing), policy("ecdsa")) == ("pass", "pass")


def test_images_of_which_the_policy_says_nothing_get_no_verdict() -> None:
    assert judged(snapshot(), policy("ecdsa", images="quay.io")) == ("skip", "skip")
    assert judged(snapshot(), Policy()) == ("skip", "skip")


def test_a_signature_of_the_index_covers_its_platforms() -> None:
    child = f"sha256:{'c' * 64}"
    base = snapshot(cosign_material("ecdsa"), image=f"{NAME}@{child}")
    index = ImageEvidence(NAME, digest=DIGEST, children=(Child(child),), signatures=base.images[0].signatures)
    with_index = Snapshot(owners=base.owners, coverage=base.coverage, images=(index, ImageEvidence(NAME, digest=child)))
    assert judged(with_index, policy("ecdsa")) == ("pass", "pass")


def policy_file(folder: Path, *names: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(f"version: 1\nsignatures: [{{images: [registry.example], keys: {json.dumps(names)}}}]\n")
    return path


def test_keys_are_read_beside_the_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a.pub").write_bytes(pem("ecdsa"))
    assert run(["policy", "check", str(policy_file(tmp_path, "keys/a.pub"))]) == 0
    (tmp_path / "b.pub").write_text("hunter2")
    assert run(["policy", "check", str(policy_file(tmp_path, "b.pub", "keys", "none.pub"))]) == 2
    error = capsys.readouterr().err
    assert "signatures[0].keys[0]: b.pub holds no public key" in error
    assert "signatures[0].keys[1]: keys is no file" in error
    assert "signatures[0].keys[2]: none.pub: No such file" in error
    assert "hunter2" not in error


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.pub").open("wb") as file:
        file.truncate((64 << 20) + 1)
    entry = Signature(("registry.example",), ("a.pub",))
    with pytest.raises(PolicyError, match="more than 64 MiB"):
        with_files(Policy(signatures=(entry,), path="policy.yaml"), tmp_path)


@pytest.mark.parametrize("pattern", ["registry.example/app:1", f"registry.example/app@{DIGEST}", "/*/", "https://x"])
def test_patterns_that_can_match_nothing(tmp_path: Path, pattern: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"version: 1\nsignatures: [{{images: ['{pattern}'], keys: [a]}}]\n")
    assert run(["policy", "check", str(path)]) == 2
    assert "signatures[0]" in capsys.readouterr().err
