"""Evidence of the images in use: what is asked of a registry, how often, and what is made of the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from auditor.collect import dump_snapshot, load_snapshot
from auditor.coverage import with_evidence
from auditor.evidence import Evidence
from auditor.image import Reference
from auditor.images import images
from auditor.model import Node, Snapshot
from auditor.registry.gather import gather
from auditor.registry.login import Credential
from auditor.subjects import ImageUse, image_uses
from tests.registry.artifacts import (
    BUNDLE,
    NOTATION,
    OCI_INDEX,
    Artifact,
    Built,
    as_json,
    bundle,
    classic_signature,
    index,
    manifest,
    referrers_index,
)
from tests.registry.asking import Asker, asker, workloads
from tests.registry.loopback import Asked, Loopback, Reply, basic, loopback


def test_a_tag_of_an_index() -> None:
    with loopback() as registry, asker(registry.host) as run:
        arm = Built(architecture="arm64", user="app").image()
        both = registry.put("a", index({"linux/amd64": Built(user="0").image(), "linux/arm64": arm}), "1")
        snapshot = msgspec.structs.replace(workloads(f"{registry.host}/a:1"), nodes=(Node("n", "linux", "arm64"),))
        found = Evidence(gather(snapshot, run.asked))
    tag = found.tag(f"{registry.host}/a", "1")
    assert tag is not None
    assert (tag.digest, tag.unavailable, tag.children) == (both.digest, None, ())
    row = found.content(f"{registry.host}/a", both.digest)
    assert row is not None
    assert row.media_type == OCI_INDEX
    assert [child.platform for child in row.children] == ["linux/amd64", "linux/arm64"]
    # Only what nodes run is looked at: the nodes are arm64.
    assert [(platform.digest, platform.user) for platform in row.platforms] == [(arm.digest, "app")]
    assert [index.digest for index in found.indexes(f"{registry.host}/a", arm.digest)] == [both.digest]


def test_what_runs_is_asked_for_beside_what_the_tag_names_now() -> None:
    with loopback() as registry, asker(registry.host) as run:
        old = registry.put("a", Built(seed="old").image())
        new = registry.put("a", Built(seed="new").image(), "1")
        name = f"{registry.host}/a"
        rows = run.images((f"{name}:1", f"{name}@{old.digest}"))
        (image,) = images(use for o in workloads((f"{name}:1", f"{name}@{old.digest}")).owners for use in image_uses(o))
    found = Evidence(rows)
    tag = found.tag(name, "1")
    assert tag is not None
    assert tag.digest == new.digest
    assert {row.digest for row in rows} == {old.digest, new.digest}
    running = found.of(image)
    assert running is not None
    assert running.digest == old.digest


def test_what_runs_of_a_pinned_image_is_asked_for_unless_its_index_lists_it() -> None:
    with loopback() as registry, asker(registry.host) as run:
        child, other = Built().image(), registry.put("a", Built(seed="other").image())
        pinned = registry.put("a", index({"linux/amd64": child}))
        name = f"{registry.host}/a"
        spec = f"{name}@{pinned.digest}"
        rows = run.images((spec, f"{name}@{child.digest}"), (spec, f"{name}@{other.digest}"))
    assert {row.digest for row in rows} == {pinned.digest, other.digest}
    assert Evidence(rows).related(name, pinned.digest, child.digest) is True
    assert Evidence(rows).related(name, pinned.digest, other.digest) is False


def test_every_workload_of_a_repository_lends_its_login() -> None:
    class Lenders:
        def for_image(self, reference: Reference, uses: Sequence[ImageUse]) -> Sequence[Credential]:
            return [Credential("the second", b"user", b"word")] if any(u.owner.name == "web-1" for u in uses) else []

    def guarded(asked: Asked) -> Reply | None:
        good = asked.authorization == basic("user", "word")
        return None if good else Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    with loopback() as registry, asker(registry.host, credentials=Lenders()) as run:
        registry.first = guarded
        registry.put("a", Built().image(), "1", "2")
        rows = run.images(f"{registry.host}/a:1", f"{registry.host}/a:2")
    assert len(rows) == 3
    assert not any(row.unavailable for row in rows)


def test_the_tag_beside_a_digest_is_not_asked_for() -> None:
    with loopback() as registry, asker(registry.host) as run:
        image = registry.put("a", Built().image())
        rows = run.images(f"{registry.host}/a:gone@{image.digest}")
    assert [(row.tag, row.digest, row.unavailable) for row in rows] == [("", image.digest, None)]
    assert not any("gone" in path for path in registry.paths())


def test_a_running_digest_that_is_gone() -> None:
    with loopback() as registry, asker(registry.host) as run:
        registry.put("a", Built().image(), "1")
        missing = f"sha256:{'1' * 64}"
        row = run.evidence((f"{registry.host}/a:1", f"{registry.host}/a@{missing}")).content(
            f"{registry.host}/a", missing
        )
    assert row is not None
    assert row.unavailable is not None
    assert row.unavailable.kind == "not-found"


@pytest.mark.parametrize("referrers", [True, False])
def test_everything_that_signs_it(referrers: bool) -> None:
    with loopback(referrers=referrers, page=2) as registry, asker(registry.host) as run:
        image = registry.put("a", Built().image(), "1")
        tag = image.digest.replace(":", "-")
        registry.put("a", classic_signature([(b"one", "MQ=="), (b"two", "Mg==")]), f"{tag}.sig")
        made = [(bundle(image, f"bundle {n}".encode()), BUNDLE) for n in range(4)]
        made.append((bundle(image, b"envelope", NOTATION), NOTATION))
        for artifact, _ in made:
            registry.put("a", artifact)
        registry.put("a", referrers_index(made), tag)
        row = run.image(f"{registry.host}/a:1")
    assert row.signatures_unavailable is None
    assert Counter(found.format for found in row.signatures) == {"cosign": 2, "bundle": 4, "notation": 1}
    assert {found.payload for found in row.signatures} >= {b"one", b"two", b"bundle 3", b"envelope"}
    assert row.signatures[0].annotations == {"dev.cosignproject.cosign/signature": "MQ=="}
    assert len(row.referrers) == 5


def test_a_registry_that_sends_elsewhere_instead_of_listing_referrers() -> None:
    """As GHCR does: to a page that answers 429 to whoever asks often, which says nothing of the registry."""
    with loopback() as page, loopback(referrers=False) as registry, asker(registry.host) as run:
        page.first = lambda asked: Reply(429, headers={"Retry-After": "86400"})
        there = f"{page.url}/-/v2/packages/container/package/a%2Freferrers%2Fsha256"
        registry.first = lambda asked: Reply(303, headers={"Location": there}) if "/referrers/" in asked.path else None
        for number in range(20):
            image = registry.put("a", Built(seed=str(number)).image(), str(number))
            made = registry.put("a", bundle(image, str(number).encode()))
            registry.put("a", referrers_index([(made, BUNDLE)]), image.digest.replace(":", "-"))
        rows = [row for row in run.images(*(f"{registry.host}/a:{number}" for number in range(20))) if not row.tag]
        assert page.asked == []
    assert [len(row.signatures) for row in rows] == [1] * 20
    assert not any(row.signatures_unavailable or row.referrers_unavailable for row in rows)


def test_a_registry_behind_another_name_lists_referrers() -> None:
    """As registry.k8s.io is: everything is had from elsewhere, under the same last part."""
    with loopback() as storage, loopback() as registry, asker(registry.host) as run:
        registry.first = lambda asked: Reply(307, headers={"Location": f"{storage.url}{asked.path}"})
        image = storage.put("a", Built().image(), "1")
        storage.put("a", bundle(image, b"made"))
        row = run.image(f"{registry.host}/a:1")
    assert [found.payload for found in row.signatures] == [b"made"]
    assert row.signatures_unavailable is None


def test_what_another_image_is_signed_with_does_not_count() -> None:
    with loopback(referrers=False) as registry, asker(registry.host) as run:
        image = registry.put("a", Built().image(), "1")
        other = registry.put("a", Built(seed="other").image())
        foreign = registry.put("a", bundle(other, b"of another image"))
        registry.put("a", referrers_index([(foreign, BUNDLE)]), image.digest.replace(":", "-"))
        row = run.image(f"{registry.host}/a:1")
    assert (row.signatures, row.signatures_unavailable) == ((), None)


def test_signatures_that_cannot_be_read_are_not_taken_for_none() -> None:
    def broken(asked: Asked) -> Reply | None:
        return Reply(400 if "referrers" in asked.path else 418) if asked.path.endswith(".sig") else None

    with loopback() as registry, asker(registry.host) as run:
        registry.first = broken
        registry.put("a", Built().image(), "1")
        row = run.image(f"{registry.host}/a:1")
    assert row.signatures == ()
    assert row.signatures_unavailable is not None
    assert "418" in row.signatures_unavailable.detail


def test_more_signatures_than_are_read() -> None:
    with loopback() as registry, asker(registry.host) as run:
        image = registry.put("a", Built().image(), "1")
        many = classic_signature([(str(number).encode(), "MQ==") for number in range(70)])
        registry.put("a", many, f"{image.digest.replace(':', '-')}.sig")
        row = run.image(f"{registry.host}/a:1")
    assert len(row.signatures) == 64
    assert row.signatures_unavailable is not None
    assert row.signatures_unavailable.kind == "too-big"


def test_three_hundred_images_cost_as_little_as_they_can(tmp_path: Path) -> None:
    """Cold: tag, manifest, configuration, signature's tag, referrers. Warm: only what may have changed."""
    with loopback() as registry:
        names = []
        for number in range(300):
            registry.put(f"team/app-{number}", Built(seed=str(number)).image(), "1")
            names.append(f"{registry.host}/team/app-{number}:1")
        with asker(registry.host, cache=tmp_path) as run:
            cold = run.images(*names, *names)
        assert len(registry.asked) == 5 * 300
        assert max(Counter((asked.method, asked.path) for asked in registry.asked).values()) == 1
        registry.asked.clear()
        with asker(registry.host, cache=tmp_path) as run:
            assert run.images(*names) == cold
        assert Counter(asked.method for asked in registry.asked) == {"HEAD": 600, "GET": 300}
        assert all("/referrers/" in path for path in registry.paths("GET"))
        assert max(Counter(registry.paths("HEAD")).values()) == 1


def test_a_platform_that_is_gone_is_told_with_a_warm_cache_too(tmp_path: Path) -> None:
    with loopback() as registry:
        image, other = Built().image(), Built(architecture="arm64").image()
        registry.put("a", index({"linux/amd64": image, "linux/arm64": other}), "1")
        with asker(registry.host, cache=tmp_path) as run:
            assert run.image(f"{registry.host}/a:1").platforms[0].unavailable is None
        registry.asked.clear()
        with asker(registry.host, cache=tmp_path) as run:
            assert run.image(f"{registry.host}/a:1").platforms[0].unavailable is None
        # The tag, the one platform that is looked at, and the signature's tag.
        assert Counter(asked.method for asked in registry.asked) == {"HEAD": 3, "GET": 1}
        del registry.manifests["a", image.digest]
        found = []
        for cache in (tmp_path, None):
            with asker(registry.host, cache=cache) as run:
                found.append(run.image(f"{registry.host}/a:1"))
    assert found[0] == found[1]
    assert found[0].platforms[0].unavailable is not None
    assert found[0].platforms[0].unavailable.kind == "not-found"


def test_a_platform_of_two_indexes_is_asked_for_once() -> None:
    with loopback() as registry, asker(registry.host) as run:
        image = Built().image()
        for tag in ("1", "2"):
            registry.put("a", index({"linux/amd64": image}, annotations={"tag": tag}), tag)
        rows = run.images(f"{registry.host}/a:1", f"{registry.host}/a:2")
        assert [row.platforms[0].entrypoint for row in rows if not row.tag] == ["/app", "/app"]


def test_no_password_of_an_image_lies_in_the_cache_or_the_snapshot(tmp_path: Path) -> None:
    secret = "hunter2-of-the-image"
    built = Built(
        env=[f"DB_PASSWORD={secret}"],
        entrypoint=["/app", f"--password={secret}"],
        cmd=[f"A={secret} run"],
        labels={"maintainer": secret, "org.opencontainers.image.source": f"https://{secret}@example.com/x?t={secret}"},
        history=[
            {"created_by": f"RUN |1 TOKEN={secret} /bin/sh -c curl -H {secret} https://x # buildkit"},
            {"created_by": f"ENV PASSWORD={secret}", "empty_layer": True},
        ],
    )
    with loopback() as registry, asker(registry.host, cache=tmp_path) as run:
        registry.put("a", built.image(), "1")
        snapshot = workloads(f"{registry.host}/a:1")
        found = with_evidence(snapshot, gather(snapshot, run.asked))
    saved = dump_snapshot(found)
    assert secret.encode() not in saved
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert not any(secret.encode() in path.read_bytes() for path in files)
    assert load_snapshot(saved, "x") == found
    platform = next(row for row in found.images if not row.tag).platforms[0]
    assert platform.environment == ("DB_PASSWORD",)
    assert (platform.entrypoint, platform.command) == ("/app", "")
    assert platform.labels == {"org.opencontainers.image.source": "https://example.com/x"}
    assert [(step.instruction, step.programs) for step in platform.history] == [("RUN", ("sh", "curl")), ("ENV", ())]


@pytest.mark.parametrize(
    ("artifact", "kind"),
    [
        (Artifact(b"not JSON", OCI_INDEX), "invalid"),
        (Artifact(b"[" * 100_000, OCI_INDEX), "invalid"),
        (Artifact(as_json({"schemaVersion": 2}), OCI_INDEX), "invalid"),
        (Artifact(as_json({"schemaVersion": 2, "manifests": [], "layers": []}), OCI_INDEX), "invalid"),
        (Artifact(as_json({"schemaVersion": 2, "manifests": [{"digest": "../../etc"}]}), OCI_INDEX), "invalid"),
        (Artifact(as_json({"schemaVersion": 1, "fsLayers": []}), "application/json"), "unsupported"),
        (
            Artifact(as_json({"schemaVersion": 1}), "application/vnd.docker.distribution.manifest.v1+prettyjws"),
            "unsupported",
        ),
    ],
)
def test_what_is_no_manifest(artifact: Artifact, kind: str) -> None:
    with loopback() as registry, asker(registry.host) as run:
        registry.put("a", artifact, "1")
        row = run.image(f"{registry.host}/a:1")
    assert row.unavailable is not None
    assert row.unavailable.kind == kind


def test_an_artifact_that_is_no_image() -> None:
    with loopback() as registry, asker(registry.host) as run:
        registry.put("chart", manifest(b"{}", [(b"x", "application/vnd.cncf.helm.chart.content.v1.tar+gzip", {})]), "1")
        row = run.image(f"{registry.host}/chart:1")
    assert row.unavailable is None
    assert row.platforms[0].unavailable is not None
    assert row.platforms[0].unavailable.kind == "unsupported"


def test_a_registry_that_tells_no_digest_and_refuses_head() -> None:
    def plain(registry: Loopback, asked: Asked) -> Reply | None:
        if asked.method == "HEAD":
            return Reply(405)
        reply = registry._stored(asked)
        return Reply(reply.status, reply.body, {"Content-Type": reply.headers.get("Content-Type", "")})

    with loopback() as registry, asker(registry.host) as run:
        registry.first = lambda asked: plain(registry, asked)
        image = registry.put("a", Built().image(), "1")
        assert run.image(f"{registry.host}/a:1").digest == image.digest


def test_mirrors_are_asked_first_and_the_registry_where_they_have_it_not() -> None:
    with loopback() as mirror, loopback() as registry:
        mirror.put("hub/a", Built(seed="mirrored").image(), "1")
        registry.put("b", Built(seed="own").image(), "1")
        named = f"{registry.host}={mirror.url}/hub"
        with asker(registry.host, mirrors=[named]) as run:
            rows = run.images(f"{registry.host}/a:1", f"{registry.host}/b:1")
        assert all(row.unavailable is None for row in rows)
        assert not any("/v2/a/" in path for path in registry.paths())
        with asker(registry.host, mirrors=[f"{registry.host}=http://127.0.0.1:1"]) as run:
            assert run.image(f"{registry.host}/b:1").unavailable is None


@pytest.mark.parametrize(
    "broken",
    [
        lambda asked: Reply(400),
        lambda asked: Reply(418) if asked.method == "GET" else None,
        lambda asked: Reply(404) if asked.method == "GET" else None,
        lambda asked: Reply(200, b"other content") if "/manifests/sha256" in asked.path else None,
        lambda asked: Reply(404) if "/blobs/" in asked.path else None,
        lambda asked: Reply(302, headers={"Location": "http://169.254.169.254/"}),
    ],
)
def test_a_mirror_that_is_of_no_use_leaves_it_to_the_registry(broken: Callable[[Asked], Reply | None]) -> None:
    with loopback() as mirror, loopback() as registry:
        mirror.first = broken
        image = Built(user="app").image()
        for server in (mirror, registry):
            server.put("a", index({"linux/amd64": image}), "1")
        with asker(registry.host, mirrors=[f"{registry.host}={mirror.url}"]) as run:
            row = run.image(f"{registry.host}/a:1")
        assert mirror.asked
    assert row.unavailable is None
    assert [platform.user for platform in row.platforms] == ["app"]


def test_what_is_wrong_with_a_mirror_is_told_where_nobody_has_it() -> None:
    with loopback() as mirror, loopback() as registry:
        mirror.first = lambda asked: Reply(418)
        with asker(registry.host, mirrors=[f"{registry.host}={mirror.url}"]) as run:
            fault = run.image(f"{registry.host}/a:1").unavailable
    assert fault is not None
    assert fault.kind == "not-found"
    assert f"its mirror: {mirror.host} answers 418" in fault.detail


def test_images_that_name_no_registry_are_told() -> None:
    run = Asker()
    rows = run.images("a_b.example/x:1", "x.example:99999/a:1")
    assert [row.unavailable.kind for row in rows if row.unavailable] == ["invalid", "invalid"]
    assert with_evidence(Snapshot(), rows).coverage[-1].resource == "registry"
