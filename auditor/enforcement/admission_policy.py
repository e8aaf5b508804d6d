"""ValidatingAdmissionPolicies with their bindings and params: what each denies, in which namespace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import structs

from auditor.check import About
from auditor.enforcement import admission_assay
from auditor.enforcement.admission_assay import Assay, Finding
from auditor.enforcement.admission_chain import concerns_pods, covered, links
from auditor.enforcement.admission_facts import facts
from auditor.enforcement.admission_objects import Binding, Definition, binding, definition
from auditor.enforcement.admission_params import Params, Store, params
from auditor.enforcement.admission_review import Context
from auditor.enforcement.chain import Goal, ImagePolicy, Link, verdict
from auditor.enforcement.mutations import Mutations
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.world import World
from auditor.model import PolicyObject
from auditor.report import Subject

MECHANISM = "ValidatingAdmissionPolicy"
POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io"
BINDINGS = "validatingadmissionpolicybindings.admissionregistration.k8s.io"
RESOURCES = (POLICIES, BINDINGS)

Chain = tuple[Link, ...]


def image_policies(world: World) -> Iterator[ImagePolicy]:
    """Every policy that says something about images, or that denies every pod."""
    policies = world.objects(POLICIES)
    bindings: dict[str, list[Binding]] = {}
    for found in world.objects(BINDINGS):
        bindings.setdefault(str(found.spec.get("policyName")), []).append(binding(found))
    cluster = _Cluster(world)
    for found in policies:
        yield from _Reader(cluster, definition(found), bindings.get(found.name, [])).read()


class _Cluster:
    """What all policies are read against."""

    def __init__(self, world: World) -> None:
        self.audit = world.policy
        self.namespaces = Namespaces(world)
        self.store = Store(world)
        self.mutations = Mutations(world, self.namespaces)
        self._known = {namespace.name for namespace in world.snapshot.namespaces}

    def labels(self, namespace: str) -> Mapping[str, str] | None:
        """The namespace's labels, None where they were not read."""
        return self.namespaces.labels(namespace) if namespace in self._known else None


class _Reader:
    """One policy with its bindings. What namespaces have in common is worked out once."""

    def __init__(self, cluster: _Cluster, policy: Definition, bindings: list[Binding]) -> None:
        self.cluster = cluster
        self.policy = policy
        self.bindings = sorted(bindings, key=lambda bound: bound.name)
        if self.bindings and policy.param_kind and cluster.store.served(policy.param_kind) is False:
            # Of a policy that cannot be set up any binding is enough, wherever it leads and whatever it says (tried
            # on 1.36: "failed to configure policy").
            self.bindings = [structs.replace(self.bindings[0], actions=frozenset({"Deny"}), resources={})]
        paths = sorted({path for expression in policy.expressions for path in expression.tree.paths})
        read = [path for path in paths if path[0] == "namespaceObject"]
        self.by_labels = [path[3] for path in read if path[1:3] == ("metadata", "labels") and len(path) > 3]
        self.by_name = len(read) > len(self.by_labels) or any("namespace" in path[1:] for path in paths)
        self.params: dict[tuple[str, str], int] = {}
        self.distinct: list[Params] = []
        self.assays: dict[Any, Assay] = {}
        self.chains: dict[Any, dict[Goal, Chain]] = {}

    def read(self) -> Iterator[ImagePolicy]:
        if self.policy.fault:
            yield from _not_compiled(self.policy)
            return
        if not concerns_pods(self.policy):
            yield from _of_others(self.policy)
            return
        places = {name: self._place(name) for name in self.cluster.namespaces.names}
        if not self.assays:
            # Nothing binds it, or no namespace is known: what would it do?
            self._assay("default", None, Params("unknown") if self.policy.param_kind else Params("found", (None,)))
        goals = {goal for found in self.assays.values() for goal in found.goals}
        if not goals:
            goals = _guessed(self.policy)
        missing = (Link("binding", "broken", "no binding names the policy, so it is never applied"),)
        common = () if self.bindings else missing
        told = facts(self.policy, self.bindings, tuple(self.assays.values())) if goals else ()
        by_chain: dict[tuple[tuple[str, Chain], ...], set[Goal]] = {}
        for goal in sorted(goals):
            chains = tuple((name, self.chains[key][goal]) for name, key in places.items() if key is not None)
            by_chain.setdefault(chains, set()).add(goal)
        # Where params make it another list in another place, there is no one list to compare.
        allowed = {found.allowed for found in self.assays.values() if _denies(found) or found.allowed is not None}
        entries = allowed.pop() if len(allowed) == 1 else None
        for index, (chains, served) in enumerate(by_chain.items()):
            yield ImagePolicy(
                MECHANISM,
                _about(self.policy.object),
                frozenset(served),
                common,
                dict(chains),
                told if index == 0 else (),
                entries if Goal.REGISTRIES in served else None,
                self.policy.object.origin,
            )

    def _place(self, namespace: str) -> Any:
        """The key of the namespace's chains, which all namespaces have that the policy cannot tell apart."""
        if not self.bindings:
            return None
        seen = self._seen(namespace)
        mutations = self.cluster.mutations
        near = mutations.near(namespace)
        bound = [(one, self._selected(one, namespace), *self._params(one, namespace)) for one in self.bindings]
        key = (seen, near, tuple((selected, number) for _, selected, number, _ in bound))
        if key not in self.chains:
            options = []
            for one, selected, number, found in bound:
                assay = self._assay(namespace, (seen, number), found)
                before = tuple(mutations.links(self.policy, one, near))
                chains = {goal: tuple(links(self.policy, one, goal, selected, found, assay)) for goal in Goal}
                options.append({goal: (*chain, *before) for goal, chain in chains.items()})
            self.chains[key] = {goal: min((option[goal] for option in options), key=_rank) for goal in Goal}
        return key

    def _selected(self, bound: Binding, namespace: str) -> bool | None:
        found = [
            self.cluster.namespaces.selected(match.get("namespaceSelector"), namespace)
            for match in (self.policy.constraints, bound.resources)
        ]
        return False if False in found else None if None in found else True

    def _seen(self, namespace: str) -> Any:
        """What the policy's expressions see of a namespace, so that others with the same need no evaluation."""
        if self.by_name:
            return namespace
        labels = self.cluster.labels(namespace) if self.by_labels else None
        return labels is not None and tuple(labels.get(label) for label in self.by_labels)

    def _params(self, bound: Binding, namespace: str) -> tuple[int, Params]:
        """What its paramRef comes to, and a number for it."""
        reference = bound.param_ref or {}
        key = (bound.name, "" if self.policy.param_kind is None or reference.get("namespace") else namespace)
        if key not in self.params:
            found = params(self.cluster.store, self.policy, bound, namespace)
            if found not in self.distinct:
                self.distinct.append(found)
            self.params[key] = self.distinct.index(found)
        return self.params[key], self.distinct[self.params[key]]

    def _assay(self, namespace: str, key: Any, found: Params) -> Assay:
        if key not in self.assays:
            self.assays[key] = self._try(namespace, found)
        return self.assays[key]

    def _try(self, namespace: str, found: Params) -> Assay:
        if found.state == "error" and not self.policy.fails_open:
            finding = Finding("denied", found.detail)
            return Assay(dict.fromkeys(Goal, finding), everything=True, forced=True)
        labels = self.cluster.labels(namespace)
        # Where there are no params the policy is not applied; what it is about is still worth telling.
        values = found.values if found.state == "found" else None
        return admission_assay.assay(self.policy, Context(namespace, labels, values), self.cluster.audit)


def _denies(found: Assay) -> bool:
    return Goal.REGISTRIES in found.goals and found.goals[Goal.REGISTRIES].outcome == "denied"


def _rank(chain: Chain) -> tuple[int, int, int]:
    order = {"enforced": 0, "unknown": 1, "not-enforced": 2}
    broken = sum(link.state == "broken" and link.essential for link in chain)
    return order[verdict(chain)], broken, sum(link.state != "holds" for link in chain)


def _guessed(policy: Definition) -> set[Goal]:
    """The goals of a policy that reads images and lets all samples in."""
    if not any(validation.reads_images for validation in policy.validations):
        return set()
    return _hinted(policy)


def _hinted(policy: Definition) -> set[Goal]:
    return {Goal.REGISTRIES, Goal.DIGESTS} if "sha256" in policy.source else {Goal.REGISTRIES}


def _not_compiled(policy: Definition) -> Iterator[ImagePolicy]:
    fault = policy.fault
    if fault is None or "image" not in policy.source:
        return
    if fault.refused:
        link = Link("policy", "broken", f"the API server does not store it: {fault.detail}")
    else:
        link = Link("policy", "unknown", f"it is not understood: {fault.detail}")
    yield ImagePolicy(
        MECHANISM,
        _about(policy.object),
        frozenset(_hinted(policy)),
        (link,),
        facts=facts(policy, [], ()),
        origin=policy.object.origin,
    )


def _of_others(policy: Definition) -> Iterator[ImagePolicy]:
    """A policy about the images of other objects, such as Deployments: a bare pod passes it by."""
    if not _guessed(policy):
        return
    link = covered(policy, None, "pods created", "CREATE")
    yield ImagePolicy(
        MECHANISM, _about(policy.object), frozenset(_guessed(policy)), (link,), origin=policy.object.origin
    )


def _about(found: PolicyObject) -> About:
    return About(None, Subject(found.kind or MECHANISM, found.name))
