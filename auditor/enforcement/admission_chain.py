"""The links of an admission policy and one binding of it: from the binding to the places of an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.enforcement.admission_assay import Assay, Finding
from auditor.enforcement.admission_objects import Binding, Definition
from auditor.enforcement.admission_params import Params
from auditor.enforcement.admission_places import PLACES
from auditor.enforcement.chain import Goal, Link, State
from auditor.enforcement.rules import covers, names, understood
from auditor.enforcement.selectors import matches

_STATES: dict[str, State] = {"denied": "holds", "unknown": "unknown", "otherwise": "broken", "allowed": "broken"}


def links(
    policy: Definition, bound: Binding, goal: Goal, selected: bool | None, params: Params, assay: Assay
) -> Iterator[Link]:
    """The chain in namespaces that the selectors of policy and binding pick or not (`selected`, None: not decided)."""
    if bound.fault:
        state: State = "broken" if bound.fault.refused else "unknown"
        yield Link("binding", state, f"binding {bound.name} is refused by the API server: {bound.fault.detail}")
        return
    yield Link("binding", "holds", f"binding {bound.name}")
    failed = params.state == "error" and not policy.fails_open
    yield _action(
        bound, "holds" if failed or (assay.forced and assay.everything) else "unknown" if assay.forced else "broken"
    )
    yield _namespace(policy, bound, selected)
    yield covered(policy, bound, "pods created", "CREATE")
    yield _pod_labels(policy, bound)
    if params.state == "error":
        yield Link("params", "holds" if failed else "broken", params.detail + ("" if failed else ", which is ignored"))
    elif params.state == "absent":
        yield Link("params", "broken", params.detail)
    elif params.detail:
        yield Link("params", "unknown" if params.state == "unknown" else "holds", params.detail)
    finding = assay.goals.get(goal)
    if failed:
        yield Link("validations", "holds", "every pod is denied")
    elif params.state in ("found", "unknown"):
        link = _judged(policy, finding, goal)
        if link.state == "broken" and params.state == "unknown" and not policy.fails_open:
            link = Link(link.name, "unknown", "it denies every pod if its params are not there")
        yield link
    yield from _beside(policy, bound, assay, None if failed else finding, everything=failed)


def covered(policy: Definition, bound: Binding | None, name: str, operation: str, subresource: str = "") -> Link:
    """Whether the rules of policy and binding both cover a request for pods."""
    essential = operation == "CREATE"
    what = f"{operation} of pods{'/' + subresource if subresource else ''}"
    state: State = "holds"
    detail = f"its rules cover {what}"
    for match in (policy.constraints, bound.resources if bound else {}):
        rules, excluded = match.get("resourceRules"), match.get("excludeResourceRules")
        if not (understood(rules) and understood(excluded)):
            return Link(name, "unknown", "its rules are not of the API's shape", essential)
        if excluded and covers(excluded, operation=operation, subresource=subresource):
            return Link(name, "broken", f"its excludeResourceRules leave out {what}", essential)
        if excluded and covers(_nameless(excluded), operation=operation, subresource=subresource):
            left_out = ", ".join(names(excluded)[:3])
            state, detail = "unknown", f"its excludeResourceRules leave out pods of certain names ({left_out})"
        # Without resourceRules nothing is left out: k8s apiserver pkg/admission/plugin/policy/matching/matching.go.
        if rules and not covers(rules, operation=operation, subresource=subresource):
            if not covers(_nameless(rules), operation=operation, subresource=subresource):
                return Link(name, "broken", f"its rules leave out {what}", essential)
            state, detail = "unknown", f"its rules cover only pods of certain names ({', '.join(names(rules)[:3])})"
    return Link(name, state, detail, essential)


def concerns_pods(policy: Definition) -> bool:
    """Whether its rules cover any request that brings an image into a pod, as far as they are understood."""
    requests = (("CREATE", ""), ("UPDATE", ""), ("UPDATE", "ephemeralcontainers"))
    return any(covered(policy, None, "", *request).state != "broken" for request in requests)


def object_selectors(policy: Definition, bound: Binding | None) -> tuple[Any, ...]:
    matches_of = (policy.constraints, bound.resources if bound else {})
    return tuple(match.get("objectSelector") for match in matches_of if match.get("objectSelector"))


def _nameless(rules: Any) -> list[dict[str, Any]]:
    return [{key: part for key, part in rule.items() if key != "resourceNames"} for rule in rules]


def _action(bound: Binding, anyway: State) -> Link:
    """`anyway` is the link's state without Deny: some failures deny by themselves."""
    if "Deny" in bound.actions:
        return Link("action", "holds", "its validationActions hold Deny")
    given = " and ".join(sorted(bound.actions)) or "nothing"
    if anyway == "broken":
        return Link("action", "broken", f"the validationActions of binding {bound.name} say {given}, not Deny")
    return Link("action", anyway, f"its validationActions say {given}, but a failure denies by itself")


def _namespace(policy: Definition, bound: Binding, selected: bool | None) -> Link:
    if selected is None:
        return Link("namespace", "unknown", "its namespaceSelector cannot be decided")
    if selected:
        return Link("namespace", "holds", "the namespace is selected")
    return Link("namespace", "broken", f"policy {policy.object.name} with binding {bound.name} does not select it")


def _pod_labels(policy: Definition, bound: Binding) -> Link:
    """A pod without labels is the one that an author can always make; labels are theirs to set."""
    found = [matches(selector, {}) for selector in object_selectors(policy, bound)]
    if None in found:
        return Link("pod labels", "unknown", "its objectSelector is not understood")
    if False in found:
        return Link("pod labels", "broken", "its objectSelector picks only pods whose author labels them so")
    if any(_picky(selector) for selector in object_selectors(policy, bound)):
        return Link(
            "pod labels", "broken", "its objectSelector lets the author of a pod opt out by a label", essential=False
        )
    return Link("pod labels", "holds", "pods of any labels are judged")


def _picky(selector: Any) -> bool:
    return isinstance(selector, dict) and any(selector.values())


def _judged(policy: Definition, finding: Finding | None, goal: Goal) -> Link:
    name = "match conditions" if finding and finding.skipped else "validations"
    if finding is None:
        return Link(name, "broken", f"its validations do not ask about {goal} here")
    detail = finding.detail
    if finding.outcome == "denied":
        detail = f"tried on a sample: {detail}"
    return Link(name, _STATES[finding.outcome], detail)


def _beside(
    policy: Definition, bound: Binding, assay: Assay, finding: Finding | None, *, everything: bool
) -> Iterator[Link]:
    """What does not decide about enforcement and is told all the same."""
    places: Mapping[str, Any] = finding.places if finding else {}
    updates = {"pods updated": "", "ephemeral containers": "ephemeralcontainers"}
    for place in PLACES:
        link = Link(place, "holds", "", essential=False)
        if place in updates:
            link = covered(policy, bound, place, "UPDATE", updates[place])
        answer = places.get(place)
        if link.state == "holds" and not everything and answer is not None and answer.outcome != "denied":
            detail = answer.detail or "its validations let a forbidden image in there"
            link = Link(place, _STATES[answer.outcome], detail, essential=False)
        if answer is not None or everything:
            yield link
    if policy.fails_open:
        yield Link("failure policy", "broken", "failurePolicy is Ignore: an error lets the pod in", essential=False)
    else:
        yield Link("failure policy", "holds", "failurePolicy is Fail", essential=False)
    if assay.by_author:
        yield Link("exemptions", "broken", assay.by_author, essential=False)
    if assay.by_user:
        yield Link("exemptions", "broken", assay.by_user, essential=False)
