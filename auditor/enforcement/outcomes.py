"""What a verifying mechanism makes of sample images, told as the link that says what is denied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from auditor.enforcement.chain import Goal, Link
from auditor.image import Entry
from auditor.policy import Policy

DIGEST = f"@sha256:{'0' * 64}"
ELSEWHERE = f"registry.invalid/unknown/app{DIGEST}"
"""An image that no allowlist can cover: nobody can own a name below .invalid (RFC 2606)."""


class Outcome(StrEnum):
    """What becomes of an unsigned image. VERIFIED: it is denied, and would be let in with a trusted signature."""

    DENIED = "denied"
    VERIFIED = "verified"
    LET_IN = "let in"
    UNKNOWN = "unknown"


Decide = Callable[[str, str], Outcome]
"""What becomes of an image (normalised, by digest) in a namespace."""


def strictest(outcomes: Iterable[Outcome]) -> Outcome:
    """What policies make of an image that all have to accept; LET_IN where there are none."""
    found = set(outcomes)
    return next((outcome for outcome in (Outcome.DENIED, Outcome.VERIFIED, Outcome.UNKNOWN) if outcome in found), _IN)


_IN = Outcome.LET_IN


def link(goal: Goal, policy: Policy, namespace: str, decide: Decide) -> Link:
    """The essential link `images`: whether what breaks the goal is denied."""
    return _registries(namespace, decide) if goal is Goal.REGISTRIES else _signatures(policy, namespace, decide)


def _registries(namespace: str, decide: Decide) -> Link:
    match decide(ELSEWHERE, namespace):
        case Outcome.DENIED:
            return Link("images", "holds", "images from elsewhere are denied")
        case Outcome.LET_IN:
            return Link("images", "broken", f"it lets in images from elsewhere, such as {_short(ELSEWHERE)}")
        case Outcome.VERIFIED:
            return Link("images", "unknown", "images from elsewhere are let in if they carry a trusted signature")
        case _:
            return Link("images", "unknown", "what it makes of images from elsewhere cannot be read")


def _signatures(policy: Policy, namespace: str, decide: Decide) -> Link:
    """An image that an allowed registry serves and nobody signed; any image where there is no allowlist."""
    entries = policy.registries.allowlist(namespace)
    doubtful = ""
    for under, itself in _samples(entries):
        found = [decide(image, namespace) for image in under]
        refused = [outcome in (Outcome.DENIED, Outcome.VERIFIED) for outcome in found]
        if all(refused):
            continue
        if Outcome.UNKNOWN in found:
            doubtful = doubtful or "what it makes of {} cannot be read"
        elif itself and decide(itself, namespace) in (Outcome.DENIED, Outcome.VERIFIED):
            # The entry may name this one repository, or a folder of which the rest would be let in.
            doubtful = doubtful or "only {} itself is verified, not what may lie under it"
        else:
            named = next(image for image, refusal in zip(under, refused, strict=True) if not refusal)
            return Link("images", "broken", f"unsigned images such as {_short(named)} are let in")
        doubtful = doubtful.format(_short(itself or under[0]))
    if doubtful:
        return Link("images", "unknown", doubtful)
    return Link("images", "holds", "images without a trusted signature are denied")


def _samples(entries: tuple[Entry, ...] | None) -> Iterator[tuple[tuple[str, ...], str]]:
    """For each allowed entry, images under it, and the one that it names itself where it may be a repository."""
    if not entries:
        yield (ELSEWHERE, f"registry.invalid/app{DIGEST}"), ""
        return
    for entry in entries:
        yield (f"{entry}/app{DIGEST}", f"{entry}/team/app{DIGEST}"), f"{entry}{DIGEST}" if entry.path else ""


def _short(image: str) -> str:
    return image.partition("@")[0]
