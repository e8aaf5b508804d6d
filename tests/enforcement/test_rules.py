from __future__ import annotations

from typing import Any

import pytest

from auditor.enforcement.rules import covers, names, understood

CREATE: dict[str, Any] = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["pods"],
}


def rule(**changes: Any) -> list[dict[str, Any]]:
    return [{**CREATE, **changes}]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (rule(), True),
        (rule(operations=["*"]), True),
        (rule(operations=["UPDATE", "CREATE"]), True),
        (rule(operations=["UPDATE"]), False),
        (rule(operations=["create"]), False),
        (rule(operations=[]), False),
        (rule(apiGroups=["*"]), True),
        (rule(apiGroups=["core"]), False),
        (rule(apiGroups=["apps", ""]), True),
        (rule(apiVersions=["*"]), True),
        (rule(apiVersions=["v1beta1"]), False),
        (rule(resources=["*"]), True),
        (rule(resources=["*/*"]), True),
        (rule(resources=["pods/*"]), True),
        (rule(resources=["Pods"]), False),
        (rule(resources=["pods/ephemeralcontainers"]), False),
        (rule(resources=["deployments"]), False),
        (rule(scope="*"), True),
        (rule(scope="Namespaced"), True),
        (rule(scope="Cluster"), False),
        (rule(scope=None), True),
        (rule(resourceNames=["sample"]), False),
        (rule(resourceNames=[]), True),
        ([*rule(resources=["jobs"]), *rule()], True),
        ([], False),
        (None, False),
        ("pods", False),
        ([None, 3, {"operations": "CREATE"}], False),
    ],
)
def test_creating_a_pod(rules: Any, expected: bool) -> None:
    assert covers(rules, operation="CREATE") is expected


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        (["pods"], False),
        (["*"], False),
        (["pods/ephemeralcontainers"], True),
        (["*/ephemeralcontainers"], True),
        (["pods/*"], True),
        (["*/*"], True),
        (["pods/status"], False),
    ],
)
def test_a_subresource_is_not_its_resource(resources: list[str], expected: bool) -> None:
    rules = rule(operations=["UPDATE"], resources=resources)
    assert covers(rules, operation="UPDATE", subresource="ephemeralcontainers") is expected


def test_a_name_counts_where_names_are_given() -> None:
    rules = rule(resourceNames=["web"])
    assert covers(rules, operation="CREATE", name="web")
    assert not covers(rules, operation="CREATE", name="other")
    assert names([*rules, *rule(resourceNames=["web", "db"]), None]) == ("web", "db")


def test_other_kinds_and_the_cluster_scope() -> None:
    rules = rule(apiGroups=["apps"], resources=["deployments"])
    assert covers(rules, operation="CREATE", group="apps", resource="deployments")
    cluster = rule(resources=["nodes"], scope="Cluster")
    assert covers(cluster, operation="CREATE", resource="nodes", namespaced=False)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (None, True),
        ([], True),
        (rule(), True),
        (rule(operations=None), True),
        ("*", False),
        ([7], False),
        (rule(resources="pods"), False),
        (rule(operations=[1]), False),
        (rule(scope="Everywhere"), False),
    ],
)
def test_what_is_understood(rules: Any, expected: bool) -> None:
    assert understood(rules) is expected
