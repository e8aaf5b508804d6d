"""A cluster with Kyverno as its chart installs it, and an allowlist of registries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditor.enforcement.chain import Goal, ImagePolicy, answer
from auditor.enforcement.kyverno import image_policies
from auditor.enforcement.world import World
from tests.enforcement.mechanism_worlds import objects, service
from tests.enforcement.mechanism_worlds import world as plain_world

NAMESPACES: dict[str, dict[str, str]] = {
    "prod": {"tier": "prod"},
    "dev": {"tier": "dev"},
    "kube-public": {},
    "kube-system": {},
    "kyverno": {},
}
SERVICES = (service("kyverno", "kyverno-svc"),)
WEBHOOK = """
name: validate.kyverno.svc-fail
clientConfig: {service: {name: kyverno-svc, namespace: kyverno, path: /validate/fail, port: 443}}
failurePolicy: Fail
matchPolicy: Equivalent
namespaceSelector:
  matchExpressions:
    - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}
    - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kyverno]}
objectSelector: {}
rules:
  - apiGroups: ['']
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [pods, pods/ephemeralcontainers]
    scope: Namespaced
sideEffects: NoneOnDryRun
"""
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: kyverno, namespace: kyverno}
data:
  excludeGroups: 'system:nodes'
  resourceFilters: >-
    [Event,*,*]
    [*/*,kube-system,*]
    [*/*,kube-public,*]
    [Node,*,*]
    [Pod/binding,*,*]
    [ReplicaSet,*,*]
    [Pod,kyverno,kyverno-admission-controller-*]
"""
CLUSTER_POLICY = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: ours, generation: 1}
spec:
  validationFailureAction: Audit
  rules:
    - name: registries
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate:
        failureAction: Enforce
        message: images come from our registry
        pattern:
          spec:
            =(initContainers):
              - image: "registry.example/* | quay.io/corp/*"
            =(ephemeralContainers):
              - image: "registry.example/* | quay.io/corp/*"
            containers:
              - image: "registry.example/* | quay.io/corp/*"
status: {conditions: [{type: Ready, status: 'True'}]}
"""
VALIDATING_POLICY = """
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: ours, generation: 1}
spec:
  validationActions: [Deny]
  matchConstraints:
    resourceRules:
      - {apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}
  variables:
    - name: all
      expression: object.spec.containers + object.spec.?initContainers.orValue([])
  validations:
    - expression: variables.all.all(c, c.image.startsWith('registry.example/'))
status: {conditionStatus: {ready: true}}
"""
VERIFYING_POLICY = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: ours, generation: 1}
spec:
  rules:
    - name: signed
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages:
        - imageReferences: ["registry.example/*"]
          failureAction: Enforce
          attestors: [{entries: [{keys: {publicKeys: PUBLIC}}]}]
status: {conditions: [{type: Ready, status: 'True'}]}
"""
IMAGE_VALIDATING_POLICY = """
apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {name: ours, generation: 1}
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}
  matchImageReferences: [{glob: "registry.example/*"}]
  attestors: [{name: ours, cosign: {key: {data: PUBLIC}}}]
  validations:
    - expression: "images.containers.map(image, verifyImageSignatures(image, [attestors.ours])).all(e, e > 0)"
status: {conditionStatus: {ready: true}}
"""


def story(policy: str = CLUSTER_POLICY) -> dict[str, dict[str, Any]]:
    """The objects by short names, for tests to change."""
    return {
        "validating": _configuration(
            "Validating",
            ("validate.kyverno.svc-fail", "/validate/fail"),
            ("vpol.validate.kyverno.svc-fail", "/vpol/ours"),
            ("ivpol.validate.kyverno.svc-fail", "/ivpol/validate/ours"),
        ),
        "mutating": _configuration("Mutating", ("mutate.kyverno.svc-fail", "/mutate/fail")),
        "config": objects(CONFIG)[0],
        "policy": objects(policy)[0],
    }


def _configuration(kind: str, *hooks: tuple[str, str]) -> dict[str, Any]:
    webhooks = []
    for name, path in hooks:
        webhook = objects(WEBHOOK)[0]
        webhook["name"] = name
        webhook["clientConfig"]["service"]["path"] = path
        webhooks.append(webhook)
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": f"kyverno-resource-{kind.lower()}-webhook-cfg", "generation": 3},
        "webhooks": webhooks,
    }


def world(manifests: Iterable[dict[str, Any]], **options: Any) -> World:
    options.setdefault("services", SERVICES)
    return plain_world(manifests, NAMESPACES, **options)


def policies(manifests: Iterable[dict[str, Any]], **options: Any) -> list[ImagePolicy]:
    return list(image_policies(world(manifests, **options)))


def verdicts(manifests: Iterable[dict[str, Any]], goal: Goal = Goal.REGISTRIES, **options: Any) -> dict[str, str]:
    """What Kyverno does about a goal in each namespace."""
    found = world(manifests, **options)
    told = list(image_policies(found))
    return {one.name: answer(told, one.name, goal).verdict for one in found.namespaces}
