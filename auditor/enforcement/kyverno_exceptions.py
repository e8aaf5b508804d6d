"""Kyverno's PolicyExceptions: which pods they take out of a policy, where Kyverno heeds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.enforcement.chain import Link
from auditor.enforcement.conditions import Conditions
from auditor.enforcement.fields import mapping, mappings, text
from auditor.enforcement.kyverno_drafts import Draft
from auditor.enforcement.kyverno_match import Request, matched, narrowed
from auditor.enforcement.namespaces import Namespaces
from auditor.model import PolicyObject

_OFF = "Kyverno heeds exceptions only where it is told to, which cannot be seen"


def excepted(draft: Draft, exceptions: Iterable[PolicyObject], known: Namespaces) -> dict[str, tuple[Link, ...]]:
    """The links of the namespaces in which an exception may take pods out of a policy.

    Exceptions are off unless --enablePolicyException is given, and then may count only in one namespace. So one that is
    for every pod makes it unknown; one that is for pods of some names or labels is told beside the rest.
    """
    found: dict[str, tuple[Link, ...]] = {}
    for exception in exceptions:
        if exception.resource.endswith(".policies.kyverno.io") == (
            draft.object.resource.endswith(".kyverno.io") and not draft.object.resource.endswith(".policies.kyverno.io")
        ):
            continue
        if not _names(exception, draft.object):
            continue
        for name, link in _links(exception, known):
            found[name] = (*found.get(name, ()), link)
    return found


def _names(exception: PolicyObject, policy: PolicyObject) -> bool:
    if exception.resource.endswith(".policies.kyverno.io"):
        return any(
            (text(one.get("name")), text(one.get("kind"))) == (policy.name, policy.kind)
            for one in mappings(exception.spec.get("policyRefs"))
        )
    own = f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name
    return any(text(one.get("policyName")) == own for one in mappings(exception.spec.get("exceptions")))


def _links(exception: PolicyObject, known: Namespaces) -> Iterator[tuple[str, Link]]:
    name = f"exception {exception.namespace}/{exception.name}"
    match = mapping(exception.spec.get("match"))
    conditions = Conditions(exception.spec.get("matchConditions"), fails_open=True)
    for namespace in known.names:
        if exception.resource.endswith(".policies.kyverno.io"):
            if conditions.links(namespace)[0].state != "broken":
                yield namespace, Link("exceptions", "unknown", f"{name} may take pods out of it: {_OFF}")
        elif matched({"match": match}, Request(namespace), known) is not False:
            yield namespace, Link("exceptions", "unknown", f"{name} may take pods out of it: {_OFF}")
        elif narrowed(match):
            detail = f"{name} may take pods of some names or labels out of it: {_OFF}"
            yield namespace, Link("exceptions", "unknown", detail, essential=False)
