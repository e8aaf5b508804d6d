"""What ValidatingAdmissionPolicies take parameters from, applied by kubectl, and the rights that are printed for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from auditor.cli import run
from tests.live.conftest import Server, until
from tests.live.in_pods import apply

NAMESPACE = "auditor-live-parameters"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
OBJECTS = f"""\
apiVersion: v1
kind: Namespace
metadata: {{name: {NAMESPACE}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: allowed, namespace: {NAMESPACE}, labels: {{tier: all}}, annotations: {{note: not kept}}}}
data: {{registry: registry.example/}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: auditor-live}}
spec:
  paramKind: {{apiVersion: v1, kind: ConfigMap}}
  matchConstraints:
    resourceRules: [{{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}}]
  validations: [{{expression: "object.spec.containers.all(c, c.image.startsWith(params.data.registry))"}}]
"""
BINDING = """\
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: auditor-live}}
spec:
  policyName: auditor-live
  validationActions: [Deny]
  matchResources: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {place}}}}}}}
  paramRef: {ref}
"""
REFERENCES = {
    "by name": {"name": "allowed", "namespace": NAMESPACE, "parameterNotFoundAction": "Deny"},
    "by name where the pod is": {"name": "allowed", "parameterNotFoundAction": "Deny"},
    "by selector": {"selector": {"matchLabels": {"tier": "all"}}, "parameterNotFoundAction": "Deny"},
}


@pytest.fixture(params=list(REFERENCES))
def bound(everything: Server, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The policy is in force in one namespace."""
    apply(everything, OBJECTS + BINDING.format(place=NAMESPACE, ref=json.dumps(REFERENCES[request.param])))
    yield everything
    everything.call("DELETE", f"{ADMISSION}/validatingadmissionpolicybindings/auditor-live")
    everything.call("DELETE", f"{ADMISSION}/validatingadmissionpolicies/auditor-live")


def parameters(server: Server, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """How they were read by the limited user, and what is said of the namespace's registries."""
    run(["scan", "--kubeconfig", str(server.limited), "--fail-on", "never", "-o", "json"])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    states = {row["state"] for row in report["coverage"] if row["resource"] == "params"}
    (state,) = states - {"read"} or states
    (place,) = (row for row in report["enforcement"]["namespaces"] if row["namespace"] == NAMESPACE)
    return state, place["registries"]["verdict"]


def test_they_are_read_with_the_rights_that_are_printed(bound: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rbac", "--kubeconfig", str(bound.kubeconfig)]) == 0
    role = yaml.safe_load(capsys.readouterr().out)
    role["metadata"]["name"] = NAMESPACE
    subject = {"kind": "User", "name": "limited", "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "ClusterRole", "name": NAMESPACE, "apiGroup": "rbac.authorization.k8s.io"}
    binding = {"metadata": {"name": NAMESPACE}, "subjects": [subject], "roleRef": reference}
    bound.create(f"{RBAC}/clusterroles", role)
    bound.create(f"{RBAC}/clusterrolebindings", binding)
    try:
        until(lambda: bound.may("limited", "list", "configmaps", name="allowed"), "the role")
        assert parameters(bound, capsys) == ("read", "enforced")
        rules = [rule for rule in role["rules"] if "configmaps" not in rule["resources"]]
        bound.call("PATCH", f"{RBAC}/clusterroles/{NAMESPACE}", {"rules": rules})
        until(lambda: not bound.may("limited", "list", "configmaps", name="allowed"), "the smaller role")
        assert parameters(bound, capsys) == ("forbidden", "unknown")
    finally:
        bound.call("DELETE", f"{RBAC}/clusterrolebindings/{NAMESPACE}")
        bound.call("DELETE", f"{RBAC}/clusterroles/{NAMESPACE}")
