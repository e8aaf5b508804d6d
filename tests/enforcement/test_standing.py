"""The matrix as the report holds it."""

from __future__ import annotations

from auditor.check import About
from auditor.enforcement.chain import Answer, Goal, ImagePolicy, Link, answer
from auditor.enforcement.matrix import Enforcement, Unreadable
from auditor.enforcement.standing import standing
from auditor.report import EnforcementRow, GoalRow, NamespaceRow, Subject, UnreadableRow

CHAIN = (
    Link("rules", "holds", "they cover pods"),
    Link("images", "unknown", "its pattern is not understood"),
    Link("image volumes", "broken", essential=False),
    Link("action", "broken", "it only warns"),
    Link("failure policy", "broken", "it fails open", essential=False),
)
GAP = Unreadable("kyverno", "policies.kyverno.io", "forbidden", "no right")


def told(*links: Link, namespace: str | None = None) -> ImagePolicy:
    about = About(namespace, Subject("Policy", "one"))
    return ImagePolicy("Kyverno", about, frozenset({Goal.REGISTRIES}), links)


def cell(*links: Link, unreadable: tuple[Unreadable, ...] = (), namespace: str | None = None) -> GoalRow:
    found = Enforcement((answer([told(*links, namespace=namespace)], "prod", Goal.REGISTRIES),), (), unreadable)
    (row,) = standing(found).namespaces
    return row.registries


def test_what_is_not_enforced_names_the_weakest_link_and_the_others_beside_it() -> None:
    assert cell(*CHAIN) == GoalRow(
        "not-enforced",
        by="Policy/one",
        mechanism="Kyverno",
        link="action",
        detail="it only warns",
        beside=("images: its pattern is not understood", "image volumes", "failure policy: it fails open"),
    )


def test_what_is_enforced_has_no_broken_link_but_what_it_leaves_open() -> None:
    found = cell(CHAIN[0], CHAIN[4], namespace="prod")
    assert (found.verdict, found.by, found.link, found.detail) == ("enforced", "Policy/prod/one", None, "")
    assert found.beside == ("failure policy: it fails open",)


def test_what_is_not_known_names_the_link_that_is_not() -> None:
    found = cell(*CHAIN[:3])
    assert (found.verdict, found.link, found.unread) == ("unknown", "images", False)


def test_nothing_is_there() -> None:
    found = standing(Enforcement((Answer("prod", Goal.DIGESTS, "not-enforced"),)))
    nothing = GoalRow("not-enforced")
    assert found == EnforcementRow((NamespaceRow("prod", nothing, nothing, nothing),))


def test_where_not_all_was_read_nothing_is_said_to_be_without_enforcement() -> None:
    broken = cell(*CHAIN, unreadable=(GAP,))
    assert (broken.verdict, broken.unread, broken.link) == ("unknown", True, "action")
    closed = cell(CHAIN[0], unreadable=(GAP,))
    assert (closed.verdict, closed.unread) == ("enforced", False)
    open_question = cell(*CHAIN[:3], unreadable=(GAP,))
    assert (open_question.verdict, open_question.unread) == ("unknown", False)


def test_what_was_not_read_is_listed_once() -> None:
    assert standing(Enforcement((), (), (GAP, GAP))).unreadable == (
        UnreadableRow("kyverno", "policies.kyverno.io", "forbidden", "no right"),
    )


def test_only_namespaces_of_the_audit() -> None:
    answers = tuple(Answer(name, goal, "not-enforced") for name in ("a", "b") for goal in Goal)
    found = standing(Enforcement(answers), lambda namespace: namespace != "a")
    assert [row.namespace for row in found.namespaces] == ["b"]
