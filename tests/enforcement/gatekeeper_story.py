"""A cluster with Gatekeeper as its chart installs it, and an allowlist of registries."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from msgspec import structs

from auditor import wire
from auditor.coverage import Gaps
from auditor.enforcement.chain import Goal, ImagePolicy, answer
from auditor.enforcement.gatekeeper import image_policies
from auditor.enforcement.world import World
from auditor.model import PolicyObject, Service
from tests.enforcement.mechanism_worlds import objects, service
from tests.enforcement.mechanism_worlds import world as plain_world

NAMESPACES: dict[str, dict[str, str]] = {
    "prod": {"tier": "prod"},
    "dev": {"tier": "dev"},
    "ignored": {"admission.gatekeeper.sh/ignore": "yes"},
    "gatekeeper-system": {"admission.gatekeeper.sh/ignore": "no-self-managing"},
}
SERVICES = (service("gatekeeper-system", "gatekeeper-webhook-service"),)
WEBHOOK = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: gatekeeper-validating-webhook-configuration, generation: 3}
webhooks:
  - name: validation.gatekeeper.sh
    clientConfig: {service: {name: gatekeeper-webhook-service, namespace: gatekeeper-system, path: /v1/admit}}
    failurePolicy: Ignore
    matchPolicy: Exact
    namespaceSelector:
      matchExpressions:
        - {key: admission.gatekeeper.sh/ignore, operator: DoesNotExist}
        - {key: kubernetes.io/metadata.name, operator: NotIn, values: [gatekeeper-system]}
    objectSelector: {}
    rules:
      - apiGroups: ['*']
        apiVersions: ['*']
        operations: [CREATE, UPDATE]
        resources: ['*', pods/ephemeralcontainers, pods/exec, services/status]
        scope: '*'
    sideEffects: None
    timeoutSeconds: 3
  - name: check-ignore-label.gatekeeper.sh
    clientConfig: {service: {name: gatekeeper-webhook-service, namespace: gatekeeper-system, path: /v1/admitlabel}}
    failurePolicy: Fail
    rules:
      - {apiGroups: [''], apiVersions: ['*'], operations: [CREATE, UPDATE], resources: [namespaces], scope: '*'}
    sideEffects: None
"""
ALLOWED = """
package corpregistries

violation[{"msg": msg}] {
  found := containers[_]
  not permitted(found.image)
  msg := sprintf("%v may not run %v", [found.name, found.image])
}

permitted(image) {
  startswith(image, input.parameters.prefixes[_])
}

containers[found] { found := input.review.object.spec.containers[_] }
containers[found] { found := input.review.object.spec.initContainers[_] }
containers[found] { found := input.review.object.spec.ephemeralContainers[_] }
"""
DIGESTS = """
package corpdigests

violation[{"msg": msg}] {
  found := input.review.object.spec.containers[_]
  not contains(found.image, "@sha256:")
  not exempt(found.image)
  msg := "an image needs a digest"
}

exempt(image) { startswith(image, input.parameters.exempt[_]) }
"""


def template(kind: str, rego: str, libs: Iterable[str] = ()) -> dict[str, Any]:
    target = {"target": "admission.k8s.gatekeeper.sh", "rego": rego, "libs": list(libs)}
    return {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": kind.lower(), "generation": 1},
        "spec": {"crd": {"spec": {"names": {"kind": kind}}}, "targets": [target]},
        "status": {
            "created": True,
            "byPod": [
                {"id": "gatekeeper-audit-0", "operations": ["audit", "status"], "observedGeneration": 1},
                {"id": "gatekeeper-0", "operations": ["mutation-webhook", "webhook"], "observedGeneration": 1},
            ],
        },
    }


def constraint(kind: str, **spec: Any) -> dict[str, Any]:
    match = {"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}]}
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": kind,
        "metadata": {"name": f"our-{kind.lower()}", "generation": 2},
        "spec": {"match": match, **copy.deepcopy(spec)},
        "status": {
            "byPod": [
                {"id": "gatekeeper-audit-0", "operations": ["audit"], "enforced": True, "observedGeneration": 2},
                {"id": "gatekeeper-0", "operations": ["webhook"], "enforced": True, "observedGeneration": 2},
            ]
        },
    }


def story() -> dict[str, dict[str, Any]]:
    """The objects by short names, for tests to change."""
    return {
        "webhook": objects(WEBHOOK)[0],
        "template": template("CorpRegistries", ALLOWED),
        "constraint": constraint("CorpRegistries", parameters={"prefixes": ["registry.example/", "quay.io/corp/"]}),
    }


def world(
    manifests: Iterable[dict[str, Any]],
    *,
    namespaces: dict[str, dict[str, str]] | None = None,
    services: Iterable[Service] = SERVICES,
    **options: Any,
) -> World:
    """A world of manifests, constraints of any kind among them."""
    found = list(manifests)
    constraints = [one for one in found if one["apiVersion"].startswith(wire.CONSTRAINTS)]
    rest = [one for one in found if one not in constraints]
    plain = plain_world(rest, NAMESPACES if namespaces is None else namespaces, services=services, **options)
    policies = (*plain.snapshot.policies, *map(_constraint, constraints))
    snapshot = structs.replace(plain.snapshot, policies=policies)
    return World(snapshot, plain.policy, Gaps(snapshot))


def _constraint(manifest: dict[str, Any]) -> PolicyObject:
    metadata = manifest["metadata"]
    return PolicyObject(
        wire.CONSTRAINTS,
        manifest["kind"],
        metadata["name"],
        generation=metadata.get("generation"),
        spec=manifest.get("spec", {}),
        status=manifest.get("status", {}),
    )


def policies(manifests: Iterable[dict[str, Any]], **options: Any) -> list[ImagePolicy]:
    return list(image_policies(world(manifests, **options)))


def verdicts(manifests: Iterable[dict[str, Any]], goal: Goal = Goal.REGISTRIES, **options: Any) -> dict[str, str]:
    """What Gatekeeper does about a goal in each namespace."""
    found = world(manifests, **options)
    told = list(image_policies(found))
    return {one.name: answer(told, one.name, goal).verdict for one in found.namespaces}
