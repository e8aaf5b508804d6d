"""What is wrong with an admission policy wherever it applies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from auditor.enforcement.admission_assay import Assay
from auditor.enforcement.admission_chain import covered, object_selectors
from auditor.enforcement.admission_objects import Binding, Definition, warnings
from auditor.enforcement.chain import Fact, Flaw


def facts(policy: Definition, bindings: Sequence[Binding], assays: Iterable[Assay]) -> tuple[Fact, ...]:
    """Each flaw and part once; of several assays the first that has it speaks."""
    found: dict[tuple[Flaw, str], Fact] = {}
    for fact in _facts(policy, [bound for bound in bindings if not bound.fault], tuple(assays)):
        found.setdefault((fact.flaw, fact.part), fact)
    return tuple(found.values())


def _facts(policy: Definition, bindings: Sequence[Binding], assays: Sequence[Assay]) -> Iterator[Fact]:
    if policy.fault and policy.fault.refused:
        yield Fact(Flaw.BROKEN, f"The API server does not store it: {policy.fault.detail}.", part="compile")
        return
    if warnings(policy.object):
        yield Fact(Flaw.BROKEN, "The API server's type checker warns about its expressions.", part="types")
    if policy.fault:
        return
    if policy.fails_open:
        message = "failurePolicy is Ignore: where an expression fails or a param is missing, the pod is let in."
        yield Fact(Flaw.FAIL_OPEN, message)
    if not any("Deny" in bound.actions for bound in bindings):
        message = "No binding has the action Deny." if bindings else "No binding names it, so it is never applied."
        yield Fact(Flaw.NON_BLOCKING, message)
    yield from _partial(policy, bindings, assays)
    for selector in object_selectors(policy, None) + tuple(
        selector for bound in bindings for selector in object_selectors(Definition(policy.object, {}, False), bound)
    ):
        if isinstance(selector, dict) and any(selector.values()):
            message = "Its objectSelector turns on labels of the pod, which are its author's to set."
            yield Fact(Flaw.SELF_SERVICE, message)
    for assay in assays:
        if assay.by_author:
            yield Fact(Flaw.SELF_SERVICE, f"The author of a pod can get past it: {assay.by_author}.", part="expression")
        if assay.open_ended:
            yield Fact(Flaw.OPEN_ENDED, f"A pattern of it does not end at a segment: {assay.open_ended}.")
        if assay.everything:
            yield Fact(Flaw.BROKEN, f"It denies every pod: {_reason(assay)}.", part="everything")


def _partial(policy: Definition, bindings: Sequence[Binding], assays: Sequence[Assay]) -> Iterator[Fact]:
    for part, name, subresource in (
        ("update", "updates of pods", ""),
        ("ephemeral", "pods/ephemeralcontainers", "ephemeralcontainers"),
    ):
        applied: Sequence[Binding | None] = bindings or [None]
        states = {covered(policy, bound, name, "UPDATE", subresource).state for bound in applied}
        if states == {"broken"}:
            yield Fact(Flaw.PARTIAL, f"Its rules leave out {name}.", part=part)
    for part, place, what in (
        ("ephemeral", "ephemeral containers", "ephemeral containers"),
        ("init", "init containers", "init containers"),
        ("volumes", "image volumes", "image volumes"),
    ):
        for assay in assays:
            answers = [finding.places.get(place) for finding in assay.goals.values() if finding.outcome == "denied"]
            if any(answer is not None and answer.outcome in ("allowed", "otherwise") for answer in answers):
                yield Fact(Flaw.PARTIAL, f"It does not read the images of {what}.", part=part)


def _reason(assay: Assay) -> str:
    details = [finding.detail for finding in assay.goals.values()]
    return details[0].removeprefix("it denies every pod: ") if details else "it fails"
