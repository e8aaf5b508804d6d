"""Kyverno's patterns, variables and conditions by themselves."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enforcement.kyverno_conditions import hold
from auditor.enforcement.kyverno_match import filtered, is_pod
from auditor.enforcement.kyverno_patterns import Unreadable, glob, overlay
from auditor.enforcement.kyverno_values import Absent, image_parts, resolve, substitute


@pytest.mark.parametrize(
    ("resource", "pattern", "outcome"),
    [
        ({"a": "x"}, {"a": "x"}, "pass"),
        ({"a": "x"}, {"a": "y | x"}, "pass"),
        ({"a": "xy"}, {"a": "x* & *y"}, "pass"),
        ({"a": "x"}, {"a": "!x"}, "fail"),
        ({"a": "x"}, {"a": "?*"}, "pass"),
        ({"a": ""}, {"a": "?*"}, "fail"),
        ({}, {"a": "*"}, "fail"),
        ({}, {"a": "?*"}, "fail"),
        ({}, {"=(a)": "x"}, "pass"),
        ({"a": "y"}, {"=(a)": "x"}, "fail"),
        ({"a": "y"}, {"X(a)": "null"}, "fail"),
        ({}, {"X(a)": "null"}, "pass"),
        ({"a": "y", "b": 1}, {"(a)": "x", "b": 2}, "skip"),
        ({"a": "x", "b": 1}, {"(a)": "x", "b": 2}, "fail"),
        ({"b": 1}, {"(a)": "x", "b": 2}, "skip"),
        ({"a": "y", "b": 1}, {"<(a)": "x", "b": 2}, "skip"),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}]}, "fail"),
        ({"a": [{"b": 1}, {"b": 2}]}, {"^(a)": [{"b": 1}]}, "pass"),
        ({"a": [{"n": "x", "b": 2}, {"n": "y", "b": 1}]}, {"a": [{"(n)": "y", "b": 1}]}, "pass"),
        ({"a": [{"n": "x", "b": 2}]}, {"a": [{"(n)": "y", "b": 1}]}, "skip"),
        ({"a": []}, {"a": [{"b": 1}]}, "pass"),
        ({"a": True}, {"a": True}, "pass"),
        ({"a": 1}, {"a": True}, "fail"),
        ({"a": "1"}, {"a": 1}, "pass"),
        ({"a": None}, {"a": None}, "pass"),
        ({"a": {}}, {"a": "x"}, "fail"),
    ],
)
def test_overlays(resource: Any, pattern: Any, outcome: str) -> None:
    assert overlay(resource, pattern) == outcome


def test_quantities_are_not_compared_as_texts() -> None:
    with pytest.raises(Unreadable):
        overlay({"memory": "1Gi"}, {"memory": "<2Gi"})
    with pytest.raises(Unreadable):
        overlay({"metadata": {"labels": {"a": "b"}}}, {"metadata": {"labels": {"a*": "b"}}})


TEXTS = st.text(alphabet="ab*?/.", max_size=8)


@given(TEXTS, TEXTS)
def test_globs_are_regular_expressions_of_their_own(pattern: str, text: str) -> None:
    plain = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert glob(pattern, text) == (re.fullmatch(plain, text, re.DOTALL) is not None)


def test_a_glob_of_many_stars_takes_no_time() -> None:
    assert not glob("*a" * 200 + "b", "a" * 5000)


CONTEXT: dict[str, Any] = {
    "request": {"object": {"spec": {"containers": [{"name": "a", "image": "x/y"}, {"name": "b", "image": "z"}]}}},
    "images": {"containers": {"a": {"registry": "docker.io"}, "b": {"registry": "quay.io"}}},
    "element": {"name": "b"},
    "none": None,
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("request.object.spec.containers[].image", ["x/y", "z"]),
        ("request.object.spec.containers[*].name", ["a", "b"]),
        ("request.object.spec.containers[1].name", "b"),
        ("request.object.spec.[initContainers, containers][].name", ["a", "b"]),
        ("images.containers.*.registry", ["docker.io", "quay.io"]),
        ('images.containers."a".registry', "docker.io"),
        ("missing.deeper || 'x'", "x"),
        ("missing || `[]`", []),
        ("missing || element.name", "b"),
    ],
)
def test_expressions(expression: str, value: Any) -> None:
    assert resolve(expression, CONTEXT) == value


@pytest.mark.parametrize("expression", ["missing", "none", "request.object.spec.containers[7]"])
def test_what_has_no_value_is_absent(expression: str) -> None:
    with pytest.raises(Absent):
        resolve(expression, CONTEXT)


@pytest.mark.parametrize("expression", ["length(images)", "a[?b=='c']", "a | b", "a.b.", "{a: b}", "'x"])
def test_what_is_not_read_is_told(expression: str) -> None:
    with pytest.raises(Unreadable):
        resolve(expression, CONTEXT)


def test_variables_within_variables_and_texts() -> None:
    assert substitute('{{ images.containers."{{element.name}}".registry }}/*', CONTEXT) == "quay.io/*"
    assert substitute({"{{element.name}}": ["{{ images.containers.*.registry }}"]}, CONTEXT) == {
        "b": [["docker.io", "quay.io"]]
    }
    with pytest.raises(Unreadable):
        substitute("a {{ images }} b", CONTEXT)


@given(st.text(alphabet="ab.[]*|'\"`{}(), @1", max_size=20))
def test_no_expression_is_another_error(expression: str) -> None:
    try:
        resolve(expression, {"a": {"b": [1, {"a": "b"}]}})
    except (Absent, Unreadable):
        return


@pytest.mark.parametrize(
    ("operator", "key", "value", "holds"),
    [
        ("Equals", "a", "a*", True),
        ("NotEquals", "a", "b", True),
        ("AnyIn", ["a", "b"], ["b"], True),
        ("AnyIn", [], ["b"], False),
        ("AllIn", ["a", "b"], ["b"], False),
        ("AllIn", ["a", "b"], ["*"], True),
        ("AnyNotIn", ["a", "b"], ["b"], True),
        ("AnyNotIn", ["b"], ["b"], False),
        ("AllNotIn", ["a", "b"], ["c"], True),
        ("AllNotIn", ["a", "b"], ["b"], False),
        ("In", "a", ["a"], True),
        ("NotIn", "a", '["a"]', False),
    ],
)
def test_operators(operator: str, key: Any, value: Any, holds: bool) -> None:
    condition = {"key": key, "operator": operator, "value": value}
    assert hold({"any": [condition]}, {}) is holds
    assert hold({"all": [condition]}, {}) is holds
    assert hold([condition], {}) is holds


def test_conditions_join() -> None:
    true, false = ({"key": "a", "operator": "Equals", "value": value} for value in ("a", "b"))
    assert hold(None, {})
    assert hold({"any": [false, true], "all": [true]}, {})
    assert not hold({"any": [true], "all": [true, false]}, {})
    assert not hold({"any": [false]}, {})
    with pytest.raises(Unreadable):
        hold({"any": [{"key": 1, "operator": "GreaterThan", "value": 0}]}, {})


@pytest.mark.parametrize(
    ("image", "registry", "path", "reference"),
    [
        ("nginx", "docker.io", "nginx", "docker.io/nginx:latest"),
        ("docker.io/nginx:1", "docker.io", "nginx", "docker.io/nginx:1"),
        ("localhost:5000/a/b", "localhost:5000", "a/b", "localhost:5000/a/b:latest"),
        ("q.io/a:1@sha256:" + "0" * 64, "q.io", "a", "q.io/a@sha256:" + "0" * 64),
    ],
)
def test_images_as_kyverno_takes_them_apart(image: str, registry: str, path: str, reference: str) -> None:
    parts = image_parts(image)
    assert (parts["registry"], parts["path"], parts["reference"]) == (registry, path, reference)


@pytest.mark.parametrize(
    ("selector", "subresource", "expected"),
    [
        ("Pod", "", True),
        ("Pod", "ephemeralcontainers", True),
        ("Pod", "exec", False),
        ("Pod.exec", "exec", True),
        ("Pod/*", "exec", True),
        ("*", "", True),
        ("*/*", "exec", True),
        ("*/Pod", "", True),
        ("v1/Pod", "", True),
        ("v2/Pod", "", False),
        ("*/v1/Pod", "", False),
        ("apps/v1/*", "", False),
        ("*/ephemeralcontainers", "ephemeralcontainers", True),
        ("Deployment", "", False),
        ("a/b/c/d/e", "", False),
    ],
)
def test_kinds(selector: str, subresource: str, expected: bool) -> None:
    assert is_pod(selector, subresource) is expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("[Pod,dev,*]", True),
        ("[Pod,dev]", True),
        ("[*/*,d?v,*]", True),
        ("[Pod]", True),
        ("[Pod,dev,web-*]", False),
        ("[Pod,prod,*]", False),
        ("[Deployment,dev,*]", False),
        ("", False),
    ],
)
def test_resource_filters(filters: str, expected: bool) -> None:
    assert filtered(filters, "dev") is expected
