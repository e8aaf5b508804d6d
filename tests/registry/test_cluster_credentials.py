"""`--registry-credentials cluster` against people who can create pods and own names: nothing gets a login that the
kubelet would not have offered it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from auditor import redact
from auditor.credentials import DOCKERCONFIGJSON
from auditor.evidence import ImageEvidence
from auditor.image import MalformedReference, parse
from auditor.model import ClusterInfo, Container, Coverage, Owner, Shape, Snapshot
from auditor.registry.cluster_secrets import ClusterSecrets
from auditor.registry.gather import gather
from auditor.registry.login import Credential
from auditor.subjects import ImageUse, image_uses
from auditor.wire import Secret, SecretMetadata
from tests.registry.artifacts import Built, as_json
from tests.registry.asking import Fixed, all_here, asker
from tests.registry.loopback import Asked, Reply, basic, loopback
from tests.sources.certificates import Authority

HUB = "https://index.docker.io/v1/"
LOGIN = {"username": "user", "password": "s3cret"}
Held = Mapping[tuple[str, str], Mapping[str, Any]]


def secret(namespace: str, name: str, auths: Mapping[str, Any], kind: str = DOCKERCONFIGJSON) -> Secret:
    data: dict[str, str | None] = {
        ".dockerconfigjson": base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
    }
    return Secret(metadata=SecretMetadata(name=name, namespace=namespace), type=kind, data=data)


def owner(namespace: str, image: str, *secrets: str, source: Literal["pods", "template"] = "pods") -> Owner:
    shape = Shape(source, (Container("web", "container", image),), pull_secrets=secrets)
    return Owner(namespace, "Deployment", "web", shapes=(shape,))


def offered(held: Held, image: str, owners: Sequence[Owner]) -> tuple[list[str], list[tuple[str, str]]]:
    """Users whose login is for the image, and the secrets that were read for that."""
    stored = {key: secret(*key, auths) for key, auths in held.items()}
    snapshot = Snapshot(
        coverage=tuple(Coverage(name, "read") for name in ("secrets", "serviceaccounts", "pods")),
        owners=tuple(owners),
        secrets=redact.number([redact.read(found) for found in stored.values()]),
    )
    asked: list[tuple[str, str]] = []

    def read(namespace: str, name: str) -> Secret | None:
        asked.append((namespace, name))
        return stored.get((namespace, name))

    uses = [use for each in owners for use in image_uses(each) if use.image == image]
    found = ClusterSecrets(snapshot, read).for_image(parse(image), uses)
    assert all(credential.tls_only for credential in found)
    return [credential.user.decode() for credential in found], asked


@pytest.mark.parametrize(
    ("key", "image", "offers"),
    [
        ("reg.example", "reg.example/a", True),
        ("reg.example", "reg.example.evil.test/a", False),
        ("reg.example", "evil.reg.example/a", False),
        ("reg.example", "Reg.Example/a", False),
        ("reg.example", "reg.example:443/a", False),
        ("reg.example", "reg.example:5000/a", False),
        ("reg.example:443", "reg.example/a", False),
        ("reg.example:5000", "reg.example:5000/a", True),
        ("reg.example:5000", "reg.example:50000/a", False),
        ("reg.example/team", "reg.example/other", False),
        ("*.example", "evil.example/a", True),
        ("*.example", "a.evil.example/a", False),
        ("*", "reg.example/a", False),
        ("[::1]:5000", "[::1]:5000/a", True),
        ("[::1]:5000", "[::2]:5000/a", False),
        ("[::1]", "[::1]:5000/a", False),
        ("127.0.0.1:5000", "[::ffff:7f00:1]:5000/a", False),
        ("xn--bcher-kva.example", "xn--bcher-kva.example/a", True),
        ("bücher.example", "xn--bcher-kva.example/a", False),
        ("reg.example", "xn--rg-hja.example/a", False),
        ("https://user:word@reg.example/v1/", "reg.example/a", True),
        ("user@evil.test", "user/evil.test", False),
        (HUB, "nginx", True),
        (HUB, "docker.io/library/nginx", True),
        (HUB, "index.docker.io/library/nginx", True),
        (HUB, "registry-1.docker.io/library/nginx", False),
        (HUB, "hub.docker.com/library/nginx", False),
        (HUB, "docker.io.evil.test/library/nginx", False),
        (HUB, "docker.io:443/library/nginx", False),
        (HUB, "DOCKER.IO/library/nginx", False),
        (HUB, "localhost/nginx", False),
        (HUB, "localhost:5000/nginx", False),
        (HUB, "EVIL/nginx", False),
        ("docker.io", "docker.com/library/nginx", False),
    ],
)
def test_whose_images_a_key_serves(key: str, image: str, offers: bool) -> None:
    """By the kubelet's rules, less its kindness to hosts without a dot."""
    users, _ = offered({("shop", "pull"): {key: LOGIN}}, image, [owner("shop", image, "pull")])
    assert users == (["user"] if offers else [])


@pytest.mark.parametrize(
    "image", ["dоcker.io/library/nginx", "reg。example/a", "ｒeg.example/a", "reg.example\u200b/a"]
)
def test_names_in_other_letters_name_no_image(image: str) -> None:
    with pytest.raises(MalformedReference):
        parse(image)


def test_a_pods_secrets_are_those_of_its_own_namespace() -> None:
    image = "reg.example/a"
    held = {("rich", "pull"): {"reg.example": {"username": "rich", "password": "x"}}}
    assert offered(held, image, [owner("poor", image, "pull")]) == ([], [])
    assert offered(held, image, [owner("poor", image, "../rich/pull", "..", "rich/pull")]) == ([], [])
    both = {**held, ("poor", "pull"): {"reg.example": {"username": "poor", "password": "x"}}}
    assert offered(both, image, [owner("poor", image, "pull")]) == (["poor"], [("poor", "pull")])
    # Another namespace's workloads of another repository lend nothing.
    others = [owner("poor", image, "pull"), owner("rich", "reg.example/b", "pull")]
    assert offered(both, image, others) == (["poor"], [("poor", "pull")])


def test_what_is_left_out_of_the_audit_is_not_asked_for_and_lends_nothing() -> None:
    """`--exclude-namespace`, and `-n` of others."""
    lenders: list[str] = []

    class Noting:
        def for_image(self, reference: object, uses: Sequence[ImageUse]) -> Sequence[Credential]:
            lenders.extend(use.namespace for use in uses)
            return ()

    with loopback() as registry, asker(registry.host, credentials=Noting()) as run:
        image = f"{registry.host}/a:1"
        registry.put("a", Built().image(), "1")
        owners = (owner("shop", image), owner("vault", image), owner("vault", f"{registry.host}/b:1"))
        for cluster in (ClusterInfo(exclude=("va*",)), ClusterInfo(only=("shop",))):
            lenders.clear()
            rows = gather(Snapshot(cluster=cluster, owners=owners), run.asked)
            assert {row.repository for row in rows} == {f"{registry.host}/a"}
            assert set(lenders) == {"shop"}


def test_a_glob_is_for_pods_alone() -> None:
    """A Deployment may name a host below the domain though admission lets no pod of it in: no kubelet ever pulls."""
    image, held = "evil.apps.example/a", {("shop", "pull"): {"*.apps.example": LOGIN, "reg.example": LOGIN}}
    assert offered(held, image, [owner("shop", image, "pull", source="template")])[0] == []
    assert offered(held, image, [owner("shop", image, "pull")])[0] == ["user"]
    own = "reg.example/a"
    assert offered(held, own, [owner("shop", own, "pull", source="template")])[0] == ["user"]


def test_a_secret_that_changed_since_is_judged_anew() -> None:
    """What is shown is what the secret says now, for whom it says it now."""
    image = "reg.example/a"
    snapshot = Snapshot(
        coverage=tuple(Coverage(name, "read") for name in ("secrets", "serviceaccounts", "pods")),
        owners=(owner("shop", image, "pull"),),
        secrets=redact.number([redact.read(secret("shop", "pull", {"reg.example": LOGIN}))]),
    )
    uses = image_uses(snapshot.owners[0])
    for now in (secret("shop", "pull", {"other.example": LOGIN}), secret("shop", "pull", {}, kind="Opaque"), None):
        assert ClusterSecrets(snapshot, lambda namespace, name, now=now: now).for_image(parse(image), uses) == []  # type: ignore[misc]


def asked_of(authority: Authority, image: str, credentials: Fixed, *mirrors: str) -> tuple[ImageEvidence, ...]:
    with asker(ca=authority.path, credentials=credentials, mirrors=mirrors, look_up=all_here) as run:
        return gather(Snapshot(owners=(owner("shop", image),)), run.asked)


SECRET = Credential("secret shop/pull", b"user", b"s3cret", tls_only=True)


@pytest.mark.parametrize(
    "answers",
    [
        ['Basic realm="x"'],
        ['Basic realm="x"', 'Bearer realm="{url}/token"'],
        ['Bearer realm="{url}/token"', 'Basic realm="x"'],
        ['Bearer realm="{url}/token",scope="repository:{n}:pull"'],
        ["Negotiate", 'Basic realm="{n}"'],
    ],
)
def test_a_registry_that_always_wants_another_login(answers: list[str], tmp_path: Path) -> None:
    """It is over after a few requests, and the password was shown once at most."""
    authority = Authority(tmp_path)
    with loopback(authority.server("127.0.0.1")) as registry:

        def again(asked: Asked) -> Reply:
            number = len(registry.asked)
            if asked.path == "/token":
                return Reply(200, as_json({"token": f"token-{number}"}))
            said = answers[number % len(answers)].format(url=registry.url, n=number)
            return Reply(401, headers={"WWW-Authenticate": said})

        registry.first = again
        (row,) = asked_of(authority, f"{registry.host}/a:1", Fixed(SECRET))
        assert len(registry.asked) <= 8
        assert [asked.authorization for asked in registry.asked].count(SECRET.basic) <= 2
    assert row.unavailable is not None
    assert row.unavailable.kind == "denied"


def test_a_mirror_is_not_shown_what_is_for_the_registry(tmp_path: Path) -> None:
    """Logins are looked up by the name of who is asked."""
    authority = Authority(tmp_path)
    looked_up = []

    class ByName:
        def for_image(self, reference: Any, uses: object) -> Sequence[Credential]:
            looked_up.append(reference.registry)
            return [Credential(reference.registry, reference.registry.encode(), b"x", tls_only=True)]

    with loopback(authority.server("127.0.0.1")) as mirror, loopback(authority.server("127.0.0.1")) as registry:
        for server in (mirror, registry):
            server.first = lambda asked: Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        asked_of(authority, f"{registry.host}/a:1", ByName(), f"{registry.host}={mirror.url}")  # type: ignore[arg-type]
        assert {asked.authorization for asked in mirror.asked} == {"", basic(mirror.host, "x")}
        assert {asked.authorization for asked in registry.asked} == {"", basic(registry.host, "x")}
    assert looked_up == [mirror.host, registry.host]


def test_a_redirect_and_back_does_not_bring_the_login_along(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with loopback(authority.server("127.0.0.1")) as thief, loopback(authority.server("127.0.0.1")) as registry:

        def away(asked: Asked) -> Reply | None:
            if "back" in asked.path:
                return None
            if not asked.authorization:
                return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return Reply(307, headers={"Location": f"{thief.url}/v2/x/manifests/1"})

        registry.first = away
        thief.first = lambda asked: Reply(307, headers={"Location": f"{registry.url}/back"})
        asked_of(authority, f"{registry.host}/a:1", Fixed(SECRET))
        assert thief.asked
        assert {asked.authorization for asked in thief.asked} == {""}
        assert {asked.authorization for asked in registry.asked if asked.path == "/back"} == {""}


def test_a_redirect_that_asks_for_a_login_is_shown_none(tmp_path: Path) -> None:
    """Its 401 is not the registry's, and teaches nothing about that."""
    authority = Authority(tmp_path)
    with loopback(authority.server("127.0.0.1")) as thief, loopback(authority.server("127.0.0.1")) as registry:
        registry.first = lambda asked: Reply(307, headers={"Location": f"{thief.url}{asked.path}"})
        thief.first = lambda asked: Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        asked_of(authority, f"{registry.host}/a:1", Fixed(SECRET))
        assert thief.asked
        assert {asked.authorization for asked in [*thief.asked, *registry.asked]} == {""}


def test_who_names_another_as_its_token_server_does_not_use_up_the_others_patience(tmp_path: Path) -> None:
    """A registry makes us ask an honest one for what makes that fail; its own images are still asked for."""
    authority = Authority(tmp_path)
    with (
        loopback(authority.server("evil.test")) as evil,
        loopback(authority.server("honest.example")) as honest,
    ):
        name, other = f"honest.example:{honest.port}", f"evil.test:{evil.port}"
        challenge = f'Bearer realm="https://{name}/fails"'
        evil.first = lambda asked: Reply(401, headers={"WWW-Authenticate": challenge})
        slow = Reply(429, headers={"Retry-After": "86400"})
        honest.first = lambda asked: slow if asked.path == "/fails" else None
        honest.put("a", Built().image(), "1")
        with asker(ca=authority.path, look_up=all_here) as run:
            for _ in range(3):
                row = run.image(f"{other}/a:1")
                assert row.unavailable is not None
                assert row.unavailable.kind == "rate-limited"
            assert "/fails" in honest.paths()
            assert run.image(f"{name}/a:1").unavailable is None
