"""The checks of what watches images, over manifests and plain files of rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.policy import Policy
from auditor.policy_file import load_policy
from tests.auditing import audit, read

EXPR = "kube_pod_container_info > 0"
POLICY = load_policy(b"version: 1\nregistries: {allowed: [registry.example]}\n", "auditor.yaml")


def configmap(name: str, text: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "watch"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"rules.yaml": text}}


def prometheus(*mounted: str) -> dict[str, Any]:
    container = {"name": "p", "image": "quay.io/prometheus/prometheus:v3.0.0"}
    mounts = [{"name": name, "mountPath": f"/etc/{name}"} for name in mounted]
    spec = {"containers": [{**container, "volumeMounts": mounts}]}
    volumes = [{"name": "rules", "configMap": {"name": "rules"}}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "watch"},
        "spec": {**spec, "volumes": volumes},
    }


def found(folder: Path, check: str, *objects: dict[str, Any], policy: Policy | None = None) -> list[tuple[str, str]]:
    for number, item in enumerate(objects):
        (folder / f"{number}.json").write_text(json.dumps(item))
    report = audit(read(folder, assume_complete=True), policy, [check])
    return [(finding.status, finding.message) for finding in report.findings]


def alert(expr: str) -> str:
    return json.dumps({"groups": [{"name": "g", "rules": [{"alert": "UntrustedImagePulled", "expr": expr}]}]})


@pytest.mark.parametrize(("mounted", "expected"), [(("rules",), []), ((), ["fail"])])
def test_a_volume_that_no_container_mounts_loads_nothing(
    tmp_path: Path, mounted: tuple[str, ...], expected: list[str]
) -> None:
    told = found(tmp_path, "dead-image-alert", configmap("rules", alert(EXPR)), prometheus(*mounted))
    assert [status for status, _ in told] == expected


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("container_image_pulls_total > 0", ["fail"]),
        ("absent(container_image_pulls_total)", ["manual"]),
        (f"container_image_pulls_total > 0 or {EXPR}", ["manual"]),
        ("container_images_pulled > 0", ["manual"]),
    ],
)
def test_alerts(tmp_path: Path, expr: str, expected: list[str]) -> None:
    told = found(tmp_path, "dead-image-alert", configmap("rules", alert(expr)), prometheus("rules"))
    assert [status for status, _ in told] == expected


def test_rules_without_groups_are_refused(tmp_path: Path) -> None:
    text = json.dumps([{"alert": "UntrustedImagePulled", "expr": EXPR}])
    ((status, message),) = found(tmp_path, "dead-image-alert", configmap("rules", text), prometheus("rules"))
    assert status == "fail"
    assert "groups" in message


def test_a_plain_file_is_not_said_to_be_unloaded(tmp_path: Path) -> None:
    (tmp_path / "alerts.yml").write_text(alert(EXPR))
    (tmp_path / "broken.yml").write_text(alert("container_image_pulls_total > 0"))
    ((status, message),) = found(tmp_path, "dead-image-alert", prometheus())
    assert status == "fail"
    assert "container_image_pulls_total" in message


@pytest.mark.parametrize(
    ("name", "items", "expected"),
    [
        ("trusted_images", ["registry.example/app"], []),
        ("trusted_images", ["*"], ["fail"]),
        ("trusted_images", [""], ["fail"]),
        ("trusted_images", ["other.example/app", "registry.example/app"], ["fail"]),
        ("untrusted_registries", ["other.example"], []),
        ("disallowed_images", ["other.example/app"], []),
        ("our_trusted_images", ["*"], ["fail"]),
    ],
)
def test_lists_of_trusted_images(tmp_path: Path, name: str, items: list[str], expected: list[str]) -> None:
    text = json.dumps([{"list": name, "items": items}])
    told = found(tmp_path, "falco-list-drift", configmap("rules", text), policy=POLICY)
    assert [status for status, _ in told] == expected
