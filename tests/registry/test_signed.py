"""Signed images from the push to the report: through the real registry, and one with the referrers API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from auditor.evidence import SignatureMaterial
from tests.authorities import ISSUER
from tests.keyless import SUBJECT, Sigstore, material, uri
from tests.registry.artifacts import (
    BUNDLE,
    NOTATION,
    OCI_CONFIG,
    SIMPLE_SIGNING,
    Artifact,
    Built,
    bundle,
    index,
    manifest,
    referrers_index,
)
from tests.registry.distribution import Distribution, distribution
from tests.registry.loopback import Loopback, loopback
from tests.signing import PRIVATE, cosign_3, cosign_material, dsse_material, message_material, pem
from tests.sources.certificates import Authority

SIGSTORE = Sigstore()
KEYS = ("ecdsa", "rsa", "ed25519", "ed25519ph")
CHECKS = ("unsigned-image", "invalid-signature")
ELSEWHERE = f"sha256:{'e' * 64}"


@dataclass(frozen=True)
class Case:
    """What lies beside an image, by its digest, and what has to be said of it."""

    classic: Callable[[str], SignatureMaterial] | None = None
    referring: Callable[[str], SignatureMaterial] | None = None
    expected: tuple[str, str] = ("pass", "pass")
    kind: str = BUNDLE


def tampered(digest: str) -> SignatureMaterial:
    """A stranger's image under the signature of another."""
    payload, signature = cosign_material("ecdsa", digest).payload, cosign_material("ecdsa", ELSEWHERE)
    return SignatureMaterial("cosign", "", "", "", payload, signature.annotations)


CASES = {
    "ecdsa": Case(lambda digest: cosign_material("ecdsa", digest)),
    "rsa": Case(lambda digest: cosign_material("rsa", digest)),
    "ed25519": Case(lambda digest: cosign_material("ed25519", digest)),
    "ed25519ph": Case(lambda digest: cosign_material("ed25519ph", digest)),
    "statement": Case(referring=lambda digest: dsse_material("ecdsa", digest)),
    "message": Case(referring=lambda digest: message_material("ecdsa", digest)),
    "keyless-layer": Case(lambda digest: SIGSTORE.layer(digest)),
    "keyless-statement": Case(referring=lambda digest: material(SIGSTORE.statement(digest))),
    "keyless-message": Case(referring=lambda digest: material(SIGSTORE.message(digest))),
    "nothing": Case(expected=("fail", "pass")),
    "provenance": Case(
        referring=lambda digest: material(SIGSTORE.statement(digest, predicate="https://slsa.dev/provenance/v1")),
        expected=("fail", "pass"),
    ),
    "another-key": Case(lambda digest: cosign_material("ecdsa-384", digest), expected=("fail", "fail")),
    "copied": Case(lambda _: cosign_material("ecdsa", ELSEWHERE), expected=("fail", "fail")),
    "tampered": Case(tampered, expected=("fail", "fail")),
    "copied-bundle": Case(referring=lambda _: material(SIGSTORE.statement(ELSEWHERE)), expected=("fail", "fail")),
    "stranger": Case(
        referring=lambda digest: material(SIGSTORE.statement(digest, uri("https://git.example/evil"))),
        expected=("fail", "fail"),
    ),
    "another-authority": Case(
        referring=lambda digest: material(Sigstore().statement(digest)), expected=("fail", "fail")
    ),
    "notation": Case(
        referring=lambda _: SignatureMaterial("notation", "", "", "", b"{}"),
        expected=("fail", "manual"),
        kind=NOTATION,
    ),
    "good-beside-copied": Case(
        lambda _: cosign_material("ecdsa", ELSEWHERE),
        lambda digest: dsse_material("rsa", digest),
        expected=("pass", "fail"),
    ),
}


def layer(found: SignatureMaterial) -> Artifact:
    """What lies under the tag `sha256-….sig`."""
    return manifest(b"{}", [(found.payload, SIMPLE_SIGNING, found.annotations)], config_type=OCI_CONFIG)


def fill(put: Callable[..., Artifact], *, listing: bool) -> None:
    """Every case in a repository of its name; `listing`: without the referrers API."""
    for name, case in CASES.items():
        image = put(f"team/{name}", Built(seed=name).image(), "1")
        beside = image.digest.replace(":", "-")
        if case.classic:
            put(f"team/{name}", layer(case.classic(image.digest)), f"{beside}.sig")
        if case.referring:
            made = put(f"team/{name}", bundle(image, case.referring(image.digest).payload, case.kind))
            if listing:
                put(f"team/{name}", referrers_index([(made, case.kind)]), beside)


def policy(folder: Path, host: str, keys: Sequence[str] = KEYS) -> Path:
    """Trusts some keys and one identity for everything in the registry."""
    for kind in PRIVATE:
        (folder / f"{kind}.pub").write_bytes(pem(kind))
    (folder / "root.json").write_bytes(SIGSTORE.trusted_root())
    entry = {
        "images": [f"{host}/team"],
        "keys": [f"{kind}.pub" for kind in keys],
        "identities": [{"issuer": ISSUER, "subject": SUBJECT.replace("v1", "*")}],
        "trustRoot": "root.json",
    }
    path = folder / "policy.yaml"
    path.write_text(json.dumps({"version": 1, "signatures": [entry]}))
    return path


def deployment(name: str, image: str) -> dict[str, Any]:
    spec = {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def scan(
    folder: Path, host: str, objects: Sequence[dict[str, Any]], *options: str, keys: Sequence[str] = KEYS
) -> dict[str, Any]:
    """The report of a scan that asks the registry; the snapshot that it keeps lies beside it."""
    source, report = folder / "objects.json", folder / "report.json"
    source.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
    arguments = ["--registry", "--no-registry-cache", "--registry-allow-private", "127.0.0.1", *options]
    audited(source, policy(folder, host, keys), report, *arguments, "--save-snapshot", str(folder / "snapshot.json"))
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def audited(source: Path, rules: Path, report: Path, *options: str) -> None:
    checks = [argument for check in CHECKS for argument in ("--check", check)]
    told = ["--fail-on", "never", "--allow-incomplete", "-o", f"json={report}", *checks, *options]
    assert run(["scan", "--from", str(source), "--policy", str(rules), *told]) == 0


def verdicts(report: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """By repository; what is in no finding has passed."""
    told = {(finding["subject"]["name"], finding["check"]): finding["status"] for finding in report["findings"]}
    names = {name.split("/")[-1].split(":")[0]: name for name, _ in told}
    return {case: tuple(told.get((names.get(case, ""), check), "pass") for check in CHECKS) for case in CASES}


def expected() -> dict[str, tuple[str, ...]]:
    return {name: case.expected for name, case in CASES.items()}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Distribution]:
    with distribution(tmp_path_factory.mktemp("registry"), authority) as found:
        fill(found.push, listing=True)
        yield found


def test_the_real_registry(tmp_path: Path, registry: Distribution) -> None:
    images = [deployment(name, f"{registry.host}/team/{name}:1") for name in CASES]
    report = scan(tmp_path, registry.host, images, "--registry-ca", str(registry.authority))
    assert verdicts(report) == expected()
    by = {finding["subject"]["name"]: finding for finding in report["findings"] if finding["check"] == CHECKS[1]}
    copied = next(finding for name, finding in by.items() if "/good-beside-copied" in name)
    assert [told["verdict"] for told in copied["evidence"]["signatures"]] == ["misplaced"]
    assert ELSEWHERE in copied["message"]


def test_a_registry_with_the_referrers_api(tmp_path: Path) -> None:
    with loopback() as server:
        fill(server.put, listing=False)
        images = [deployment(name, f"{server.host}/team/{name}:1") for name in CASES]
        report = scan(tmp_path, server.host, images, "--registry-plain-http", server.host)
    assert verdicts(report) == expected()


def test_the_snapshot_gives_the_same_findings(tmp_path: Path) -> None:
    """The registry is gone by then."""
    with loopback() as server:
        fill(server.put, listing=False)
        images = [deployment(name, f"{server.host}/team/{name}:1") for name in CASES]
        scan(tmp_path, server.host, images, "--registry-plain-http", server.host)
    again = tmp_path / "again.json"
    audited(tmp_path / "snapshot.json", tmp_path / "policy.yaml", again)
    first = (tmp_path / "report.json").read_text()
    assert again.read_text() == first.replace('"source": "files"', '"source": "snapshot"')
    assert '"source": "files"' in first


@pytest.mark.parametrize("kind", PRIVATE)
def test_what_cosign_3_writes_by_default(tmp_path: Path, registry: Distribution, kind: str) -> None:
    """A bundle that refers to the image: found through the referrers API, and through the fallback tag of a registry
    that has none."""
    image = Built(seed=kind).image()
    made = cosign_3(kind, image)
    beside = image.digest.replace(":", "-")
    name = f"team/cosign-3-{kind}"
    registry.push(name, image, "1")
    registry.push(name, made)
    registry.push(name, referrers_index([(made, BUNDLE)]), beside)
    with loopback() as server:
        server.put(name, image, "1")
        server.put(name, made)
        real = deployment("real", f"{registry.host}/{name}:1"), "--registry-ca", str(registry.authority)
        own = deployment("own", f"{server.host}/{name}:1"), "--registry-plain-http", server.host
        for host, (workload, *options) in ((registry.host, real), (server.host, own)):
            report = scan(tmp_path, host, [workload], *options, keys=(kind,))
            assert report["findings"] == []
            others = [other for other in PRIVATE if other != kind]
            report = scan(tmp_path, host, [workload], *options, keys=others)
            assert sorted(finding["check"] for finding in report["findings"]) == ["invalid-signature", "unsigned-image"]


def running(name: str, image: str, digest: str) -> dict[str, Any]:
    """A pod that runs it under another digest than the tag's."""
    state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    identity = f"{image.rpartition(':')[0]}@{digest}"
    status = {"name": "app", "image": image, "imageID": identity, "ready": True, "state": state}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"containers": [{"name": "app", "image": image}]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }


@pytest.mark.parametrize("signed", ["index", "manifest", "other"])
def test_what_runs_of_a_signed_index(tmp_path: Path, signed: str) -> None:
    platforms = {f"linux/{name}": Built(architecture=name, seed=name).image() for name in ("amd64", "arm64")}
    whole = index(platforms)
    amd, arm = platforms.values()
    with loopback() as server:
        put(server, whole, {"index": whole, "manifest": amd, "other": arm}[signed])
        pod = running("web", f"{server.host}/team/app:1", amd.digest)
        report = scan(tmp_path, server.host, [pod], "--registry-plain-http", server.host)
    told = [finding["check"] for finding in report["findings"]]
    assert told == (["unsigned-image"] if signed == "other" else [])


def put(server: Loopback, whole: Artifact, signed: Artifact) -> None:
    server.put("team/app", whole, "1")
    beside = signed.digest.replace(":", "-")
    server.put("team/app", layer(cosign_material("ecdsa", signed.digest)), f"{beside}.sig")
