"""Keyless signatures, made by a Sigstore of the tests' own and verified by the real package."""

from __future__ import annotations

import base64
import copy
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.evidence import SignatureMaterial
from auditor.policy import Identity, Policy, Signature
from auditor.signatures import bundle, cosign
from auditor.signatures.attested import Root
from auditor.signatures.verdicts import Trust, Verdict
from tests.authorities import ISSUER, SIGNED_AT, Clock, Log, new_key
from tests.keyless import MEDIA, SUBJECT, V01, Sigstore, material, uri
from tests.signing import DIGEST, OTHER
from tests.test_signatures import judged, snapshot

SIGSTORE = Sigstore()
ROOT = SIGSTORE.trusted_root()
TRUST = Trust(identities=((ISSUER, SUBJECT),), root=ROOT)
V02 = "application/vnd.dev.sigstore.bundle+json;version=0.2"
V03 = "application/vnd.dev.sigstore.bundle+json;version=0.3"


def verdict(made: dict[str, Any] | SignatureMaterial, trust: Trust = TRUST, digest: str = DIGEST) -> Verdict:
    if isinstance(made, dict):
        return bundle.verify(material(made), digest, trust)
    return cosign.verify(made, digest, trust)


MAKERS: dict[str, Callable[..., Any]] = {
    "statement": SIGSTORE.statement,
    "message": SIGSTORE.message,
    "layer": SIGSTORE.layer,
}
MADE = {name: make() for name, make in MAKERS.items()}


@pytest.mark.parametrize("name", MADE)
def test_what_the_identity_signed_is_trusted(name: str) -> None:
    found = verdict(MADE[name])
    assert (found.state, found.by) == ("trusted", f"{SUBJECT} ({ISSUER})")


@pytest.mark.parametrize("media", [V01, V02, V03, MEDIA, V02.replace(";", "; ")])
@pytest.mark.parametrize("make", [SIGSTORE.statement, SIGSTORE.message])
def test_every_version_of_bundles(media: str, make: Callable[..., dict[str, Any]]) -> None:
    assert verdict(make(media=media)).state == "trusted"


def test_the_first_version_needs_no_proof_and_later_ones_do() -> None:
    for media, state in ((V01, "trusted"), (V02, "broken"), (MEDIA, "broken")):
        made = SIGSTORE.statement(media=media)
        del made["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
        assert verdict(made).state == state


@pytest.mark.parametrize("name", MADE)
def test_a_signature_copied_from_another_image(name: str) -> None:
    found = verdict(MAKERS[name](OTHER))
    assert found.state == "misplaced"
    assert OTHER in found.detail
    assert found.by.startswith(SUBJECT)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize(
    ("issuer", "subject"), [(ISSUER, f"{SUBJECT}0"), ("https://other.example", SUBJECT), (f"{ISSUER}/", SUBJECT)]
)
def test_another_identity_is_named_and_not_trusted(name: str, issuer: str, subject: str) -> None:
    found = verdict(MADE[name], Trust(identities=((issuer, subject),), root=ROOT))
    assert found.state == "foreign"
    assert f"{SUBJECT} ({ISSUER}) made it" in found.detail


@pytest.mark.parametrize("name", MADE)
def test_an_entry_of_keys_alone_trusts_no_certificate(name: str) -> None:
    assert verdict(MADE[name], Trust()).state == "foreign"


@pytest.mark.parametrize("name", MADE)
def test_another_authority_vouches_for_nobody(name: str) -> None:
    found = verdict(MADE[name], Trust(identities=TRUST.identities, root=Sigstore().trusted_root()))
    assert found.state == "foreign"
    assert "does not vouch" in found.detail
    public = verdict(MADE[name], Trust(identities=TRUST.identities))
    assert public.state == "foreign"


@pytest.mark.parametrize("name", MADE)
def test_an_unknown_log_is_told_apart_from_a_false_one(name: str) -> None:
    unknown = Trust(identities=TRUST.identities, root=SIGSTORE.trusted_root(log=Log()))
    assert verdict(MADE[name], unknown).state == "unverified"
    stranger = Trust(identities=((ISSUER, "somebody@example.com"),), root=unknown.root)
    if name == "message":
        assert verdict(changed(MADE[name], ("messageSignature", "signature"), "AAAA"), unknown).state == "foreign"
    assert verdict(MADE[name], stranger).state == "foreign"
    pretender = Sigstore()
    pretender.authority = SIGSTORE.authority
    forged = getattr(pretender, name)()
    text = json.dumps(forged) if isinstance(forged, dict) else forged.annotations["dev.sigstore.cosign/bundle"]
    own, known = (base64.b64encode(log.identity).decode() for log in (pretender.log, SIGSTORE.log))
    text = text.replace(own, known).replace(pretender.log.identity.hex(), SIGSTORE.log.identity.hex())
    if isinstance(forged, dict):
        forged = json.loads(text)
    else:
        annotations = {**forged.annotations, "dev.sigstore.cosign/bundle": text}
        forged = SignatureMaterial("cosign", "", "", "", forged.payload, annotations)
    assert verdict(forged).state == "foreign"


@pytest.mark.parametrize("minutes", [-2, 10, 60 * 24 * 365])
def test_a_certificate_counts_for_its_minutes_alone(minutes: int) -> None:
    at = SIGNED_AT + timedelta(minutes=minutes)
    assert verdict(SIGSTORE.statement(at=at)).state == "foreign"
    assert verdict(SIGSTORE.layer(at=at)).state == "foreign"


def test_a_key_that_the_certificate_does_not_name() -> None:
    found = verdict(SIGSTORE.layer(key=new_key()))
    assert found.state == "foreign"
    assert "does not verify" in found.detail


def test_keys_that_cannot_be_verified_here() -> None:
    key = rsa.generate_private_key(65537, 2048)
    assert verdict(SIGSTORE.layer(key=key)).state == "unverified"
    nobody = Trust(identities=((ISSUER, "x"),), root=ROOT)
    assert verdict(SIGSTORE.layer(key=key), nobody).state == "foreign"


def statement_bytes(made: dict[str, Any]) -> bytes:
    return base64.b64decode(made["dsseEnvelope"]["payload"])


def test_a_changed_statement() -> None:
    made = SIGSTORE.statement(OTHER)
    changed = statement_bytes(made).replace(OTHER[7:].encode(), DIGEST[7:].encode())
    made["dsseEnvelope"]["payload"] = base64.b64encode(changed).decode()
    assert verdict(made).state == "foreign"


def test_an_attestation_is_no_signature() -> None:
    assert verdict(SIGSTORE.statement(predicate="https://slsa.dev/provenance/v1")).state == "other"


def test_two_envelopes_in_one_bundle_prove_nothing() -> None:
    good, own = SIGSTORE.statement(OTHER), SIGSTORE.statement(DIGEST, uri("https://git.example/evil"))
    for name, other in (("dsseEnvelope", "dsse_envelope"), ("dsse_envelope", "dsseEnvelope")):
        made = {**good, name: good["dsseEnvelope"], other: own["dsseEnvelope"]}
        assert verdict(made).state not in ("trusted", "misplaced") or OTHER in verdict(made).detail


def test_the_certificate_of_one_bundle_on_another() -> None:
    made, other = SIGSTORE.statement(subject=uri("https://git.example/evil")), SIGSTORE.statement()
    made["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"]
    assert verdict(made).state == "foreign"
    made["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    assert verdict(made).state == "foreign"


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, inner in items for path in paths(inner, (*at, key)))]


HOSTILE = ["", "x", "AAAA", str(2**64 - 1), "9" * 5000, -1, 0, None, [], {}, "\x00", "—" * 70, "application/x", True]


def changed(whole: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(whole)
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    if path:
        place[path[-1]] = value
    return made


@pytest.mark.parametrize("name", ["statement", "message"])
def test_nothing_put_into_a_bundle_breaks_the_verifier(name: str) -> None:
    # Nothing may change but what need not be there: the digest as a hint, and where the promise is enough the proof.
    for media, spare in ((MEDIA, {"messageDigest"}), (V01, {"messageDigest", "inclusionProof", "checkpoint"})):
        whole = MAKERS[name](media=media)
        for path in paths(whole)[1:]:
            for value in HOSTILE:
                found = verdict(changed(whole, path, value))
                assert found.state != "trusted" or path[-1] in spare, (path, value)
                assert found.state in ("trusted", "foreign", "broken", "unverified", "unknown", "misplaced")


def test_nothing_put_into_a_promise_breaks_the_verifier() -> None:
    layer = MADE["layer"]
    whole = json.loads(layer.annotations["dev.sigstore.cosign/bundle"])
    for path in paths(whole)[1:]:
        for value in HOSTILE:
            text = json.dumps(changed(whole, path, value))
            annotations = {**layer.annotations, "dev.sigstore.cosign/bundle": text}
            made = SignatureMaterial("cosign", "", "", "", layer.payload, annotations)
            assert verdict(made).state in ("foreign", "broken", "unverified", "unknown"), (path, value)


@settings(deadline=None)
@given(st.data())
def test_no_changed_bit_of_a_certificate_verifies(data: st.DataObject) -> None:
    made = copy.deepcopy(MADE["statement"])
    place = made["verificationMaterial"]["certificate"]
    der = bytearray(base64.b64decode(place["rawBytes"]))
    der[data.draw(st.integers(0, len(der) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    place["rawBytes"] = base64.b64encode(bytes(der)).decode()
    assert verdict(made).state in ("foreign", "broken")


@pytest.mark.parametrize(
    ("annotation", "value", "state"),
    [
        ("dev.sigstore.cosign/bundle", "", "foreign"),
        ("dev.sigstore.cosign/bundle", "{}", "foreign"),
        ("dev.sigstore.cosign/bundle", "[" * 100_000, "foreign"),
        ("dev.sigstore.cosign/certificate", "x", "foreign"),
        ("dev.sigstore.cosign/certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "foreign"),
        ("dev.cosignproject.cosign/signature", "AAAA", "foreign"),
    ],
)
def test_layers_that_lack_something(annotation: str, value: str, state: str) -> None:
    layer = MADE["layer"]
    annotations = {**layer.annotations, annotation: value}
    assert verdict(SignatureMaterial("cosign", "", "", "", layer.payload, annotations)).state == state


def test_a_timestamp_alone_is_not_judged() -> None:
    annotations = {**MADE["layer"].annotations, "dev.sigstore.cosign/rfc3161timestamp": "{}"}
    del annotations["dev.sigstore.cosign/bundle"]
    assert verdict(SignatureMaterial("cosign", "", "", "", MADE["layer"].payload, annotations)).state == "unverified"


@pytest.mark.parametrize("message", [False, True])
def test_timestamps_in_place_of_promises(tmp_path: Path, message: bool) -> None:
    clock = Clock(tmp_path)
    made = SIGSTORE.timed(clock, message=message)
    timed = Trust(identities=TRUST.identities, root=SIGSTORE.trusted_root(clock=clock.chain))
    assert verdict(made, timed).state == "trusted"
    assert verdict(made, timed, OTHER).state == "misplaced"
    assert verdict(made).state == "foreign", "the root knows of no clock"
    place = made["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    other = clock.stamp(b"another signature")
    place[0]["signedTimestamp"] = base64.b64encode(other).decode()
    assert verdict(made, timed).state == "foreign"
    place.clear()
    assert verdict(made, timed).state == "broken"


@pytest.mark.parametrize("root", [b"", b"{}", b"[]", ROOT.replace(b"version=0.1", b"version=0.9"), b"{" * 10_000])
def test_a_root_that_cannot_be_used_judges_nothing(root: bytes) -> None:
    found = verdict(MADE["statement"], Trust(identities=TRUST.identities, root=root))
    assert found.state == "unverified"
    assert "trust root" in found.detail


def test_without_the_package_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "auditor.signatures.attested", None)
    for made in MADE.values():
        found = verdict(made)
        assert found.state == "unverified"
        assert "auditor[keyless]" in found.detail


def test_the_package_carries_the_public_root() -> None:
    public = Root(None)
    assert len(public.logs) >= 2


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        (x509.RFC822Name("me@example.com"), "me@example.com"),
        (x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), b"\x0c\x04me!x"), "me!x"),
    ],
)
def test_every_kind_of_subject(name: x509.GeneralName, subject: str) -> None:
    trust = Trust(identities=((ISSUER, subject),), root=ROOT)
    assert verdict(SIGSTORE.statement(subject=name), trust).state == "trusted"
    assert verdict(SIGSTORE.statement(subject=name, old_issuer=True), trust).state == "trusted"


def test_verdicts_of_the_checks() -> None:
    rules = Policy(
        signatures=(Signature(("registry.example",), identities=(Identity(ISSUER, SUBJECT),), trust_root="root.json"),),
        files={"root.json": ROOT},
    )
    for name, made in MADE.items():
        signature = material(made) if isinstance(made, dict) else made
        assert judged(snapshot(signature), rules) == ("pass", "pass"), name
    stranger = material(SIGSTORE.statement(subject=uri("https://git.example/evil")))
    assert judged(snapshot(stranger), rules) == ("fail", "fail")
    assert judged(snapshot(stranger, MADE["layer"]), rules) == ("pass", "pass")
    assert judged(snapshot(material(SIGSTORE.message(OTHER))), rules) == ("fail", "fail")
