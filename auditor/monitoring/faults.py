"""What can be wrong with a rule, macro or list of Falco."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["refused", "skipped", "never", "unequal", "always", "every-event", "doubt"]


class Fault(Struct, frozen=True):
    """What is wrong with a rule. `refused`: Falco does not start with it; `skipped`: it loads without the rule;
    `never`: its condition cannot hold; `unequal`: it compares with what never is; `always`: a part of it that is to
    limit it always holds; `every-event`: no event types narrow it; `doubt`: for a person."""

    kind: Kind
    reason: str


def refused(reason: str) -> Fault:
    return Fault("refused", reason)


def doubt(reason: str) -> Fault:
    return Fault("doubt", reason)
