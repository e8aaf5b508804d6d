"""500 namespaces and 60 image policies, half ValidatingAdmissionPolicies and half Kyverno ClusterPolicies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMESPACES = 500
POLICIES = 60

Object = dict[str, Any]


def cluster() -> Iterator[Object]:
    yield {"kind": "ClusterFixture", "complete": True, "version": "v1.36.2"}
    for number in range(NAMESPACES):
        labels = {"tier": f"t{number % 7}", "team": f"team-{number % 50}"}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"ns-{number}", "labels": labels}}


def policies() -> Iterator[Object]:
    for number in range(POLICIES // 2):
        yield from _admission_policy(number)
        yield _cluster_policy(number)


def _admission_policy(number: int) -> Iterator[Object]:
    api = {"apiVersion": "admissionregistration.k8s.io/v1"}
    name = f"registries-{number}"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}
    expression = f"object.spec.containers.all(c, c.image.startsWith('registry-{number}.example/'))"
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": expression}]}
    yield api | {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}
    selector = {"namespaceSelector": {"matchLabels": {"tier": f"t{number % 7}"}}}
    bound = {"policyName": name, "validationActions": ["Deny"], "matchResources": selector}
    yield api | {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": bound}


def _cluster_policy(number: int) -> Object:
    match = {"any": [{"resources": {"kinds": ["Pod"], "namespaces": [f"ns-{number}*"]}}]}
    pattern = {"spec": {"containers": [{"image": f"registry-{number}.example/*"}]}}
    rule = {"name": "registries", "match": match, "validate": {"message": "no", "pattern": pattern}}
    spec = {"validationFailureAction": "Enforce", "rules": [rule]}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    metadata = {"name": f"registries-{number}"}
    return {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": metadata, "spec": spec, "status": ready}


def write(path: Path, *, with_policies: bool) -> str:
    """JSON lines of the cluster; returns the path for a command line."""
    objects = [*cluster(), *(policies() if with_policies else ())]
    path.write_text("\n".join(json.dumps(item) for item in objects))
    return str(path)
