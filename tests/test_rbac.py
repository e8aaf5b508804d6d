"""The ClusterRole: what is asked for, and what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor import wire
from auditor.cli import run
from auditor.model import Coverage, PolicyObject, Snapshot
from auditor.packs import load_packs
from auditor.parameters import BINDINGS, POLICIES
from auditor.rbac import NAMING, cluster_role, groups_of, needed_resources
from auditor.sources.kinds import own_group
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.sources.scanning import named, write_kubeconfig

EVERYTHING = tuple(wire.BY_NAME)
Rule = tuple[str, str, str]  # group, resource, verb


def rules(role: str) -> dict[Rule, set[str]]:
    """The names that a rule is restricted to, none where it is not."""
    found: dict[Rule, set[str]] = {}
    document = yaml.safe_load(role)
    assert (document["kind"], document["apiVersion"]) == ("ClusterRole", "rbac.authorization.k8s.io/v1")
    for rule in document["rules"]:
        assert set(rule) <= {"apiGroups", "resources", "resourceNames", "verbs"}
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    found[group, resource, verb] = set(rule.get("resourceNames", ()))
    return found


def test_every_list_has_its_rule() -> None:
    found = rules(cluster_role(EVERYTHING))
    for resource in wire.RESOURCES:
        assert found[resource.group, resource.plural, "list"] == set()
    assert found[wire.CONSTRAINTS, "*", "list"] == set()
    assert found["", "configmaps", "get"] == {name for _, name in wire.CONFIGMAPS}
    assert found["", "configmaps", "list"] == set()  # of rules: RBAC cannot narrow it
    assert {verb for _, _, verb in found} == {"get", "list"}
    assert {(group, resource) for group, resource, verb in found if verb == "get"} == {
        ("", "secrets"),
        ("", "configmaps"),
    }


def test_every_group_that_was_added_to_a_cluster_is_told_whose_it_is() -> None:
    lines = cluster_role(EVERYTHING).splitlines()
    for group in {resource.group for resource in wire.BY_NAME.values() if own_group(resource.group)}:
        index = lines.index(f'  - apiGroups: ["{group}"]')
        assert lines[index - 1].startswith("  # ")


def test_only_groups_that_are_there() -> None:
    found = rules(cluster_role(EVERYTHING, {"apps", "kyverno.io"}, Snapshot()))
    assert {group for group, _, _ in found if own_group(group)} == {"kyverno.io"}
    assert {"", "apps", "batch", "admissionregistration.k8s.io", "discovery.k8s.io"} <= {group for group, _, _ in found}
    hooks = Snapshot(coverage=tuple(Coverage(name, "read") for name in NAMING))
    assert rules(cluster_role(EVERYTHING, {"kyverno.io"}, hooks))["", "configmaps", "get"] == {"kyverno"}
    assert ("", "configmaps", "get") not in rules(cluster_role(EVERYTHING, (), hooks))


def snapshot(*refs: dict[str, Any], kind: str = "ConfigMap", api_version: str = "v1") -> Snapshot:
    spec = {"paramKind": {"apiVersion": api_version, "kind": kind}}
    bindings = [
        PolicyObject(BINDINGS, "", f"b{i}", spec={"policyName": "p", "paramRef": ref}) for i, ref in enumerate(refs)
    ]
    return Snapshot(
        coverage=tuple(Coverage(name, "read") for name in NAMING),
        policies=(PolicyObject(POLICIES, "", "p", spec=spec), *bindings),
    )


def test_parameters_by_name_alone_where_they_are_named() -> None:
    asked = snapshot({"name": "one", "namespace": "a"}, {"name": "two"})
    found = rules(cluster_role(("params",), (), asked))
    assert found == {("", "configmaps", "get"): {"one", "two"}, ("", "configmaps", "list"): {"one", "two"}}
    asked = snapshot({"selector": {}}, kind="Policy", api_version="rules.example/v1")
    assert rules(cluster_role(("params",), (), asked)) == {("rules.example", "policies", "list"): set()}


def test_no_rule_ever_gives_secrets_for_parameters() -> None:
    asked = snapshot({"selector": {}}, {"name": "a"}, kind="Secret")
    assert "rules:\n" in cluster_role(("params",), (), asked)
    assert not yaml.safe_load(cluster_role(("params",), (), asked))["rules"]


@pytest.mark.parametrize("name", ["true", "12", "a: b", "x\n- y", "'", '"', "*", "1e3", "null"])
def test_names_stay_names(name: str) -> None:
    found = rules(cluster_role(("params",), (), snapshot({"name": name, "namespace": "a"})))
    assert found["", "configmaps", "get"] == {name}


def test_groups_of_a_snapshot_are_those_that_were_not_absent() -> None:
    rows = (
        Coverage("pods", "read"),
        Coverage("clusterpolicies.kyverno.io", "forbidden"),
        Coverage("images.config.openshift.io", "absent"),
        Coverage("admissionpolicies.policies.kubewarden.io", "excluded"),
        Coverage("taskruns.tekton.dev", "read"),
    )
    assert groups_of(Snapshot(coverage=rows)) == {"", "kyverno.io"}


def test_the_checks_ask_for_no_more_than_they_declare() -> None:
    checks = load_packs(())
    pinned = [check for check in checks if check.id == "unpinned-image"]
    assert not {group for group, _, _ in rules(cluster_role(needed_resources(pinned)))} - {
        "",
        "apps",
        "batch",
        "argoproj.io",
    }
    assert needed_resources(()) == ("namespaces",)


def test_the_command_line_for_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store()
    store.serve("argoproj.io/v1alpha1", "rollouts", "Rollout")
    store.add("v1", "namespaces", [named("default")])
    store.forbids = lambda identity, plural, namespace: True
    with ApiServer(store) as server:
        config = write_kubeconfig(tmp_path / "k", server.url)
        assert run(["rbac", "--kubeconfig", str(config)]) == 0
        with_rollouts = rules(capsys.readouterr().out)
        assert not server.count("/api/v1/pods")
    assert {group for group, _, _ in with_rollouts if own_group(group)} == {"argoproj.io"}
    with ApiServer(Store()) as server:
        config = write_kubeconfig(tmp_path / "k", server.url)
        assert run(["rbac", "--kubeconfig", str(config)]) == 0
    assert not [group for group, _, _ in rules(capsys.readouterr().out) if own_group(group)]


def test_the_command_line_for_an_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "r"}}))
    assert run(["rbac", "--from", str(path)]) == 0
    assert {group for group, _, _ in rules(capsys.readouterr().out) if own_group(group)} == {"argoproj.io"}
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "r"}}))
    assert run(["rbac", "--from", str(path)]) == 0
    assert not [group for group, _, _ in rules(capsys.readouterr().out) if own_group(group)]
    assert run(["rbac"]) == 0
    assert "argoproj.io" in {group for group, _, _ in rules(capsys.readouterr().out)}


def test_publishing_needs_the_policy_reports_and_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verbs = ("create", "delete", "list", "patch")
    newer = {("openreports.io", name, verb) for name in ("reports", "clusterreports") for verb in verbs}
    older = {("wgpolicyk8s.io", f"{scope}policyreports", verb) for scope in ("", "cluster") for verb in verbs}
    before = rules(cluster_role(EVERYTHING))
    for groups, more in ((None, newer | older), (["openreports.io"], newer), (["wgpolicyk8s.io", "apps"], older)):
        role = cluster_role(EVERYTHING, groups, publish=True)
        assert {rule for rule in rules(role) if rule[0] in ("openreports.io", "wgpolicyk8s.io")} == more
        assert set(rules(role)) - more <= set(before)
        assert "Read-only, save" in role
    none = cluster_role(EVERYTHING, (), publish=True)
    assert set(rules(none)) <= set(before)
    assert "serves no policy report API" in none
    assert run(["rbac", "--publish"]) == 0
    assert newer | older <= set(rules(capsys.readouterr().out))
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "r"}}))
    assert run(["rbac", "--publish", "--from", str(path)]) == 0
    assert newer | older <= set(rules(capsys.readouterr().out))


def test_a_probe_needs_little_more(capsys: pytest.CaptureFixture[str]) -> None:
    before, after = rules(cluster_role(EVERYTHING)), rules(cluster_role(EVERYTHING, probe=True))
    assert set(after) - set(before) == {
        ("", "pods", "create"),
        ("", "pods", "get"),
        ("", "pods", "patch"),
        ("", "pods/ephemeralcontainers", "patch"),
    }
    assert set(before) <= set(after)
    assert run(["rbac", "--probe"]) == 0
    printed = capsys.readouterr().out
    assert ("", "pods", "create") in rules(printed)
    assert "Read-only" not in printed
    assert yaml.safe_load(printed)["metadata"]["name"] != yaml.safe_load(cluster_role(EVERYTHING))["metadata"]["name"]
