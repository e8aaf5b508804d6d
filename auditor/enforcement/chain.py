"""The interface of the mechanisms: what an image policy is, its links per namespace, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from auditor.check import About


class Goal(StrEnum):
    """What a forbidden image breaks: it comes from elsewhere, is named by a tag, or is not signed."""

    REGISTRIES = "registries"
    DIGESTS = "digests"
    SIGNATURES = "signatures"


State = Literal["holds", "broken", "unknown"]


class Link(Struct, frozen=True):
    """One thing that must hold, and whether it does. `detail` is a clause that says why or why not.

    An `essential` link decides whether the namespace counts as enforced; the others are named beside it (failing open,
    UPDATE or ephemeral containers left out, init containers or image volumes not read, exemptions).
    """

    name: str
    state: State
    detail: str = ""
    essential: bool = True


class Flaw(StrEnum):
    """What can be wrong with a policy wherever it applies. Each is a check of its own."""

    FAIL_OPEN = "fail-open"
    NON_BLOCKING = "non-blocking"
    BROKEN = "broken"
    PARTIAL = "partial"
    OPEN_ENDED = "open-ended"
    DEAD_BACKEND = "dead-backend"
    SELF_SERVICE = "self-service"


class Fact(Struct, frozen=True):
    """A flaw of one policy; an uncertain one is for a person to judge. `part` tells several of one kind apart."""

    flaw: Flaw
    message: str
    certain: bool = True
    part: str = ""


class ImagePolicy(Struct, frozen=True):
    """Something that may deny pods for their images: a policy, a constraint, a webhook, a plugin.

    `about` is the object in reports. `goals` are those that it would serve if every link held; where it says something
    about images that could not be read, `goals` holds what it may serve and a link is unknown. `links` hold everywhere,
    `by_namespace` adds those that differ; a namespace that is missing there has none of its own. `allowed` are the
    registry entries that it lets in, normalised as in the policy file, or None where they could not be read.
    """

    mechanism: str
    about: About
    goals: frozenset[Goal]
    links: tuple[Link, ...] = ()
    by_namespace: Mapping[str, tuple[Link, ...]] = {}
    facts: tuple[Fact, ...] = ()
    allowed: tuple[str, ...] | None = None
    origin: str = ""

    def chain(self, namespace: str) -> tuple[Link, ...]:
        return (*self.links, *self.by_namespace.get(namespace, ()))


Verdict = Literal["enforced", "unknown", "not-enforced"]


class Answer(Struct, frozen=True):
    """Whether a goal is enforced in a namespace: by which policy, or which one comes nearest and where it breaks."""

    namespace: str
    goal: Goal
    verdict: Verdict
    policy: ImagePolicy | None = None
    chain: tuple[Link, ...] = ()

    @property
    def weakest(self) -> Link | None:
        """The link that says most against it: broken before unknown, essential before others; None if all hold."""
        return min((link for link in self.chain if link.state != "holds"), key=_weakness, default=None)


_NOWHERE = (Link("reach", "broken", "nothing says that it reaches the namespace"),)
"""What stands against a policy that has no link in a namespace."""


def _weakness(link: Link) -> tuple[bool, bool]:
    return (not link.essential, link.state != "broken")


def verdict(chain: Iterable[Link]) -> Verdict:
    """Enforced if every essential link holds, not if one is broken or there is none, unknown otherwise."""
    states = {link.state for link in chain if link.essential}
    if "broken" in states or not states:
        return "not-enforced"
    return "unknown" if "unknown" in states else "enforced"


def answer(policies: Iterable[ImagePolicy], namespace: str, goal: Goal) -> Answer:
    """The strongest policy for a goal in a namespace: by verdict, then by how little is against it."""
    best: tuple[tuple[int, bool, int, int], Answer] | None = None
    order = {"enforced": 0, "unknown": 1, "not-enforced": 2}
    for policy in policies:
        if goal not in policy.goals:
            continue
        own = policy.chain(namespace)
        chain = own or _NOWHERE
        said = verdict(chain)
        broken = sum(link.state == "broken" and link.essential for link in chain)
        against = sum(link.state != "holds" for link in chain)
        rank = (order[said], not own, broken, against)
        if best is None or rank < best[0]:
            best = (rank, Answer(namespace, goal, said, policy, chain))
    return best[1] if best else Answer(namespace, goal, "not-enforced")
