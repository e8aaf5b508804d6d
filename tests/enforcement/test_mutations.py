"""Policies that change pods before others judge them, in cases that a 1.36 API server was asked about."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.enforcement import admission_policy, mutations
from auditor.enforcement.matrix import enforcement
from auditor.prediction import predict
from auditor.probe import Probe
from tests.enforcement.admission_worlds import ALL_PODS, EVERYWHERE, Object, binding, policy, states, verdicts, world
from tests.enforcement.admission_worlds import asked as asked_of

SKIP = "Object{metadata: Object.metadata{labels: {'skip': 'yes'}}}"
MIRROR = (
    "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', "
    "value: 'registry.example/mirror/' + object.spec.containers[0].image}]"
)
UNLESS_SKIPPED = {"objectSelector": {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}}


def labelling(expression: str = SKIP, **spec: Any) -> Object:
    mutation = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}
    found = {"matchConstraints": {"resourceRules": [ALL_PODS]}, "mutations": [mutation], **spec}
    return {"kind": "MutatingAdmissionPolicy", "metadata": {"name": "changes"}, "spec": found}


def mirroring() -> Object:
    return labelling(mutations=[{"patchType": "JSONPatch", "jsonPatch": {"expression": MIRROR}}])


def bound(**spec: Any) -> Object:
    found = {"policyName": "changes", **spec}
    return {"kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": "changes"}, "spec": found}


TIER = {"matchLabels": {"tier": "prod"}}
DEPLOYMENTS = {"resourceRules": [{**ALL_PODS, "apiGroups": ["apps"], "resources": ["deployments"]}]}
BOTH = {"prod": "enforced", "dev": "enforced"}


@pytest.mark.parametrize(
    ("mutating", "expected"),
    [
        ([labelling(), bound()], {"prod": "unknown", "dev": "unknown"}),
        ([labelling(), bound(matchResources={"namespaceSelector": TIER})], {"prod": "unknown", "dev": "enforced"}),
        (
            [labelling(matchConstraints={"namespaceSelector": TIER, "resourceRules": [ALL_PODS]}), bound()],
            {"prod": "unknown", "dev": "enforced"},
        ),
        ([labelling()], BOTH),
        ([labelling(), bound(policyName="other")], BOTH),
        ([labelling(matchConstraints=DEPLOYMENTS), bound()], BOTH),
        ([labelling("Object{spec: Object.spec{hostNetwork: false}}"), bound()], BOTH),
        ([mirroring(), bound()], BOTH),
    ],
)
def test_a_label_that_is_set_before_may_let_a_pod_out(mutating: list[Object], expected: dict[str, str]) -> None:
    assert verdicts([policy(matching=UNLESS_SKIPPED), binding(), *mutating]) == expected


def test_a_policy_that_reads_images_alone_is_not_moved_by_labels() -> None:
    assert verdicts([policy(), binding(), labelling(), bound()]) == BOTH
    judged = policy(f"has(object.metadata.labels.skip) || ({EVERYWHERE})")
    assert verdicts([judged, binding(), labelling(), bound()]) == {"prod": "unknown", "dev": "unknown"}


def test_of_an_image_that_is_changed_before_nothing_is_predicted() -> None:
    found = world([policy(), binding(), mirroring(), bound()])
    assert states(asked_of(found))["mutations"] == "unknown"
    seen = enforcement(found, [admission_policy])
    for image, forbidden in (("elsewhere.example/a:1", True), ("registry.example/a:1", False)):
        assert predict(seen, Probe("prod", "container", image, forbidden)) is None


@pytest.mark.parametrize("name", [mutations.POLICIES, mutations.BINDINGS])
def test_mutations_that_were_refused_leave_open_what_they_could_change(name: str) -> None:
    objects = [policy(matching=UNLESS_SKIPPED), binding()]
    assert verdicts(objects, unread=[name]) == {"prod": "unknown", "dev": "unknown"}
    assert verdicts([policy(), binding()], unread=[name]) == BOTH
