"""Logins: which credentials an image is asked for with, tokens got for them, and to whom neither goes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from auditor.credentials import DOCKERCFG, DOCKERCONFIGJSON
from auditor.errors import UsageError
from auditor.image import parse
from auditor.model import Container, Owner, ServiceAccount, Shape
from auditor.registry.challenges import Challenge, pull_scope
from auditor.registry.challenges import parse as challenges
from auditor.registry.cluster_secrets import ClusterSecrets
from auditor.registry.docker_config import DockerConfig
from auditor.registry.login import Chain, Credential
from auditor.registry.realms import may_receive
from auditor.subjects import image_uses
from auditor.wire import Secret, SecretMetadata
from tests.registry.artifacts import Built, as_json
from tests.registry.asking import Fixed, asker
from tests.registry.loopback import Asked, Loopback, Reply, basic, loopback


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        ("registry-1.docker.io", "auth.docker.io"),
        ("ghcr.io", "ghcr.io"),
        ("quay.io", "quay.io"),
        ("europe-docker.pkg.dev", "europe-docker.pkg.dev"),
        ("public.ecr.aws", "public.ecr.aws"),
        ("corp.azurecr.io", "corp.azurecr.io"),
        ("registry.gitlab.com", "gitlab.com"),
        ("registry.example.co.uk", "gitlab.example.co.uk"),
        ("gitlab.example.com", "gitlab.example.com"),
        ("registry.redhat.io", "sso.redhat.com"),
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com"),
        ("registry.team.corp", "login.team.corp"),
        ("registry.reg.svc.cluster.local", "registry.reg.svc.cluster.local"),
        ("10.0.0.5", "10.0.0.5"),
        ("registry", "registry"),
    ],
)
def test_realms_that_may_have_the_login(registry: str, realm: str) -> None:
    assert may_receive(registry, realm)


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        ("registry-1.docker.io", "auth.docker.io.evil.example"),
        ("ghcr.io", "auth.docker.io"),
        ("evil.example", "auth.docker.io"),
        ("registry.example.co.uk", "evil.co.uk"),
        ("victim.github.io", "evil.github.io"),
        ("registry.reg.svc.cluster.local", "evil.att.svc.cluster.local"),
        ("registry.reg.svc", "evil.att.svc"),
        ("registry.reg.svc.k8s.corp", "evil.att.svc.k8s.corp"),
        ("10-0-0-5.reg.pod.cluster.local", "10-0-0-6.att.pod.cluster.local"),
        ("registry.10.0.0.5.nip.io", "evil.10.0.0.6.nip.io"),
        ("registry.sslip.io", "evil.sslip.io"),
        ("registry.westeurope.cloudapp.azure.com", "evil.westeurope.cloudapp.azure.com"),
        ("ip-10-0-0-5.ec2.internal", "ip-10-0-0-6.ec2.internal"),
        ("10.0.0.5", "10.0.0.6"),
        ("1.0.0.5", "2.0.0.5"),
        ("[::1]", "[::2]"),
        ("registry", "evil"),
        ("registry.example.com", "example.org"),
    ],
)
def test_realms_that_may_not(registry: str, realm: str) -> None:
    assert not may_receive(registry, realm)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"',
         [("bearer", {"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push"})]),
        ('Basic realm="a \\"b\\", c"', [("basic", {"realm": 'a "b", c'})]),
        ('Negotiate, Basic realm=x, BEARER Realm = "y"',
         [("negotiate", {}), ("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        ("", []),
        ('realm="x"', []),
        ('Bearer realm="unclosed', [("bearer", {})]),
        ('Bearer realm="first",realm="second"', [("bearer", {"realm": "first"})]),
    ],
)  # fmt: skip
def test_challenges(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [(found.scheme, found.parameters) for found in challenges(header)] == expected


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        ("", "repository:own:pull"),
        ("repository:renamed/x:pull", "repository:renamed/x:pull"),
        ("repository:x:pull,push,delete", "repository:x:pull"),
        ("repository:x:push", "repository:own:pull"),
        ("registry:catalog:*", "repository:own:pull"),
        ("repository:x:pull repository:y:push", "repository:x:pull"),
    ],
)
def test_a_token_is_asked_for_to_pull_and_nothing_else(scope: str, asked: str) -> None:
    assert pull_scope(Challenge("bearer", {"scope": scope}), "own") == asked


class Issuer:
    """A registry and its token server in one; a token is good for some requests."""

    def __init__(self, registry: Loopback, life: int = 300, **accepted: str) -> None:
        self.registry, self.life, self.accepted = registry, life, accepted
        self.asked: list[Asked] = []
        self.tokens: set[str] = set()
        registry.first = self.answer

    def answer(self, asked: Asked) -> Reply | None:
        if asked.path == "/token":
            self.asked.append(asked)
            if self.accepted and asked.authorization not in self.accepted.values() and not asked.body:
                return Reply(401)
            token = f"token-{len(self.asked)}"
            self.tokens.add(f"Bearer {token}")
            return Reply(200, as_json({"access_token": token, "expires_in": self.life}))
        if asked.authorization in self.tokens:
            return None
        challenge = f'Bearer realm="{self.registry.url}/token",service="test",scope="repository:a:pull"'
        return Reply(401, headers={"WWW-Authenticate": challenge})


def test_a_token_is_got_once_and_again_when_it_ends() -> None:
    with loopback() as registry, asker(registry.host) as run:
        issuer = Issuer(registry)
        registry.put("a", Built().image(), "1")
        assert run.image(f"{registry.host}/a:1").unavailable is None
        assert len(issuer.asked) == 1
        assert registry.asked[0].authorization == ""
        issuer.tokens.clear()  # revoked: what the registry no longer takes is not sent for ever
        assert run.image(f"{registry.host}/a:1").unavailable is None
        assert len(issuer.asked) == 2


def test_an_identity_token_is_exchanged(tmp_path: Path) -> None:
    with loopback() as registry:
        issuer = Issuer(registry)
        registry.put("a", Built().image(), "1")
        entry = {"auth": base64.b64encode(b"<token>:").decode(), "identitytoken": "refresh-me"}
        with asker(registry.host, credentials=config(tmp_path, {registry.host: entry})) as run:
            assert run.image(f"{registry.host}/a:1").unavailable is None
    (asked,) = issuer.asked
    assert asked.method == "POST"
    assert asked.authorization == ""
    assert b"grant_type=refresh_token" in asked.body
    assert b"refresh_token=refresh-me" in asked.body


def test_each_login_is_tried_and_the_one_that_serves_is_remembered() -> None:
    with loopback() as registry:
        good = Credential("the second", b"good", b"password")
        issuer = Issuer(registry, good=good.basic)
        registry.put("a", Built().image(), "1")
        with asker(registry.host, credentials=Fixed(Credential("the first", b"bad", b"password"), good)) as run:
            assert run.image(f"{registry.host}/a:1").unavailable is None
        assert [asked.authorization for asked in issuer.asked] == [basic("bad", "password"), good.basic]


def test_a_public_image_is_read_though_the_login_is_wrong() -> None:
    with loopback() as registry, asker(registry.host, credentials=Fixed(Credential("c", b"bad", b"word"))) as run:
        wrong = basic("bad", "word")
        registry.first = lambda asked: Reply(403) if asked.authorization == wrong else None
        registry.put("a", Built().image(), "1")
        assert run.image(f"{registry.host}/a:1").unavailable is None


def only(user: str, otherwise: int) -> Callable[[Asked], Reply | None]:
    """A registry that lets one user in, and answers others so."""

    def answer(asked: Asked) -> Reply | None:
        if not asked.authorization:
            return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        headers = {"WWW-Authenticate": 'Basic realm="x"'} if otherwise == 401 else {}
        return None if asked.authorization == basic(user, "password") else Reply(otherwise, headers=headers)

    return answer


def test_what_is_hidden_from_one_login_may_be_shown_to_another() -> None:
    """Registries answer 404 to those who may not see a repository."""
    bad, good = (Credential(name, name.encode(), b"password") for name in ("bad", "good"))
    with loopback() as registry:
        registry.first = only("good", 404)
        registry.put("a", Built().image(), "1")
        with asker(registry.host, credentials=Fixed(bad, good)) as run:
            assert run.image(f"{registry.host}/a:1").unavailable is None
            # What has shown the repository once is believed: signatures that are not there are asked for once.
            sent = [asked for asked in registry.asked if asked.path.endswith(".sig")]
            assert len(sent) == 1
            gone = run.image(f"{registry.host}/a:2").unavailable
        assert gone is not None
        assert gone.kind == "not-found"
        with asker(registry.host, credentials=Fixed(bad)) as run:
            hidden = run.image(f"{registry.host}/a:1").unavailable
        assert hidden is not None
        assert hidden.kind == "not-found"
        assert [asked.authorization for asked in registry.asked[-2:]] == [bad.basic, ""]


def test_a_login_that_may_not_is_no_proof_that_it_is_gone() -> None:
    def answer(asked: Asked) -> Reply:
        wrong = asked.authorization != basic("one", "password")
        return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'}) if wrong else Reply(404)

    one, other = (Credential(name, name.encode(), b"password") for name in ("one", "other"))
    with loopback() as registry, asker(registry.host, credentials=Fixed(one, other)) as run:
        registry.first = answer
        fault = run.image(f"{registry.host}/a:1").unavailable
    assert fault is not None
    assert fault.kind == "denied"


def test_what_a_login_is_not_shown_is_gone_whatever_others_are_told() -> None:
    """The token server may be broken for those without a login."""
    good = Credential("c", b"good", b"password")
    with loopback() as registry, asker(registry.host, credentials=Fixed(good)) as run:
        issuer = Issuer(registry)

        def answer(asked: Asked) -> Reply | None:
            return Reply(418) if asked.path == "/token" and not asked.authorization else issuer.answer(asked)

        registry.first = answer
        fault = run.image(f"{registry.host}/a:1").unavailable
    assert fault is not None
    assert fault.kind == "not-found"


def test_no_account_is_locked_by_a_wrong_password() -> None:
    """Shown once, though many repositories are asked for, and several secrets hold it."""
    copies = [Credential(f"secret {number}", b"bad", b"password") for number in range(5)]
    with loopback() as registry, asker(registry.host, credentials=Fixed(*copies)) as run:
        registry.first = only("good", 401)
        rows = run.images(*(f"{registry.host}/a-{number}:1" for number in range(30)))
        assert {row.unavailable.kind for row in rows if row.unavailable} == {"denied"}
        assert len(rows) == 30
        assert [asked.authorization for asked in registry.asked].count(basic("bad", "password")) == 1


def test_no_account_is_locked_at_a_token_server() -> None:
    with loopback() as registry:
        bad, good = (Credential(name, name.encode(), b"password") for name in ("bad", "good"))
        issuer = Issuer(registry, good=good.basic)
        for number in range(10):
            registry.put(f"a-{number}", Built().image(), "1")
        with asker(registry.host, credentials=Fixed(bad, good)) as run:
            rows = run.images(*(f"{registry.host}/a-{number}:1" for number in range(10)))
        assert not any(row.unavailable for row in rows)
        assert [asked.authorization for asked in issuer.asked].count(bad.basic) == 1


@pytest.mark.parametrize("header", ['Bearer, Basic realm="x"', 'Basic realm="x", Bearer service="y"'])
def test_a_bearer_that_names_no_realm_is_passed_over(header: str) -> None:
    def answer(asked: Asked) -> Reply | None:
        good = asked.authorization == basic("good", "password")
        return None if good else Reply(401, headers={"WWW-Authenticate": header})

    good = Credential("c", b"good", b"password")
    with loopback() as registry, asker(registry.host, credentials=Fixed(good)) as run:
        registry.first = answer
        registry.put("a", Built().image(), "1")
        assert run.image(f"{registry.host}/a:1").unavailable is None


def config(folder: Path, auths: dict[str, Any], **more: Any) -> DockerConfig:
    path = folder / "config.json"
    path.write_text(json.dumps({"auths": auths} | more))
    return DockerConfig(str(path))


def login(user: str) -> dict[str, str]:
    return {"username": user, "password": "s3cret"}


def users(found: Sequence[Credential]) -> list[bytes]:
    return [credential.user for credential in found]


def test_entries_of_a_docker_config(tmp_path: Path) -> None:
    found = config(
        tmp_path,
        {
            "https://index.docker.io/v1/": login("hub"),
            "quay.io": login("quay"),
            "quay.io/team/": login("team"),
            "empty.example": {},
        },
        credsStore="desktop",
    )
    assert users(found.for_image(parse("nginx"), ())) == [b"hub"]
    assert users(found.for_image(parse("quay.io/team/app"), ())) == [b"team", b"quay"]
    assert users(found.for_image(parse("quay.io/other/app"), ())) == [b"quay"]
    # The kubelet offers Docker Hub's login to these.
    assert users(found.for_image(parse("localhost/app"), ())) == []
    assert users(found.for_image(parse("EVIL/app"), ())) == []
    assert users(found.for_image(parse("empty.example/app"), ())) == []


def test_helpers_are_said_not_to_be_run(tmp_path: Path) -> None:
    assert "not run" in config(tmp_path, {}, credHelpers={"gcr.io": "gcloud"}).notes[0]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"auths": {"a": {"auth": "not base64"}}}', b"{"])
def test_a_docker_config_that_cannot_be_read(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        DockerConfig(str(tmp_path / "config.json"))
    assert "not base64" not in str(caught.value).replace("its auth is not standard base64", "")


def test_no_credential_shows_itself() -> None:
    assert "s3cret" not in repr(Credential("a file", b"u", b"s3cret", "s3cret"))


def secret(namespace: str, name: str, auths: dict[str, Any], flat: bool = False) -> Secret:
    kind, key = (DOCKERCFG, ".dockercfg") if flat else (DOCKERCONFIGJSON, ".dockerconfigjson")
    content = auths if flat else {"auths": auths}
    data: dict[str, str | None] = {key: base64.b64encode(json.dumps(content).encode()).decode()}
    return Secret(metadata=SecretMetadata(name=name, namespace=namespace), type=kind, data=data)


def test_pull_secrets_of_the_workloads_in_the_kubelets_order() -> None:
    from auditor import redact
    from auditor.model import Coverage, Snapshot

    held = {
        ("shop", "general"): secret("shop", "general", {"reg.example": login("general"), "other.example": login("x")}),
        ("shop", "special"): secret("shop", "special", {"reg.example/team": login("special")}, flat=True),
        ("shop", "unused"): secret("shop", "unused", {"reg.example": login("unused")}),
        ("cart", "broken"): secret("cart", "broken", {"reg.example": {"auth": "%"}}),
        ("cart", "good"): secret("cart", "good", {"reg.example": login("good")}),
        ("blog", "hub"): secret("blog", "hub", {"https://index.docker.io/v1/": login("hub")}),
    }
    container = Container("web", "container", "reg.example/team/app:1")
    owners = (
        Owner("shop", "Deployment", "web", shapes=(Shape("template", (container,), service_account="puller"),)),
        # One secret that cannot be decoded fails all pulls of the pod.
        Owner("cart", "Deployment", "web", shapes=(Shape("template", (container,), pull_secrets=("broken", "good")),)),
    )
    snapshot = Snapshot(
        coverage=tuple(Coverage(name, "read") for name in ("secrets", "serviceaccounts", "pods")),
        owners=owners,
        secrets=redact.number([redact.read(found) for found in held.values()]),
        service_accounts=(ServiceAccount("shop", "puller", ("general", "special")),),
    )
    asked: list[tuple[str, str]] = []

    def read(namespace: str, name: str) -> Secret:
        asked.append((namespace, name))
        return held[namespace, name]

    source = ClusterSecrets(snapshot, read)
    uses = [use for owner in owners for use in image_uses(owner)]
    for _ in range(2):
        found = source.for_image(parse("reg.example/team/app:1"), uses)
        assert users(found) == [b"special", b"general"]
    assert sorted(asked) == [("shop", "general"), ("shop", "special")]
    assert all(credential.tls_only for credential in found)
    assert [credential.origin for credential in found] == ["secret shop/special", "secret shop/general"]
    assert source.for_image(parse("other.example/x"), uses)
    assert not source.for_image(parse("unknown.example/x"), uses)
    hub = Owner("blog", "Pod", "x", shapes=(Shape("pods", (container,), pull_secrets=("hub",)),))
    assert not source.for_image(parse("localhost/app"), image_uses(hub)), "only to the registry that the entry names"
    assert users(source.for_image(parse("nginx"), image_uses(hub))) == [b"hub"]
    assert users(Chain([source, source]).for_image(parse("nginx"), image_uses(hub))) == [b"hub", b"hub"]


def test_copies_of_one_login_are_one() -> None:
    """In every namespace lies the same secret, as tools copy them; in the last one is another."""
    from auditor import redact
    from auditor.model import Coverage, Snapshot

    held, owners = {}, []
    for number in range(12):
        namespace = f"team-{number:02}"
        held[namespace] = secret(namespace, "pull", {"reg.example": login("last" if number == 11 else "copied")})
        shape = Shape("template", (Container("web", "container", "reg.example/app:1"),), pull_secrets=("pull",))
        owners.append(Owner(namespace, "Deployment", "web", shapes=(shape,)))
    snapshot = Snapshot(
        coverage=tuple(Coverage(name, "read") for name in ("secrets", "serviceaccounts", "pods")),
        owners=tuple(owners),
        secrets=redact.number([redact.read(found) for found in held.values()]),
        service_accounts=tuple(ServiceAccount(namespace, "default", ()) for namespace in held),
    )
    source = ClusterSecrets(snapshot, lambda namespace, name: held[namespace])
    found = source.for_image(parse("reg.example/app:1"), [use for owner in owners for use in image_uses(owner)])
    assert users(found) == [b"copied", b"last"]
    assert found[0].origin == "secret team-00/pull"
