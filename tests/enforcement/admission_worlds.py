"""Worlds of ValidatingAdmissionPolicies for tests, and the recorded answers of an API server to compare with."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any

from auditor.coverage import Gaps
from auditor.enforcement import admission_policy, mutations
from auditor.enforcement.admission_params import RESOURCE as PARAMS
from auditor.enforcement.chain import Answer, Flaw, Goal, answer
from auditor.enforcement.world import World
from auditor.image import parse_entry
from auditor.model import Coverage, Namespace, PolicyObject, Snapshot
from auditor.policy import Policy, Registries
from tests.replay import FOLDER

Object = dict[str, Any]

_RESOURCES = {
    "ValidatingAdmissionPolicy": admission_policy.POLICIES,
    "ValidatingAdmissionPolicyBinding": admission_policy.BINDINGS,
    "MutatingAdmissionPolicy": mutations.POLICIES,
    "MutatingAdmissionPolicyBinding": mutations.BINDINGS,
}
CONTAINERS = "object.spec.containers.all(c, c.image.startsWith('registry.example/'))"
EVERYWHERE = (
    "(object.spec.containers + object.spec.?initContainers.orValue([]) + object.spec.?ephemeralContainers.orValue([]))"
    ".all(c, c.image.startsWith('registry.example/'))"
    " && object.spec.?volumes.orValue([]).all(v, !has(v.image) || v.image.reference.startsWith('registry.example/'))"
)
DIGESTS = "object.spec.containers.all(c, c.image.matches('@sha256:[a-f0-9]{64}$'))"
PARAM = "object.spec.containers.all(c, c.image.startsWith(params.data.prefix))"
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}
ALL_PODS = {**PODS, "resources": ["pods", "pods/ephemeralcontainers"]}
CONFIGMAP = {"apiVersion": "v1", "kind": "ConfigMap"}
REFERENCE = {"name": "allowed", "namespace": "default", "parameterNotFoundAction": "Deny"}


def policy(expression: str = EVERYWHERE, *, matching: Mapping[str, Any] | None = None, **spec: Any) -> Object:
    """A policy of one validation; `matching` adds to matchConstraints, None as a value takes a field away."""
    fields = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [ALL_PODS], **(matching or {})},
        "validations": [{"expression": expression}],
        **spec,
    }
    kept = {key: value for key, value in fields.items() if value is not None}
    return {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": "images"}, "spec": copy.deepcopy(kept)}


def binding(name: str = "images", **spec: Any) -> Object:
    fields = {"policyName": "images", "validationActions": ["Deny"], **spec}
    return {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": copy.deepcopy(fields)}


def configmap(namespace: str, data: Mapping[str, str], name: str = "allowed", **labels: str) -> Object:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"kind": "ConfigMap", "metadata": metadata, "data": dict(data)}


def world(
    objects: Iterable[Object],
    namespaces: Mapping[str, Mapping[str, str]] | None = None,
    *,
    unread: Iterable[str] = (),
    allowed: Iterable[str] | None = ("registry.example",),
    labels_read: bool = True,
) -> World:
    """A world of these objects and namespaces (prod and dev, unless said otherwise), all of it read."""
    labels = namespaces if namespaces is not None else {"prod": {"tier": "prod"}, "dev": {"tier": "dev"}}
    found = [Namespace(name, {"kubernetes.io/metadata.name": name, **own}) for name, own in labels.items()]
    snapshot = Snapshot(
        coverage=tuple(
            Coverage(name, "forbidden" if name in set(unread) else "read")
            for name in ("namespaces", *_RESOURCES.values(), PARAMS)
        ),
        namespaces=tuple(found) if labels_read else (),
        policies=tuple(map(_object, objects)),
    )
    entries = None if allowed is None else tuple(map(parse_entry, allowed))
    return World(snapshot, Policy(registries=Registries(allowed=entries)), Gaps(snapshot))


def _object(found: Object) -> PolicyObject:
    metadata = found["metadata"]
    return PolicyObject(
        resource=_RESOURCES.get(found["kind"], PARAMS),
        kind=found["kind"],
        name=metadata["name"],
        namespace=metadata.get("namespace", ""),
        labels=metadata.get("labels", {}),
        generation=metadata.get("generation"),
        spec=found.get("spec", {}),
        status=found.get("status", {}),
        data=found.get("data", {}),
    )


def asked(found: World, namespace: str = "prod", goal: Goal = Goal.REGISTRIES) -> Answer:
    return answer(admission_policy.image_policies(found), namespace, goal)


def verdicts(objects: Iterable[Object], goal: Goal = Goal.REGISTRIES, **options: Any) -> dict[str, str]:
    """The verdict of each namespace."""
    found = world(objects, **options)
    policies = list(admission_policy.image_policies(found))
    return {namespace.name: answer(policies, namespace.name, goal).verdict for namespace in found.namespaces}


def flaws(objects: Iterable[Object]) -> set[tuple[Flaw, str]]:
    found = admission_policy.image_policies(world(objects))
    return {(fact.flaw, fact.part) for each in found for fact in each.facts}


def states(found: Answer) -> dict[str, str]:
    """The links of an answer by name."""
    return {link.name: link.state for link in found.chain}


def recorded(mechanism: str) -> list[dict[str, Any]]:
    """What a kube-apiserver 1.36 answered in each case of a mechanism."""
    records: list[dict[str, Any]] = json.loads(gzip.decompress((FOLDER / "enforcement.json.gz").read_bytes()))
    return [record for record in records if record["mechanism"] == mechanism]
