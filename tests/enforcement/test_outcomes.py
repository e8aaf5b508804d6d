"""What becomes of sample images, told as a link."""

from __future__ import annotations

import pytest

from auditor.enforcement.chain import Goal
from auditor.enforcement.outcomes import Outcome, link, strictest
from auditor.image import parse_entry
from auditor.policy import Policy, Registries

DENIED, VERIFIED, LET_IN, UNKNOWN = Outcome.DENIED, Outcome.VERIFIED, Outcome.LET_IN, Outcome.UNKNOWN


def policy(*allowed: str) -> Policy:
    return Policy(registries=Registries(allowed=tuple(parse_entry(entry) for entry in allowed)))


@pytest.mark.parametrize(
    ("outcome", "registries", "signatures"),
    [
        (DENIED, "holds", "holds"),
        (VERIFIED, "unknown", "holds"),
        (LET_IN, "broken", "broken"),
        (UNKNOWN, "unknown", "unknown"),
    ],
)
def test_each_outcome(outcome: Outcome, registries: str, signatures: str) -> None:
    found = [link(goal, policy("a.example"), "shop", lambda *_: outcome) for goal in (Goal.REGISTRIES, Goal.SIGNATURES)]
    assert [one.state for one in found] == [registries, signatures]


def test_signatures_are_asked_for_under_every_allowed_entry() -> None:
    def decide(image: str, _: str) -> Outcome:
        return VERIFIED if image.startswith("a.example/") else LET_IN

    assert link(Goal.SIGNATURES, policy("a.example"), "shop", decide).state == "holds"
    told = link(Goal.SIGNATURES, policy("a.example", "b.example/team"), "shop", decide)
    assert told.state == "broken"
    assert "b.example/team/app" in told.detail
    assert link(Goal.SIGNATURES, Policy(), "shop", decide).state == "broken"


def test_an_entry_of_which_only_the_name_itself_is_verified_is_not_decided() -> None:
    def decide(image: str, _: str) -> Outcome:
        return VERIFIED if image.startswith("a.example/app@") else LET_IN

    assert link(Goal.SIGNATURES, policy("a.example/app"), "shop", decide).state == "unknown"


def test_the_strictest_of_several_counts() -> None:
    assert strictest([LET_IN, UNKNOWN, VERIFIED, DENIED]) is DENIED
    assert strictest([LET_IN, UNKNOWN, VERIFIED]) is VERIFIED
    assert strictest([LET_IN, UNKNOWN]) is UNKNOWN
    assert strictest([]) is LET_IN
