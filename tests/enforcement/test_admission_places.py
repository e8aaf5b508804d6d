"""What is predicted of images in each place of a pod, in cases that a 1.36 API server was asked about."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from auditor.coverage import Gaps
from auditor.enforcement import admission_policy
from auditor.enforcement.admission_params import RESOURCE as PARAMS
from auditor.enforcement.chain import Goal, answer
from auditor.enforcement.matrix import enforcement
from auditor.enforcement.world import World
from auditor.model import Coverage
from auditor.parameters import unserved
from auditor.prediction import predict
from auditor.probe import Place, Probe
from tests.enforcement.admission_worlds import ALL_PODS, EVERYWHERE, PODS, Object, asked, binding, policy, world

DIGEST = "sha256:" + "0" * 64
FORBIDDEN = f"auditor-probe.invalid/forbidden@{DIGEST}"
PLACES: tuple[Place, ...] = ("container", "init container", "image volume", "update", "ephemeral container")
DENIED, ADMITTED, OPEN = "denied", "admitted", None
INIT = "object.spec.?initContainers.orValue([]).all(c, c.image.startsWith('registry.example/'))"
VOLUMES = (
    "!has(object.spec.volumes) || "
    "object.spec.volumes.all(v, !has(v.image) || v.image.reference.startsWith('registry.example/'))"
)


def predicted(*objects: Object) -> list[str | None]:
    found = enforcement(world(objects), [admission_policy])
    return [predict(found, Probe("prod", place, FORBIDDEN, True)) for place in PLACES]


CASES: dict[str, tuple[Object, list[str | None]]] = {
    "everywhere": (policy(), [DENIED] * 5),
    "init containers alone": (policy(INIT), [ADMITTED, OPEN, ADMITTED, ADMITTED, ADMITTED]),
    "image volumes alone": (policy(VOLUMES), [ADMITTED, ADMITTED, OPEN, ADMITTED, ADMITTED]),
    "updates alone": (
        policy(matching={"resourceRules": [{**ALL_PODS, "operations": ["UPDATE"]}]}),
        [ADMITTED, ADMITTED, ADMITTED, OPEN, OPEN],
    ),
    "ephemeral containers alone": (
        policy(matching={"excludeResourceRules": [PODS]}),
        [ADMITTED, ADMITTED, ADMITTED, ADMITTED, OPEN],
    ),
    "a condition on updates": (
        policy(matchConditions=[{"name": "a", "expression": "request.operation == 'UPDATE'"}]),
        [ADMITTED, ADMITTED, ADMITTED, OPEN, OPEN],
    ),
    "what was there is judged": (
        policy("oldObject.spec.containers.all(c, c.image.startsWith('registry.example/'))"),
        [DENIED, DENIED, DENIED, OPEN, OPEN],
    ),
    "what was there is judged by a word": (
        policy("oldObject.spec.containers.all(c, c.image.findAll('registry')[0] == 'registry')"),
        [DENIED, DENIED, DENIED, OPEN, OPEN],
    ),
    "digests, and registries of init containers": (
        policy(f"object.spec.containers.all(c, c.image.contains('@sha256:')) && ({INIT})"),
        [ADMITTED, OPEN, ADMITTED, ADMITTED, ADMITTED],
    ),
    "a word that the sample's own name holds": (
        policy("object.spec.?initContainers.orValue([]).all(c, c.image.contains('registry'))"),
        [ADMITTED, OPEN, ADMITTED, ADMITTED, ADMITTED],
    ),
    "volumes without which it fails": (
        policy(f"({EVERYWHERE}) || object.spec.volumes.all(v, !has(v.image))"),
        [OPEN] * 5,
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_each_place_is_predicted_by_itself(what: str) -> None:
    found, expected = CASES[what]
    assert predicted(found, binding()) == expected


SWITCH = {"apiVersion": "a.example/v1", "kind": "Switch"}


def without_switches(*objects: Object) -> World:
    """A world whose API server does not serve the paramKind."""
    known = world(objects, unread=[PARAMS])
    rows = [row for row in known.snapshot.coverage if row.resource != PARAMS]
    missing = Coverage(PARAMS, "absent", detail=unserved(SWITCH["apiVersion"], SWITCH["kind"]))
    snapshot = structs.replace(known.snapshot, coverage=(*rows, missing))
    return World(snapshot, known.policy, Gaps(snapshot))


@pytest.mark.parametrize(
    "bound",
    [
        {},
        {"validationActions": ["Audit"]},
        {"matchResources": {"namespaceSelector": {"matchLabels": {"no": "where"}}}},
        {"matchResources": {"objectSelector": {"matchLabels": {"no": "pod"}}}},
        {"paramRef": {"name": "a", "namespace": "default", "parameterNotFoundAction": "Allow"}},
    ],
)
def test_a_param_kind_that_is_not_served_denies_wherever_the_policy_reaches(bound: dict[str, Any]) -> None:
    """Whatever its bindings say, as long as there is one."""
    closed, opened = (policy("true", paramKind=SWITCH, failurePolicy=failing) for failing in ("Fail", "Ignore"))
    for goal in Goal:
        assert asked(without_switches(closed, binding(**bound)), goal=goal).verdict == "enforced"
        assert asked(without_switches(opened, binding(**bound)), goal=goal).verdict == "not-enforced"
        assert asked(without_switches(closed), goal=goal).verdict == "not-enforced"


@pytest.mark.parametrize("action", ["Allow", "Deny"])
def test_a_namespace_for_params_that_have_none_is_an_error(action: str) -> None:
    kind = {"apiVersion": "v1", "kind": "Namespace"}
    parameter = {"kind": "Namespace", "metadata": {"name": "default"}}
    ref = {"name": "default", "parameterNotFoundAction": action}
    found = policy("params.metadata.name == 'default'", paramKind=kind)
    wrong = world([found, binding(paramRef={**ref, "namespace": "default"}), parameter])
    assert asked(wrong).verdict == "enforced"
    assert asked(world([found, binding(paramRef=ref), parameter])).verdict == "not-enforced"


def test_a_policy_of_a_kind_that_may_not_be_served_is_left_open() -> None:
    found = world([policy("object.spec.containers.all(c, c.image != '')", paramKind=SWITCH), binding()])
    policies = list(admission_policy.image_policies(found))
    assert answer(policies, "prod", Goal.REGISTRIES).verdict == "unknown"
