"""What a 1.36 API server stored and what it refused, each tried on one."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.enforcement.admission_refusals import of_binding, of_policy
from tests.enforcement.admission_worlds import PODS, binding, policy

TRUE = {"expression": "true"}
CONFIGMAP = {"name": "a", "parameterNotFoundAction": "Deny"}


def rule(**changes: Any) -> dict[str, Any]:
    return {"matching": {"resourceRules": [{**PODS, **changes}]}}


def match(**fields: Any) -> dict[str, Any]:
    return {"matching": fields}


def labels(**expression: Any) -> dict[str, Any]:
    return match(namespaceSelector={"matchExpressions": [expression]})


REFUSED: list[dict[str, Any]] = [
    match(resourceRules=[]),
    *(
        rule(resources=resources)
        for resources in (
            [],
            [""],
            ["*", "pods"],
            ["*/*", "pods"],
            ["*/*", "*"],
            ["*/*", "*/scale"],
            ["pods/*", "pods/status"],
            ["*/status", "pods/status"],
        )
    ),
    *(rule(operations=operations) for operations in ([], ["*", "CREATE"], ["create"], [""], ["PATCH"])),
    *(rule(apiGroups=groups) for groups in ([], ["*", ""])),
    *(rule(apiVersions=versions) for versions in ([], ["*", "v1"], [""])),
    *(rule(scope=scope) for scope in ("", "namespaced")),
    *(rule(resourceNames=names) for names in (["a", "a"], ["a/b"], ["."], ["a%"])),
    match(excludeResourceRules=[{**PODS, "operations": []}]),
    *(match(matchPolicy=matching) for matching in ("exact", "")),
    *(
        match(objectSelector={"matchLabels": wanted})
        for wanted in (
            {"bad key!": "x"},
            {"a": "b c"},
            {"a/b/c": "x"},
            {"": "x"},
            {"a": "x" * 64},
            {"Up.example/a": "x"},
        )
    ),
    labels(key="a", operator="In", values=["x y"]),
    labels(key="a", operator="In"),
    labels(key="a", operator="Exists", values=["x"]),
    labels(key="a", operator="exists"),
    labels(key="", operator="Exists"),
    labels(key="a"),
    {"validations": []},
    {"validations": [{}]},
    {"validations": [{"expression": "  "}]},
    *({"validations": [{**TRUE, "reason": reason}]} for reason in ("Unauthorized", "", "BadRequest")),
    *({"validations": [{**TRUE, "message": message}]} for message in ("a\nb", "  ")),
    {"validations": [{**TRUE, "messageExpression": "  "}]},
    {"auditAnnotations": [{"key": "a", "valueExpression": "'x'"}] * 2},
    {"auditAnnotations": [{"key": f"a{number}", "valueExpression": "'x'"} for number in range(21)]},
    *({"auditAnnotations": [{"key": key, "valueExpression": "'x'"}]} for key in ("a b", "")),
    {"auditAnnotations": [{"key": "a", "valueExpression": ""}]},
    *({"failurePolicy": failing} for failing in ("fail", "")),
    *({"paramKind": kind} for kind in ({"apiVersion": "v1"}, {})),
    *(
        {"variables": [{"name": name, "expression": "1"}]}
        for name in ("a-b", "", "in", "for", "null", "a.b", "namespace", "1a")
    ),
    {"variables": [{"name": "a", "expression": " "}]},
    {"matchConditions": [{"name": "a", **TRUE}] * 2},
    {"matchConditions": [{"name": f"a{number}", **TRUE} for number in range(65)]},
    *({"matchConditions": [{"name": name, **TRUE}]} for name in ("a b", "")),
    {"matchConditions": [{"name": "a", "expression": " "}]},
]
STORED: list[dict[str, Any]] = [
    {},
    *(
        rule(resources=resources)
        for resources in (["*"], ["*/*"], ["pods", "pods/*"], ["*/scale", "*"], ["pods", "pods"], ["Pods"], ["a/b/c"])
    ),
    *(rule(operations=operations) for operations in (["*"], ["CONNECT"], ["CREATE", "CREATE"])),
    *(rule(apiGroups=groups) for groups in (["*"], ["core"], ["a b"], ["", ""])),
    *(rule(resourceNames=names) for names in ([], [""], ["A B"], ["*"], ["-x"])),
    match(excludeResourceRules=[]),
    match(objectSelector={"matchLabels": {"a": "", "example.com/A_b.c": "x"}}),
    match(objectSelector={"matchLabels": {"a": "b"}, "nonsense": 1}),
    {"validations": [{**TRUE, "reason": "Invalid", "message": "", "messageExpression": "'b'"}]},
    {"validations": [{"expression": "true &&\n true"}]},
    {"validations": [TRUE] * 101},
    {"validations": None, "auditAnnotations": [{"key": "a", "valueExpression": "'x'"}]},
    {"paramKind": {"apiVersion": "v1", "kind": "configMap"}},
    *({"variables": [{"name": name, "expression": "1"}] * 2} for name in ("a", "__a__", "object")),
    {"matchConditions": [{"name": "x.y/A_b", **TRUE}]},
    {"nonsense": 1},
]


@pytest.mark.parametrize("changes", REFUSED)
def test_policies_that_it_refuses(changes: dict[str, Any]) -> None:
    assert list(of_policy(policy("true", **changes)["spec"]))


@pytest.mark.parametrize("changes", STORED)
def test_policies_that_it_stores(changes: dict[str, Any]) -> None:
    assert not list(of_policy(policy("true", **changes)["spec"]))


@pytest.mark.parametrize(
    "changes",
    [
        {"validationActions": []},
        {"validationActions": ["Deny", "Warn"]},
        {"validationActions": ["Deny", "Deny"]},
        {"validationActions": ["deny"]},
        {"paramRef": {}},
        {"paramRef": {"parameterNotFoundAction": "Deny"}},
        {"paramRef": {"name": "a"}},
        {"paramRef": {**CONFIGMAP, "selector": {}}},
        {"paramRef": {**CONFIGMAP, "parameterNotFoundAction": "deny"}},
        {
            "paramRef": {
                "selector": {"matchExpressions": [{"key": "a", "operator": "in"}]},
                "parameterNotFoundAction": "Deny",
            }
        },
        {"matchResources": {"resourceRules": [{**PODS, "operations": []}]}},
        {"matchResources": {"matchPolicy": "x"}},
        {"matchResources": {"objectSelector": {"matchLabels": {"a": "b c"}}}},
    ],
)
def test_bindings_that_it_refuses(changes: dict[str, Any]) -> None:
    assert list(of_binding(binding(**changes)["spec"]))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"validationActions": ["Deny", "Audit"]},
        {"paramRef": CONFIGMAP},
        {"paramRef": {"selector": {}, "parameterNotFoundAction": "Allow"}},
        {"paramRef": {**CONFIGMAP, "name": "A B", "namespace": "A B"}},
        {"matchResources": {}},
        {"matchResources": {"resourceRules": []}},
    ],
)
def test_bindings_that_it_stores(changes: dict[str, Any]) -> None:
    assert not list(of_binding(binding(**changes)["spec"]))
