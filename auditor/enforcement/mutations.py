"""MutatingAdmissionPolicies that may change what an admission policy judges by, before it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from auditor.enforcement.admission_objects import Binding, Definition
from auditor.enforcement.cel import NAMES
from auditor.enforcement.chain import Link
from auditor.enforcement.fields import mapping, mappings, strings
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.rules import covers, understood
from auditor.enforcement.world import World

POLICIES = "mutatingadmissionpolicies.admissionregistration.k8s.io"
BINDINGS = "mutatingadmissionpolicybindings.admissionregistration.k8s.io"
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_REFUSED = ("forbidden", "failed")
_IMAGES = frozenset({"image", "reference"})
# What leads to the images of every pod, and what no mutation may change.
_WAY = frozenset(
    "spec template containers initContainers ephemeralContainers volumes metadata name namespace kind "
    "apiVersion".split()
)


class Mutation(Struct, frozen=True):
    """A policy that may be applied to pods of a namespace, and the words of its mutations."""

    name: str
    words: frozenset[str]


class Mutations:
    """Those of a cluster. Where their lists were not to be had, `gap` says why."""

    def __init__(self, world: World, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._policies = [found for found in world.readable(POLICIES) if _changes_pods(found.spec, "matchConstraints")]
        self._bindings = [found for found in world.readable(BINDINGS) if _changes_pods(found.spec, "matchResources")]
        # Of an input from before they were read, or of a part of a cluster, nothing is said.
        states = [row.state for row in world.snapshot.coverage if row.resource in (POLICIES, BINDINGS)]
        self.gap = next((state for state in states if state in _REFUSED), "")

    def near(self, namespace: str) -> tuple[Mutation, ...]:
        """Those that may change pods of a namespace."""
        return tuple(
            mutation
            for mutation, selectors in self._bound
            if all(self._namespaces.selected(selector, namespace) is not False for selector in selectors)
        )

    @cached_property
    def _bound(self) -> list[tuple[Mutation, tuple[object, object]]]:
        found = []
        for policy in self._policies:
            parts = [*mappings(policy.spec.get("mutations")), *mappings(policy.spec.get("variables"))]
            words = {word for text in strings(parts) for word in _WORD.findall(text)}
            mutation = Mutation(policy.name, frozenset(words))
            constraints = mapping(policy.spec.get("matchConstraints"))
            for bound in self._bindings:
                if bound.spec.get("policyName") == policy.name:
                    match = mapping(bound.spec.get("matchResources"))
                    found.append((mutation, (constraints.get("namespaceSelector"), match.get("namespaceSelector"))))
        return found

    def links(self, policy: Definition, bound: Binding, near: tuple[Mutation, ...]) -> Iterator[Link]:
        """At most one: a policy that turns on what may be set before is not known to enforce; where an image may be
        changed before, it is still judged."""
        read = set(_judged_by(policy, bound))
        for mutation in near:
            if by := sorted(read & mutation.words):
                detail = f"MutatingAdmissionPolicy {mutation.name} may set {by[0]}, by which it judges"
                yield Link("mutations", "unknown", detail)
                return
        if self.gap and read:
            detail = f"MutatingAdmissionPolicies were not read ({self.gap}), and may set {min(read)}"
            yield Link("mutations", "unknown", detail)
            return
        for mutation in near:
            if _IMAGES & mutation.words:
                detail = f"MutatingAdmissionPolicy {mutation.name} may change images before"
                yield Link("mutations", "unknown", detail, essential=False)
                return


def _changes_pods(spec: dict[str, object], field: str) -> bool:
    match = mapping(spec.get(field))
    rules = match.get("resourceRules")
    return not rules or not understood(rules) or covers(rules, operation="CREATE")


def _judged_by(policy: Definition, bound: Binding) -> Iterator[str]:
    """The fields of a pod besides its images that decide about what becomes of it."""
    for match in (policy.constraints, bound.resources):
        selector = match.get("objectSelector")
        if isinstance(selector, dict) and any(selector.values()):
            yield "labels"
    for expression in policy.expressions:
        for path in expression.tree.paths:
            # Names of one's own are those of what is gone through one by one: containers, volumes.
            if path[0] in ("object", "oldObject") or (path[0] not in (*NAMES, "params") and "." not in path[0]):
                yield from [part for part in path[1:] if part not in _WAY | _IMAGES][:1]
