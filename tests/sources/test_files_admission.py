"""What takes part in admission, from files: as it is read from a cluster, whatever the order of the documents."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from auditor import wire
from auditor.collect import SourceOptions, collect
from auditor.coverage import Gaps, Unread
from auditor.enforcement.world import World
from auditor.errors import SourceError
from auditor.model import PolicyObject, Snapshot
from auditor.policy import Policy
from auditor.sources import aside
from auditor.sources.kinds import own_group
from auditor.sources.progress import Progress
from tests.auditing import FIXTURES

VALIDATING = "validatingwebhookconfigurations.admissionregistration.k8s.io"
COMPLETE = {"kind": "ClusterFixture", "complete": True}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}


def document(api_version: str, kind: str, name: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def read(folder: Path, *documents: dict[str, Any], complete: bool = False) -> Snapshot:
    path = folder / "input.jsonl"
    path.write_text("".join(f"{json.dumps(found)}\n" for found in (*documents, *([COMPLETE] if complete else []))))
    return collect(SourceOptions(path=str(path)), Progress.on()).snapshot


def world(snapshot: Snapshot) -> World:
    return World(snapshot, Policy(), Gaps(snapshot))


VERSIONS = [
    (resource, version)
    for resource in wire.ADMISSION
    for version in (resource.version, *resource.versions, *(("v9",) if resource.group else ()))
]


@pytest.mark.parametrize(("resource", "version"), VERSIONS, ids=lambda v: v if isinstance(v, str) else v.name)
def test_every_kind_of_any_version(tmp_path: Path, resource: wire.Resource, version: str) -> None:
    api_version = f"{resource.group}/{version}" if resource.group else version
    one = document(api_version, resource.kind, "one")
    typed = {"apiVersion": api_version, "kind": f"{resource.kind}List", "items": [{"metadata": {"name": "two"}}]}
    snapshot = read(tmp_path, one, typed)
    (row,) = (row for row in snapshot.coverage if row.resource == resource.name)
    assert (row.state, row.count, row.complete) == ("read", 2, False)
    namespace = "default" if resource.namespaced else ""
    if resource.type is wire.PolicyObject:
        assert [(p.resource, p.kind, p.namespace, p.api_version) for p in snapshot.policies] == [
            (resource.name, resource.kind, namespace, api_version)
        ] * 2
        assert [(p.name, p.origin.rpartition(":")[2]) for p in snapshot.policies] == [("one", "1"), ("two", "2")]


def test_constraints_of_any_kind(tmp_path: Path) -> None:
    group = wire.CONSTRAINTS
    snapshot = read(
        tmp_path,
        document(f"{group}/v1beta1", "K8sAllowedRepos", "repos", spec={"enforcementAction": "deny"}),
        document(f"{group}/v1alpha1", "NobodyKnows", "it"),
        complete=True,
    )
    assert [(p.kind, p.name) for p in world(snapshot).objects(group)] == [
        ("K8sAllowedRepos", "repos"),
        ("NobodyKnows", "it"),
    ]


def test_a_complete_input_is_known_to_have_nothing_else(tmp_path: Path) -> None:
    found = world(read(tmp_path, POD, complete=True))
    for resource in (*wire.ADMISSION, *wire.FOUND):
        if resource.type in (wire.PolicyObject, wire.Parameter):
            assert found.objects(resource.name) == ()
    for namespace, name in wire.CONFIGMAPS:
        assert found.configmap(namespace, name) is None
    assert found.service("a", "b") is None


def test_an_input_that_may_be_a_part_proves_nothing_absent(tmp_path: Path) -> None:
    hook = document("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "a")
    found = world(read(tmp_path, POD, hook))
    for resource in (*wire.ADMISSION, *wire.FOUND):
        with pytest.raises(Unread) as caught:
            found.objects(resource.name)
        assert caught.value.namespace is None
        assert caught.value.state == ("read" if resource.name == VALIDATING else "excluded")
    assert [policy.name for policy in found.readable(VALIDATING)] == ["a"]
    with pytest.raises(Unread):
        found.service("a", "b")
    with pytest.raises(Unread):
        found.configmap("kyverno", "kyverno")


def test_settings_by_their_name_wherever_they_lie(tmp_path: Path) -> None:
    data = {"resourceFilters": "[Event,*,*]"}
    snapshot = read(
        tmp_path,
        document("v1", "ConfigMap", "kyverno", "engines", data=data),
        document("v1", "ConfigMap", "other", "engines", data={"a": "fake-not-kept"}),
        document("example.com/v1", "ConfigMap", "kyverno", "elsewhere"),
        complete=True,
    )
    (settings,) = snapshot.policies
    assert (settings.resource, settings.namespace, settings.data) == ("configmaps", "engines", data)
    assert world(snapshot).configmap("engines", "kyverno") == settings
    assert world(snapshot).configmap("kyverno", "kyverno") is None
    with pytest.raises(Unread):
        world(snapshot).configmap("engines", "other")


REGISTRATION = "admissionregistration.k8s.io/v1"


def with_param_kind(api_version: str, kind: str) -> dict[str, Any]:
    spec = {"paramKind": {"apiVersion": api_version, "kind": kind}}
    return document(REGISTRATION, "ValidatingAdmissionPolicy", f"of-{kind}", spec=spec)


def test_parameters_wherever_they_stand(tmp_path: Path) -> None:
    policy = with_param_kind("rules.example/v1", "Limit")
    limits = document("rules.example/v1beta1", "Limit", "strict", spec={"max": 3}, allowed=["a"])
    other = document("rules.example/v1", "Other", "x")
    for order in permutations((policy, limits, other, POD)):
        snapshot = read(tmp_path, *order, complete=True)
        (limit,) = world(snapshot).parameters("rules.example/v1", "Limit") or ()
        assert (limit.name, limit.spec, limit.rest) == ("strict", {"max": 3}, {"allowed": ["a"]})
        assert not any(p.name == "x" for p in snapshot.policies)


def test_a_config_map_without_namespace_is_in_default(tmp_path: Path) -> None:
    snapshot = read(
        tmp_path,
        with_param_kind("v1", "ConfigMap"),
        document("v1", "ConfigMap", "allowed", data={"a": "b"}),
        document("v1", "Secret", "kept", data={"a": "ZmFrZS1wYXNzd29yZA=="}),
    )
    (found,) = (policy for policy in snapshot.policies if policy.resource == "params")
    assert (found.namespace, found.name, found.data) == ("default", "allowed", {"a": "b"})


def test_secrets_are_no_parameters(tmp_path: Path) -> None:
    secret = document("v1", "Secret", "keys", data={"a": "ZmFrZS1wYXNzd29yZA=="})
    snapshot = read(tmp_path, with_param_kind("v1", "Secret"), secret, complete=True)
    assert not any(policy.resource == "params" for policy in snapshot.policies)


def test_what_nobody_needs_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    documents = [with_param_kind("rules.example/v1", "Limit"), document("rules.example/v1", "Limit", "l")]
    documents += [document("networking.k8s.io/v1", "Ingress", f"i{index}") for index in range(3)]
    path.write_text("\n".join(map(json.dumps, documents)))
    options = SourceOptions(path=str(path))
    assert collect(options, Progress.on()).notes == ("skipped: 3 objects of kinds that no check reads",)


def test_what_is_kept_aside_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "MOST_DOCUMENTS", 2)
    limits = [document("rules.example/v1", "Limit", f"l{index}") for index in range(5)]
    snapshot = read(tmp_path, *limits, with_param_kind("rules.example/v1", "Limit"), complete=True)
    assert sum(policy.resource == "params" for policy in snapshot.policies) == 2
    with pytest.raises(Unread) as caught:
        world(snapshot).objects("params")
    assert (caught.value.state, caught.value.detail) == ("failed", "3 objects are too many to keep")
    quiet = read(tmp_path, *limits, complete=True)
    assert world(quiet).objects("params") == ()


@pytest.mark.parametrize("text", ["kind: Policy\n", "kind: Config\nclusters: []\n", "kind: Image\n"])
def test_kinds_that_others_have_too_are_no_broken_objects(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.json").write_text(json.dumps(POD))
    snapshot = collect(SourceOptions(path=str(tmp_path)), Progress.on()).snapshot
    assert {row.resource for row in snapshot.coverage if row.count} == {"pods"}


def test_a_policy_of_another_shape_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"input\.jsonl:2: ClusterPolicy: Expected `object"):
        read(tmp_path, POD, document("kyverno.io/v1", "ClusterPolicy", "odd", spec=["x"]))


def test_a_constraint_is_named_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"input\.jsonl:1: K8sAllowedRepos: Expected"):
        read(tmp_path, document(f"{wire.CONSTRAINTS}/v1beta1", "K8sAllowedRepos", "odd", spec=5))


def test_services_with_their_endpoints(tmp_path: Path) -> None:
    labels = {"name": "s-1", "namespace": "a", "labels": {"kubernetes.io/service-name": "s"}}
    endpoints = [{"conditions": {}}, {}, {"conditions": {"ready": False}}]
    snapshot = read(
        tmp_path,
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": labels, "endpoints": endpoints},
        document("v1", "Service", "s", "a", spec={"ports": [{"port": 443}], "selector": {"app": "s"}}),
    )
    (service,) = snapshot.services
    assert (service.ready, service.selector, service.origin) == (2, {"app": "s"}, f"{tmp_path}/input.jsonl:2")


def test_groups_that_were_added_to_a_cluster() -> None:
    assert not own_group("admissionregistration.k8s.io")
    assert not own_group("apps")
    assert not own_group("")
    assert own_group("kyverno.io")
    assert own_group(wire.CONSTRAINTS)


def test_the_gatekeeper_seed_is_read() -> None:
    snapshot = collect(SourceOptions(path=str(FIXTURES / "clusters/seed-image-security")), Progress.on()).snapshot
    kinds = {policy.kind for policy in snapshot.policies}
    assert "ConstraintTemplate" in kinds
    assert all(isinstance(policy, PolicyObject) for policy in snapshot.policies)
