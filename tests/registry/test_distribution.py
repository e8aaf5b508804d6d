"""Against the real registry: TLS by a private authority, logins with a password and with tokens, signatures by tag."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.registry.docker_config import DockerConfig
from tests.registry.artifacts import BUNDLE, Built, bundle, classic_signature, index, referrers_index
from tests.registry.asking import asker
from tests.registry.distribution import PASSWORD, USER, Distribution, TokenServer, distribution, htpasswd
from tests.registry.loopback import loopback
from tests.sources.certificates import Authority

LOGIN = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Distribution]:
    folder = tmp_path_factory.mktemp("registry")
    with distribution(folder, authority, htpasswd(folder)) as found:
        found.authorization = f"Basic {LOGIN}"
        yield found


def docker_config(folder: Path, host: str, **entry: str) -> DockerConfig:
    path = folder / "config.json"
    path.write_text(json.dumps({"auths": {host: entry or {"auth": LOGIN}}}))
    return DockerConfig(str(path))


def test_an_image_with_signatures_beside_it(tmp_path: Path, registry: Distribution) -> None:
    image = Built(user="1000", seed="signed").image()
    multi = registry.push("team/app", index({"linux/amd64": image, "linux/arm64": image}), "1.0")
    tag = multi.digest.replace(":", "-")
    registry.push("team/app", classic_signature([(b'{"critical":{}}', "c2ln")]), f"{tag}.sig")
    # This version of it has no referrers API: what refers to the image is listed under the fallback tag.
    made = registry.push("team/app", bundle(multi, b'{"a":1}'))
    registry.push("team/app", referrers_index([(made, BUNDLE)]), tag)
    with asker(ca=registry.authority, credentials=docker_config(tmp_path, registry.host)) as run:
        row = run.image(f"{registry.host}/team/app:1.0")
    assert row.unavailable is None
    assert row.digest == multi.digest
    assert [platform.user for platform in row.platforms] == ["1000"]
    assert [(found.format, found.payload) for found in row.signatures] == [
        ("cosign", b'{"critical":{}}'),
        ("bundle", b'{"a":1}'),
    ]
    assert row.signatures_unavailable is None
    assert [referrer.digest for referrer in row.referrers] == [made.digest]


def test_what_is_not_there_and_what_is_not_signed(tmp_path: Path, registry: Distribution) -> None:
    image = registry.push("team/plain", Built(seed="plain").image(), "1.0")
    with asker(ca=registry.authority, credentials=docker_config(tmp_path, registry.host)) as run:
        row = run.image(f"{registry.host}/team/plain@{image.digest}")
        assert (row.unavailable, row.signatures, row.signatures_unavailable) == (None, (), None)
        gone = run.image(f"{registry.host}/team/plain:2.0")
        assert gone.unavailable is not None
        assert gone.unavailable.kind == "not-found"
        other = run.image(f"{registry.host}/team/plain@sha256:{'0' * 64}")
        assert other.unavailable is not None
        assert other.unavailable.kind == "not-found"


def test_without_the_password_it_is_denied(tmp_path: Path, registry: Distribution) -> None:
    with asker(ca=registry.authority) as run:
        row = run.image(f"{registry.host}/team/app:1.0")
    assert row.unavailable is not None
    assert row.unavailable.kind == "denied"
    wrong = docker_config(tmp_path, registry.host, username=USER, password="wrong-password")
    with asker(ca=registry.authority, credentials=wrong) as run:
        row = run.image(f"{registry.host}/team/app:1.0")
    assert row.unavailable is not None
    assert row.unavailable.kind == "denied"
    assert "wrong-password" not in row.unavailable.detail


def test_an_authority_that_is_not_trusted(registry: Distribution) -> None:
    with asker() as run:
        row = run.image(f"{registry.host}/team/app:1.0")
    assert row.unavailable is not None
    assert row.unavailable.kind == "unreachable"
    assert "certificate" in row.unavailable.detail


def test_a_directory_of_authorities(tmp_path: Path, registry: Distribution) -> None:
    folder = tmp_path / "certs.d" / registry.host
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes(registry.authority.read_bytes())
    with asker(ca=folder.parent, credentials=docker_config(tmp_path, registry.host)) as run:
        assert run.image(f"{registry.host}/team/plain:1.0").unavailable is None


def test_tokens_that_the_registry_verifies(tmp_path: Path, authority: Authority) -> None:
    issuer = TokenServer(authority)
    with loopback(authority.server("127.0.0.1")) as server:
        server.first = issuer.reply
        with distribution(tmp_path, authority, issuer.auth(server.url)) as registry:
            registry.authorization = f"Bearer {issuer.token(['repository:private/app:push,pull'])}"
            registry.push("private/app", Built(seed="private").image(), "1")
            registry.authorization = f"Bearer {issuer.token(['repository:public/app:push,pull'])}"
            registry.push("public/app", Built(seed="public").image(), "1")
            with asker(ca=registry.authority) as run:
                assert run.image(f"{registry.host}/public/app:1").unavailable is None
                denied = run.image(f"{registry.host}/private/app:1").unavailable
                assert denied is not None
                assert denied.kind == "denied"
            config = docker_config(tmp_path, registry.host)
            issuer.asked.clear()
            with asker(ca=registry.authority, credentials=config) as run:
                assert run.image(f"{registry.host}/private/app:1").unavailable is None
    scopes = [asked.query["scope"] for asked in issuer.asked]
    assert scopes == [["repository:private/app:pull"]], "one token serves all requests, and lets nobody push"
