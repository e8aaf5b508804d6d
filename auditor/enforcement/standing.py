"""The matrix as it stands in the report: a verdict for each goal, who gives it, and what is against that."""

from __future__ import annotations

from collections.abc import Callable

from auditor.check import About
from auditor.enforcement.chain import Answer, Goal, Link
from auditor.enforcement.matrix import Enforcement
from auditor.report import EnforcementRow, GoalRow, NamespaceRow, UnreadableRow


def standing(found: Enforcement, holds: Callable[[str], bool] = lambda namespace: True) -> EnforcementRow:
    """The rows of those namespaces that `holds` says belong to the audit.

    That nothing enforces a goal is only said where everything was read that could: else the verdict is unknown.
    """
    doubtful = bool(found.unreadable)
    names = dict.fromkeys(answer.namespace for answer in found.answers if holds(answer.namespace))

    def cell(namespace: str, goal: Goal) -> GoalRow:
        return _cell(found.answer(namespace, goal), doubtful)

    return EnforcementRow(
        namespaces=tuple(
            NamespaceRow(
                name,
                registries=cell(name, Goal.REGISTRIES),
                digests=cell(name, Goal.DIGESTS),
                signatures=cell(name, Goal.SIGNATURES),
            )
            for name in names
        ),
        unreadable=tuple(
            UnreadableRow(gap.mechanism, gap.resource, gap.state, gap.detail) for gap in dict.fromkeys(found.unreadable)
        ),
    )


def _cell(answer: Answer, doubtful: bool) -> GoalRow:
    unread = doubtful and answer.verdict == "not-enforced"
    verdict = "unknown" if unread else answer.verdict
    policy = answer.policy
    if policy is None:
        return GoalRow(verdict, unread=unread)
    weakest = None if answer.verdict == "enforced" else answer.weakest
    others = dict.fromkeys(_words(link) for link in answer.chain if link.state != "holds" and link is not weakest)
    return GoalRow(
        verdict,
        by=_name(policy.about),
        mechanism=policy.mechanism,
        link=weakest.name if weakest else None,
        detail=weakest.detail if weakest else "",
        beside=tuple(others),
        unread=unread,
    )


def _name(about: About) -> str:
    subject = about.subject
    return "/".join(filter(None, (subject.kind, about.namespace, subject.name)))


def _words(link: Link) -> str:
    return f"{link.name}: {link.detail}" if link.detail else link.name
