"""What is wrong with one policy wherever it applies, told as findings."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Enforcement, Fail, Flaw, ImagePolicy, Manual, Skip

_STARTS = ("It", "Its", "No", "A", "The", "There")


def told(policy: ImagePolicy, flaw: Flaw, enforcement: Enforcement) -> Iterator[Fail | Manual | Skip]:
    """The policy's facts of one kind. The webhook of an engine that has no image policy is no subject."""
    if not policy.goals and not any(known.goals for known in _of(policy.mechanism, enforcement)):
        yield Skip()
        return
    for fact in policy.facts:
        if fact.flaw is not flaw:
            continue
        evidence = {"mechanism": policy.mechanism}
        message = _sentence(fact.message, policy)
        if fact.certain:
            yield Fail(message, part=fact.part, evidence=evidence)
        else:
            yield Manual(message, part=fact.part, evidence=evidence)


def _sentence(message: str, policy: ImagePolicy) -> str:
    """The fact as a sentence that names the policy."""
    subject = policy.about.subject
    if subject.name in message:
        return message[:1].upper() + message[1:]
    first = message.partition(" ")[0]
    start = message[:1].lower() + message[1:] if first in _STARTS else message
    return f"{subject.kind} {subject.name}: {start}"


def _of(mechanism: str, enforcement: Enforcement) -> Iterator[ImagePolicy]:
    return (policy for policy in enforcement.policies if policy.mechanism == mechanism)
