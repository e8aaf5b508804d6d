"""Service accounts' pull secrets: what the fixtures' verdicts do not show."""

from __future__ import annotations

import pytest

from auditor.model import OtherSecret, ServiceAccount, Shape
from tests.checks.test_pull_secrets import findings, owner, secret, snapshot, template


def test_a_missing_and_an_ignored_secret_of_one_account_are_two_findings() -> None:
    value = snapshot(
        ServiceAccount("shop", "builder", ("gone", "opaque", "", "good", "gone")),
        OtherSecret("shop", "gone", missing=True),
        OtherSecret("shop", "opaque", "Opaque"),
        secret("good", "quay.io"),
    )
    found = findings("dangling-service-account-secret", value)
    assert {each.evidence["secret"]: each.evidence["missing"] for each in found} == {"gone": True, "opaque": False}
    assert {str(each.subject) for each in found} == {"ServiceAccount/builder"}


@pytest.mark.parametrize(
    ("name", "made_by", "status"),
    [
        ("default-dockercfg-x7k2p", "openshift", None),
        ("pull-default", "openshift", None),
        ("default-dockercfg-x7k2p", "", "fail"),
        ("default-dockercfg-x7k2p", "ExternalSecret", "fail"),
        ("regcred", "", "fail"),
    ],
)
def test_what_openshift_adds_by_itself_does_not_count(name: str, made_by: str, status: str | None) -> None:
    value = snapshot(ServiceAccount("shop", "default", (name,)), secret(name, "quay.io", made_by=made_by))
    found = findings("default-service-account-credentials", value)
    assert [each.status for each in found] == ([status] if status else [])


def test_a_shadowed_account_tells_what_is_lost() -> None:
    value = snapshot(
        owner("web", template("quay.io/org/a:1", "quay.io/org/b", "ghcr.io/org/c", "Bad Image", secrets=("own",))),
        ServiceAccount("shop", "default", ("own", "account")),
        secret("own", "ghcr.io"),
        secret("account", "quay.io/org/"),
    )
    (found,) = findings("shadowed-service-account-secrets", value)
    assert found.evidence == {
        "serviceAccount": "default",
        "shadowed": ["account"],
        "repositories": ["quay.io/org/a", "quay.io/org/b"],
    }
    assert str(found.subject) == "Deployment/web"


def test_static_pods_have_no_service_account_to_shadow() -> None:
    static = Shape("pods", template("quay.io/org/a").containers, "", ("own",), static=True, pods=1)
    value = snapshot(owner("agent", static, kind="Pod"), ServiceAccount("shop", "default", ("account",)))
    assert not findings("shadowed-service-account-secrets", value)
