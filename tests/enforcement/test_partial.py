"""An input that is a part of a cluster: what it holds counts, what it lacks is left to judgment."""

from __future__ import annotations

import msgspec
import pytest

from auditor.coverage import Gaps, Unread
from auditor.enforcement.admission_policy import BINDINGS, POLICIES
from auditor.enforcement.chain import Flaw
from auditor.enforcement.matrix import Enforcement, enforcement
from auditor.enforcement.mechanisms import MECHANISMS
from auditor.enforcement.partial import PartialWorld, world_of
from auditor.model import ClusterInfo, Coverage, PolicyObject, Snapshot
from auditor.policy import Policy

UNBOUND = PolicyObject(
    POLICIES,
    "ValidatingAdmissionPolicy",
    "tags",
    spec={
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
            ]
        },
        "validations": [{"expression": "object.spec.containers.all(c, c.image.contains('@sha256:'))"}],
    },
)
BOUND = PolicyObject(
    BINDINGS,
    "ValidatingAdmissionPolicyBinding",
    "tags",
    spec={"policyName": "tags", "validationActions": ["Audit"]},
)


def part(*policies: PolicyObject, source: str = "files", state: str = "read") -> Snapshot:
    rows = [Coverage(POLICIES, "read", complete=False), Coverage(BINDINGS, "read", complete=False)]
    if state == "forbidden":
        rows[1] = Coverage(BINDINGS, "forbidden")
    cluster = ClusterInfo(source="files" if source == "files" else "live")
    return Snapshot(cluster, tuple(rows), policies=policies)


def told(snapshot: Snapshot) -> Enforcement:
    world = world_of(snapshot, Policy(), Gaps(snapshot))
    found = enforcement(world, MECHANISMS)
    return world.doubted(found) if isinstance(world, PartialWorld) else found


def certain(found: Enforcement) -> dict[Flaw, bool]:
    return {fact.flaw: fact.certain for policy in found.policies for fact in policy.facts}


def test_a_binding_that_is_not_in_the_input_may_be_elsewhere() -> None:
    assert certain(told(part(UNBOUND)))[Flaw.NON_BLOCKING] is False
    assert certain(told(part(UNBOUND, BOUND)))[Flaw.NON_BLOCKING] is True


def test_in_a_whole_input_it_is_not_there() -> None:
    snapshot = part(UNBOUND)
    rows = tuple(Coverage(row.resource, "read") for row in snapshot.coverage)
    assert certain(told(msgspec.structs.replace(snapshot, coverage=rows)))[Flaw.NON_BLOCKING] is True


def test_what_was_read_in_part_is_among_what_could_not_be_read() -> None:
    assert POLICIES in {gap.resource for gap in told(part(UNBOUND)).unreadable}


@pytest.mark.parametrize("snapshot", [part(UNBOUND, source="live"), part(UNBOUND, state="forbidden")])
def test_a_gap_of_a_live_cluster_or_a_refusal_stays_one(snapshot: Snapshot) -> None:
    world = world_of(snapshot, Policy(), Gaps(snapshot))
    with pytest.raises(Unread):
        world.objects(BINDINGS)
