"""Pull secrets: what the fixtures' verdicts do not show. Messages, evidence, merging, and what a live cluster lacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.credentials import AuthEntry, Kind, SecretContent
from auditor.engine import Scope
from auditor.image import parse_entry
from auditor.model import (
    ClusterInfo,
    Container,
    Coverage,
    Node,
    OtherSecret,
    Owner,
    PullSecret,
    ServiceAccount,
    Shape,
    Snapshot,
)
from auditor.policy import Policy, Registries
from auditor.published import to_dict
from auditor.report import Finding
from auditor.wire import BY_NAME
from tests.auditing import FIXTURES, audit, read

NOW = "2026-11-21T12:00:00Z"
TYPE = "kubernetes.io/dockerconfigjson"


def covered(**states: str) -> tuple[Coverage, ...]:
    return tuple(Coverage(name, states.get(name, "read")) for name in BY_NAME)  # type: ignore[arg-type]


def secret(name: str, *entries: AuthEntry | str, namespace: str = "shop", **more: Any) -> PullSecret:
    logins = tuple(AuthEntry(entry) if isinstance(entry, str) else entry for entry in entries)
    content = SecretContent(logins, more.pop("rejected", None))
    return PullSecret(namespace, name, more.pop("type", TYPE), content, **more)


def template(*images: str, secrets: tuple[str, ...] = (), account: str = "") -> Shape:
    containers = tuple(Container(f"c{i}", "container", image) for i, image in enumerate(images))
    return Shape("template", containers, account, secrets)


def owner(name: str, *shapes: Shape, namespace: str = "shop", kind: str = "Deployment") -> Owner:
    return Owner(namespace, kind, name, shapes=shapes)


def snapshot(*parts: Any, states: dict[str, str] | None = None, at: str | None = NOW) -> Snapshot:
    def of(kind: type) -> tuple[Any, ...]:
        return tuple(part for part in parts if isinstance(part, kind))

    return Snapshot(
        cluster=ClusterInfo(collected_at=at),
        coverage=covered(**(states or {})),
        owners=of(Owner),
        secrets=of(PullSecret),
        other_secrets=of(OtherSecret),
        service_accounts=of(ServiceAccount),
        nodes=of(Node),
    )


def findings(check: str, value: Snapshot, policy: Policy | None = None, scope: Scope | None = None) -> list[Finding]:
    return list(audit(value, policy, [check], scope).findings)


def private(*registries: str) -> Policy:
    return Policy(registries=Registries(private=tuple(parse_entry(registry) for registry in registries)))


def test_a_live_cluster_does_not_tell_the_type_of_other_secrets() -> None:
    value = snapshot(owner("web", template("nginx", secrets=("login",))), OtherSecret("shop", "login"))
    (found,) = findings("wrong-type-pull-secret", value)
    assert "login, which is not of a registry secret's type" in found.message
    assert found.evidence == {"secret": "login"}
    assert not findings("missing-pull-secret", value)


def test_a_name_that_could_not_be_looked_up_is_neither_missing_nor_of_another_type() -> None:
    value = snapshot(owner("web", template("nginx", secrets=("login",))))
    for check in ("missing-pull-secret", "wrong-type-pull-secret"):
        (found,) = findings(check, value)
        assert (found.status, found.cause) == ("manual", "unreadable")


def test_each_missing_name_is_a_finding_of_its_own_and_told_once() -> None:
    pods = Shape("pods", template("nginx").containers, "default", ("b", "a"), pods=2)
    value = snapshot(
        owner("web", template("nginx", secrets=("a", "b")), pods),
        *(OtherSecret("shop", name, missing=True) for name in "ab"),
    )
    found = findings("missing-pull-secret", value)
    assert sorted(each.evidence["secret"] for each in found) == ["a", "b"]
    assert len({each.id for each in found}) == 2
    assert all("Its pod template names" in each.message for each in found)


def test_what_is_stored_is_proven_though_the_service_account_is_not_read() -> None:
    pods = Shape("pods", template("nginx").containers, "default", ("gone",), pods=1)
    value = snapshot(
        owner("web", template("nginx"), pods),
        OtherSecret("shop", "gone", missing=True),
        states={"serviceaccounts": "forbidden"},
    )
    (found,) = findings("missing-pull-secret", value)
    assert found.status == "fail"
    assert found.message.startswith("A pod of it names")


def test_a_malformed_secret_names_every_owner_that_it_breaks() -> None:
    bad = secret("bad", AuthEntry("quay.io", problem="its auth is not standard base64"), "ghcr.io")
    bad = secret("bad", *bad.content.entries, rejected="registry 1 of it: its auth is not standard base64")
    value = snapshot(
        bad,
        ServiceAccount("shop", "default", ("bad",)),
        *(owner(f"w{i}", template("nginx", "redis", secrets=("good", "bad"))) for i in range(4)),
        owner("inherits", template("nginx")),
        owner("own", template("nginx", secrets=("good",))),
        owner("elsewhere", template("nginx", secrets=("bad",)), namespace="lab"),
    )
    (found,) = findings("malformed-pull-secret", value)
    assert found.evidence["owners"] == [*(f"Deployment/w{i}" for i in range(4)), "Deployment/inherits"]
    assert found.evidence["count"] == 5
    assert 'in the entry of "quay.io", its auth is not standard base64' in found.message
    assert "Deployment/w0, Deployment/w1, Deployment/w2 and 2 more" in found.message


def test_undeclared_registries_are_asked_about_once_for_a_namespace_and_registry() -> None:
    value = snapshot(
        secret("hub", "https://index.docker.io/v1/", namespace="platform"),
        secret("quay", "quay.io", namespace="platform"),
        ServiceAccount("shop", "default"),
        owner("a", template("nginx", "redis", "quay.io/org/app")),
        owner("b", template("nginx:1", "ghcr.io/org/app")),
        owner("c", template("nginx"), namespace="lab"),
    )
    found = findings("uncovered-private-image", value)
    told = {(each.namespace, tuple(each.evidence["repositories"]), each.evidence["count"]) for each in found}
    assert told == {
        ("lab", ("docker.io/library/nginx",), 1),
        ("shop", ("docker.io/library/nginx", "docker.io/library/redis"), 3),
        ("shop", ("quay.io/org/app",), 1),
    }
    assert {each.cause for each in found} == {"judgment"}
    assert all(str(each.subject) == f"Namespace/{each.namespace}" for each in found)
    assert [each.namespace for each in findings("uncovered-private-image", value, scope=Scope(("lab",)))] == ["lab"]


def test_a_proof_among_secrets_that_were_read_in_part_is_enough_to_ask() -> None:
    value = snapshot(
        secret("quay", "quay.io", namespace="platform"),
        owner("a", template("quay.io/org/app", "ghcr.io/org/app", secrets=("",))),
        states={"secrets": "failed"},
    )
    causes = {each.cause: each for each in findings("uncovered-private-image", value)}
    assert causes["judgment"].evidence["repositories"] == ["quay.io/org/app"]
    assert causes["unreadable"].evidence["count"] == 1


@pytest.mark.parametrize("check", ["uncovered-private-image", "wrong-credential-shadows-anonymous"])
def test_pods_prove_what_is_wrong_though_the_template_cannot_be_judged(check: str) -> None:
    image = template("quay.io/org/app")
    pods = Shape("pods", image.containers, "default", ("s",), pods=1)
    value = snapshot(
        owner("web", image, pods),
        secret("s", AuthEntry("quay.io", expires_at="2026-01-01T00:00:00Z") if check[0] == "w" else "ghcr.io"),
        states={"serviceaccounts": "forbidden"},
    )
    (found,) = findings(check, value, private("quay.io") if check[0] == "u" else None)
    assert found.status == "fail"


@pytest.mark.parametrize(
    ("provider", "registry", "status"),
    [
        ("aws", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "manual"),
        ("aws", "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "manual"),
        ("aws", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "manual"),
        ("aws", "123456789012.dkr-ecr.eu-west-1.on.aws", "manual"),
        ("aws", "gcr.io", "fail"),
        ("aws", "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", "fail"),
        ("gce", "eu.gcr.io", "manual"),
        ("gce", "europe-west3-docker.pkg.dev", "manual"),
        ("gce", "notgcr.io", "fail"),
        ("azure", "corp.azurecr.io", "manual"),
        ("azure", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "fail"),
        ("kind", "corp.azurecr.io", "fail"),
        ("", "corp.azurecr.io", "fail"),
    ],
)
def test_clouds_whose_nodes_may_have_credentials(provider: str, registry: str, status: str) -> None:
    value = snapshot(
        owner("web", template(f"{registry}/app/web")),
        ServiceAccount("shop", "default"),
        Node("n1", provider_id="openstack"),
        Node("n2", provider_id=provider),
    )
    (found,) = findings("uncovered-private-image", value, private(registry))
    assert found.status == status
    assert "cannot be pulled" not in found.message


def test_the_reason_why_nothing_covers_is_told() -> None:
    value = snapshot(
        owner("web", template("quay.io/org/app", secrets=("a", "b"))),
        secret("a", AuthEntry("quay.io", problem="it holds a token alone, which the kubelet drops", kind="token-only")),
        secret("b", "ghcr.io"),
    )
    (found,) = findings("uncovered-private-image", value, private("quay.io"))
    assert found.message.startswith("No in-cluster credential for quay.io/org/app: the key that matches, in its pull")
    assert "it holds a token alone" in found.message
    assert found.evidence == {"repository": "quay.io/org/app", "pullSecrets": ["a", "b"]}


def test_two_tags_of_one_repository_are_one_finding() -> None:
    pods = Shape("pods", (Container("c0", "container", "quay.io/org/app:1"),), "default", pods=1)
    value = snapshot(owner("web", template("quay.io/org/app:2"), pods), ServiceAccount("shop", "default"))
    (found,) = findings("uncovered-private-image", value, private("quay.io"))
    assert found.evidence["images"] == ["quay.io/org/app:1", "quay.io/org/app:2"]


@pytest.mark.parametrize(
    ("kind", "expires", "written", "at", "status"),
    [
        ("basic", "2026-11-21T12:00:00Z", None, NOW, "fail"),
        ("basic", "2026-11-21T12:00:01Z", None, NOW, None),
        ("basic", "2026-11-21T12:00:00Z", None, "2026-11-21T12:30:00+01:00", None),
        ("basic", "2026-11-21T12:00:00Z", None, "2026-11-21T13:00:00+01:00", "fail"),
        ("token-only", "2026-01-01T00:00:00Z", None, NOW, "fail"),
        ("aws", None, "2026-11-21T00:00:00Z", NOW, "fail"),
        ("aws", None, "2026-11-21T00:00:01Z", NOW, None),
        ("aws", None, "2026-11-21T00:00:00.000001Z", NOW, None),
        ("oauth2accesstoken", None, "2026-11-21T11:00:00Z", NOW, "fail"),
        ("oauth2accesstoken", None, "2026-11-21T11:00:01Z", NOW, None),
        ("aws", None, "yesterday", NOW, "manual"),
        ("aws", None, None, None, "manual"),
        ("json-key", None, "2020-01-01T00:00:00Z", NOW, None),
        ("basic", None, "2020-01-01T00:00:00Z", None, None),
    ],
)
def test_lifetimes(kind: Kind, expires: str | None, written: str | None, at: str | None, status: str | None) -> None:
    value = snapshot(secret("s", AuthEntry("quay.io", kind=kind, expires_at=expires), written_at=written), at=at)
    found = findings("expired-registry-token", value)
    assert [each.status for each in found] == ([status] if status else [])


def test_images_with_tokens_of_unknown_age_are_one_question_for_the_cluster() -> None:
    value = snapshot(
        secret("s", AuthEntry("quay.io", expires_at="2026-01-01T00:00:00Z")),
        *(owner(f"w{i}", template(f"quay.io/org/app{i}", secrets=("s",))) for i in range(3)),
        at=None,
    )
    (found,) = findings("wrong-credential-shadows-anonymous", value)
    assert (found.status, str(found.subject)) == ("manual", "Cluster")
    assert found.evidence["count"] == 3


def test_two_shared_credentials_of_one_secret_are_two_findings() -> None:
    both = (AuthEntry("quay.io", same_as=1), AuthEntry("ghcr.io", same_as=2))
    value = snapshot(*(secret("s", *both, namespace=name) for name in ("a", "b", "c")), secret("t", both[0]))
    found = findings("shared-registry-credential", value)
    assert {each.evidence["key"]: each.evidence["namespaces"] for each in found} == {"quay.io": 4, "ghcr.io": 3}
    assert {(each.namespace, str(each.subject)) for each in found} == {("a", "Secret/s")}


def test_identities_of_keys_do_not_depend_on_what_else_a_secret_holds() -> None:
    alone = findings("unusable-registry-key", snapshot(secret("s", "oci://quay.io")))
    beside = findings("unusable-registry-key", snapshot(secret("s", "myregistry", "oci://quay.io", "quay.io")))
    assert {each.id for each in alone} < {each.id for each in beside}
    assert len(beside) == 2


def test_an_exposed_secret_names_the_containers_that_read_it() -> None:
    containers = (
        Container("app", "container", "nginx", secrets=("regcred", "db")),
        Container("init", "init", "nginx", secrets=("regcred",)),
    )
    value = snapshot(owner("web", Shape("template", containers)), secret("regcred", "quay.io"))
    (found,) = findings("pull-secret-exposed-to-container", value)
    assert found.evidence == {"secret": "regcred", "containers": ["app", "init"]}


SECRET_WORDS = ("fake-user", "fake-passw", "fake-token", "fake-key", "fake-signature", "ZmFrZS", "AKIAFAKE")


@pytest.mark.parametrize(
    "folder",
    sorted(path for path in (FIXTURES / "checks").iterdir() if "secret" in path.name or "registry" in path.name),
    ids=lambda path: path.name,
)
def test_no_credential_gets_into_a_report(folder: Any) -> None:
    for path in folder.glob("*.yaml"):
        if not path.name.startswith("policy"):
            report = json.dumps(to_dict(audit(read(path))))
            assert not [word for word in SECRET_WORDS if word in report], path.name
