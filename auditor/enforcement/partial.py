"""The world of an input that may not be all of a cluster: what it holds proves itself, what it lacks proves nothing."""

from __future__ import annotations

from msgspec import structs

from auditor.coverage import Gaps, Unread
from auditor.enforcement.chain import Fact, Flaw, ImagePolicy
from auditor.enforcement.matrix import Enforcement, Unreadable
from auditor.enforcement.world import World
from auditor.model import PolicyObject, Snapshot
from auditor.policy import Policy
from auditor.wire import CONSTRAINTS

_BINDINGS = "validatingadmissionpolicybindings.admissionregistration.k8s.io"
_SERVERS = "policyservers.policies.kubewarden.io"


class PartialWorld(World):
    """Hands out the objects that were read in part, and keeps note of what was.

    A policy that is in the input enforces whatever else there is. That nothing enforces cannot be said from it:
    `missing` then says which lists might hold what does.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy, gaps: Gaps) -> None:
        super().__init__(snapshot, policy, gaps)
        self.missing: dict[str, Unread] = {}

    def objects(self, resource: str) -> tuple[PolicyObject, ...]:
        try:
            return super().objects(resource)
        except Unread as gap:
            if gap.state not in ("read", "excluded"):
                raise
            self.missing[resource] = gap
            return tuple(self.readable(resource))

    def doubted(self, found: Enforcement) -> Enforcement:
        """With what is missing among what could not be read, and with those flaws left to judgment that rest on
        something not being in the input."""
        if not self.missing:
            return found
        policies = tuple(
            structs.replace(policy, facts=tuple(self._doubted(policy, fact) for fact in policy.facts))
            for policy in found.policies
        )
        missing = tuple(Unreadable("", name, gap.state, gap.detail) for name, gap in self.missing.items())
        return structs.replace(found, policies=policies, unreadable=(*found.unreadable, *missing))

    def _doubted(self, policy: ImagePolicy, fact: Fact) -> Fact:
        return structs.replace(fact, certain=False) if self._rests_on_absence(policy, fact) else fact

    def _rests_on_absence(self, policy: ImagePolicy, fact: Fact) -> bool:
        """A binding, a constraint or a policy server that may just be elsewhere."""
        name, kind = policy.about.subject.name, policy.about.subject.kind
        if kind == "ValidatingAdmissionPolicy" and fact.flaw is Flaw.NON_BLOCKING:
            bound = (binding.spec.get("policyName") for binding in self.readable(_BINDINGS))
            return _BINDINGS in self.missing and name not in bound
        if kind == "ConstraintTemplate" and (fact.flaw, fact.part) == (Flaw.BROKEN, "constraint"):
            return CONSTRAINTS in self.missing
        return (fact.flaw, fact.part) == (Flaw.BROKEN, "server") and _SERVERS in self.missing


def world_of(snapshot: Snapshot, policy: Policy, gaps: Gaps) -> World:
    """Files may be a part of a cluster; what a live cluster did not show is a gap."""
    if snapshot.cluster.source == "files":
        return PartialWorld(snapshot, policy, gaps)
    return World(snapshot, policy, gaps)
