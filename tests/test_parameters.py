"""Which objects policies refer to, by the words of policies and bindings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import PolicyObject
from auditor.parameters import (
    BINDINGS,
    POLICIES,
    ParameterRef,
    label_selector,
    parameter_refs,
    plural_of,
)


def policy(name: str = "p", param_kind: Any = None) -> PolicyObject:
    return PolicyObject(POLICIES, "ValidatingAdmissionPolicy", name, spec={"paramKind": param_kind})


def binding(param_ref: Any, policy_name: Any = "p", name: str = "b") -> PolicyObject:
    return PolicyObject(BINDINGS, "", name, spec={"policyName": policy_name, "paramRef": param_ref})


MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
LIMIT = {"apiVersion": "rules.example/v1", "kind": "Limit"}


def test_references_are_those_of_bound_policies() -> None:
    found = parameter_refs(
        [
            binding({"name": "n", "namespace": "ns"}),
            binding({"name": "n", "namespace": "ns"}, name="again"),
            binding({"name": "m"}, "q"),
            binding({"selector": {"matchLabels": {"a": "b"}}}, "q"),
            binding(None, "q"),
            binding({"name": "x"}, "gone"),
            policy("p", MAP),
            policy("q", LIMIT),
            policy("unbound", MAP),
        ]
    )
    assert found == (
        ParameterRef("rules.example/v1", "Limit", "", "", "a=b"),
        ParameterRef("rules.example/v1", "Limit", "", "m"),
        ParameterRef("v1", "ConfigMap", "ns", "n"),
    )
    assert [ref.group for ref in found] == ["rules.example", "rules.example", ""]


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({}, ""),
        (None, ""),
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        (
            {
                "matchLabels": {"a": "1"},
                "matchExpressions": [
                    {"key": "t", "operator": "In", "values": ["x", "y"]},
                    {"key": "u", "operator": "NotIn", "values": ["z"]},
                    {"key": "v", "operator": "Exists"},
                    {"key": "w", "operator": "DoesNotExist"},
                ],
            },
            "a=1,t in (x,y),u notin (z),v,!w",
        ),
        ({"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "t", "operator": "Gt", "values": ["1"]}]}, ""),
        ({"matchExpressions": [{"operator": "Exists"}]}, ""),
        ({"matchExpressions": "text"}, ""),
    ],
)
def test_selectors_as_lists_take_them(selector: Any, text: str) -> None:
    assert label_selector(selector) == text


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "namespace", "selector", "matchLabels", "matchExpressions", "operator", "values", "kind"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ODD, ODD, ODD)
def test_odd_shapes_are_no_references_and_no_crash(kind: Any, ref: Any, name: Any) -> None:
    for found in parameter_refs([policy("p", MAP), policy("q", kind), binding(ref), binding(ref, name)]):
        assert found.api_version
        assert all(isinstance(part, str) for part in (found.kind, found.namespace, found.name, found.selector))


@pytest.mark.parametrize(
    ("kind", "plural"),
    [("ConfigMap", "configmaps"), ("Policy", "policies"), ("Class", "classes"), ("Endpoints", "endpoints")],
)
def test_plurals_as_kubernetes_guesses_them(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural
