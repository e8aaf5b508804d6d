"""What the enforcement matrix lets one expect of a probe."""

from __future__ import annotations

from auditor.enforcement.chain import Goal, ImagePolicy, Link, State, verdict
from auditor.enforcement.matrix import Enforcement
from auditor.image import MalformedReference, Reference, parse, parse_entry
from auditor.probe import Place, Probe
from auditor.proof import Outcome

_LINKS: dict[Place, frozenset[str]] = {
    "container": frozenset(),
    "init container": frozenset({"init containers", "reads init containers"}),
    "image volume": frozenset({"image volumes", "reads image volumes"}),
    "update": frozenset({"pods updated", "operations", "matches updates of pods", "template operations"}),
    "ephemeral container": frozenset(
        {"ephemeral containers", "reads ephemeral containers", "matches ephemeral containers", "template operations"}
    ),
}
"""What mechanisms call a place: all of its links must hold for an image there to be denied."""
_READS = "reads ephemeral containers"
_NEW_IMAGES = frozenset({"validations", "match conditions", "images"})
_ASIDE: dict[Place, frozenset[str]] = {
    "container": frozenset(),
    "init container": _NEW_IMAGES,
    "image volume": _NEW_IMAGES,
    "update": _NEW_IMAGES | {"pods created"},
    "ephemeral container": _NEW_IMAGES | {"pods created"},
}
"""The links that speak of the containers of new pods alone: where one is broken, another place may be judged all the
same."""


def predict(enforcement: Enforcement, probe: Probe) -> Outcome | None:
    """Denied, admitted, or None where a static reading does not tell."""
    if not any(answer.namespace == probe.namespace for answer in enforcement.answers):
        return None
    chains = [
        (policy, policy.chain(probe.namespace))
        for policy in enforcement.policies
        # An image by digest is what a policy about digests asks for.
        if policy.goals - {Goal.DIGESTS}
    ]
    # Without a link nothing is known to apply. Where nodes enforce, the API server admits.
    counting = [
        (policy, chain, verdict(chain))
        for policy, chain in chains
        if chain and not _at_the_node(chain) and _may_judge(chain, probe.place)
    ]
    if not probe.forbidden:
        lets_in = all(
            said == "enforced" and _lets_in(policy, probe.image) and not _changed_before(chain)
            for policy, chain, said in counting
        )
        return "admitted" if lets_in and not enforcement.unreadable else None
    states: set[State] = set()
    for policy, chain, said in counting:
        state = _state(chain, probe.place)
        sure = said == "enforced" and Goal.REGISTRIES in policy.goals and not _changed_before(chain)
        states.add(state if sure or state == "broken" else "unknown")
    if "holds" in states:
        return "denied"
    return None if enforcement.unreadable or "unknown" in states else "admitted"


def _changed_before(chain: tuple[Link, ...]) -> bool:
    """Whether the image that is judged may be another than the probe's."""
    return any(link.name == "mutations" for link in chain)


def _may_judge(chain: tuple[Link, ...], place: Place) -> bool:
    return not any(link.essential and link.state == "broken" and link.name not in _ASIDE[place] for link in chain)


def _at_the_node(chain: tuple[Link, ...]) -> bool:
    return any(link.name == "admission" and link.state == "broken" for link in chain)


def _state(chain: tuple[Link, ...], place: Place) -> State:
    """Whether a policy judges the place. The rules of a webhook may cover ephemeral containers whose images its engine
    does not read."""
    if place == "container":
        return "holds"
    found = {link.name: link.state for link in chain if link.name in _LINKS[place]}
    if "broken" in found.values():
        return "broken"
    webhook = any(link.name == "webhook" for link in chain)
    if "unknown" in found.values() or not found or (place == "ephemeral container" and webhook and _READS not in found):
        return "unknown"
    return "holds"


def _lets_in(policy: ImagePolicy, image: str) -> bool:
    """Whether a policy is known to let an image in: it asks for nothing but registries, and its list covers it."""
    if Goal.SIGNATURES in policy.goals or policy.allowed is None:
        return False
    try:
        reference = parse(image)
    except MalformedReference:
        return False
    return any(_covers(entry, reference) for entry in policy.allowed)


def _covers(entry: str, reference: Reference) -> bool:
    try:
        return parse_entry(entry).covers(reference)
    except MalformedReference:
        return False
