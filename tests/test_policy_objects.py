"""What the Snapshot keeps of objects of admission, and what never gets into it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor import wire
from auditor.model import PolicyObject
from auditor.policy_objects import MAX_DEPTH, as_params, parameter_object, policy_object

CLUSTER_POLICIES = wire.BY_NAME["clusterpolicies.kyverno.io"]


def kept(resource: str = "clusterpolicies.kyverno.io", **fields: Any) -> PolicyObject:
    body = json.dumps({"metadata": {"name": "x"}, **fields}).encode()
    return policy_object(wire.decode_object(wire.PolicyObject, body), wire.BY_NAME[resource], "a.yaml:1")


def parameter(**fields: Any) -> PolicyObject:
    return parameter_object(wire.decode_parameter(json.dumps(fields).encode()))


def test_values_of_environments_and_headers_are_not_kept() -> None:
    found = kept(
        "policyservers.policies.kubewarden.io",
        spec={
            "env": [
                {"name": "TOKEN", "value": "fake-1"},
                {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "s"}}},
            ],
            "rules": [
                {"context": [{"apiCall": {"service": {"headers": [{"key": "Authorization", "value": "fake-2"}]}}}]}
            ],
        },
    )
    assert found.spec == {
        "env": [{"name": "TOKEN"}, {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "s"}}}],
        "rules": [{"context": [{"apiCall": {"service": {"headers": [{"key": "Authorization"}]}}}]}],
    }


def test_what_only_looks_like_an_environment_stays() -> None:
    spec = {
        "matchLabels": {"env": "prod"},
        "env": ["prod"],
        "headers": {"a": "b"},
        "list": [{"name": "a", "value": "b"}],
    }
    assert kept(spec=spec).spec == spec


@pytest.mark.parametrize(("bundle", "flag"), [("Y2VydA==", {"caBundle": True}), ("", {}), (None, {})])
def test_of_a_bundle_only_that_it_is_there(bundle: str | None, flag: dict[str, bool]) -> None:
    resource = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
    (hook,) = kept(resource, webhooks=[{"clientConfig": {"url": "https://x", "caBundle": bundle}}]).webhooks
    assert hook["clientConfig"] == {"url": "https://x", **flag}


SETTINGS = """\
validators:
- name: hub
  auth:
    username: fake-user
    password: "fake-\\"quoted"
  host: registry.example
alerting:
  receivers:
  - {template: slack, receiver_url: https://hooks.example/fake-path}
  - {custom_headers: ["Authorization: Bearer fake-x"]}
  api-token: fake-plain # why
  secretKey: 'fake-''single'
policy: [{pattern: "*:*", validator: hub}]
"""


def test_settings_stay_readable_without_their_credentials() -> None:
    data = {
        "config.yaml": SETTINGS,
        "json": json.dumps({"token": "fake-json", "password": 12345, "allowed": ["a"]}),
        "REDIS_PASSWORD": "fake-env",
        "excludeUsernames": "!system:kube-scheduler",
    }
    found = kept("configmaps", data=data).data
    assert "fake-" not in json.dumps(found)
    assert "12345" not in json.dumps(found)
    read = yaml.safe_load(found["config.yaml"])
    assert read["policy"] == [{"pattern": "*:*", "validator": "hub"}]
    assert read["validators"][0]["host"] == "registry.example"
    assert json.loads(found["json"]) == {"token": "…", "password": None, "allowed": ["a"]}
    assert found["excludeUsernames"] == data["excludeUsernames"]


def test_what_lies_too_deep_is_cut() -> None:
    deep: Any = "end"
    for _ in range(MAX_DEPTH * 3):
        deep = [deep]
    assert json.dumps(kept(spec={"a": deep}).spec).count("[") == MAX_DEPTH
    assert json.dumps(parameter(metadata={"name": "x"}, rules=deep).rest).count("[") == MAX_DEPTH


def test_its_own_version_counts_before_its_lists() -> None:
    assert kept(apiVersion="kyverno.io/v2beta1").api_version == "kyverno.io/v2beta1"
    assert kept().api_version == "kyverno.io/v1"
    assert kept(kind="Other").kind == "ClusterPolicy"
    assert kept(wire.CONSTRAINTS, kind="Other").kind == "Other"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text().filter(lambda key: key not in ("metadata", "binaryData")), JSON, max_size=4))
def test_an_object_comes_back_whole(fields: dict[str, Any]) -> None:
    whole = {**fields, "apiVersion": "rules.example/v1", "kind": "Limit"}
    found = parameter(metadata={"name": "x", "namespace": "a", "labels": {"b": "c"}, "generation": 2}, **whole)
    metadata = {"name": "x", "namespace": "a", "labels": {"b": "c"}, "generation": 2}
    expected = {**whole, "metadata": metadata}
    for part in ("spec", "status", "data"):
        if expected.get(part) == {}:
            del expected[part]
    assert as_params(found) == expected


@given(JSON)
def test_key_order_and_a_second_reading_change_nothing(value: Any) -> None:
    once = kept(spec={"b": value, "a": 1})
    assert msgspec.json.encode(once) == msgspec.json.encode(kept(spec={"a": 1, "b": value}))
    assert kept(spec=once.spec) == once


@pytest.mark.parametrize("body", ["[]", "5", '"x"', '{"metadata": 5}', '{"metadata": {"labels": [1]}}', "{"])
def test_what_is_no_object_is_no_parameter(body: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        wire.decode_parameter(body.encode())


def test_a_parameter_with_annotations() -> None:
    """`kubectl apply` gives every object one. Their values are never kept."""
    metadata = {"name": "a", "namespace": "b", "labels": {"c": "d"}, "annotations": {"note": "fake-value"}}
    found = parameter(kind="ConfigMap", metadata=metadata, data={"allowed": "registry.example/"})
    assert (found.namespace, found.name) == ("b", "a")
    assert b"fake-value" not in msgspec.json.encode(found)


def test_a_parameter_of_strange_kind_and_version() -> None:
    found = parameter(kind=5, apiVersion=["x"], metadata=None, spec="text", data=["list"], binaryData={"a": "eA=="})
    assert found == PolicyObject("params", "", "", rest={"data": ["list"], "spec": "text"})
