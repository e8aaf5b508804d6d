"""What the enforcement matrix lets one expect of a probe."""

from __future__ import annotations

from auditor.enforcement.chain import Goal, ImagePolicy, State, verdict
from auditor.enforcement.matrix import Enforcement
from auditor.probe import Outcome, Probe

_PLACES = {"init container": "initcontainers", "image volume": "imagevolumes"}


def predict(enforcement: Enforcement, probe: Probe) -> Outcome | None:
    """Denied, admitted, or None where a static reading does not tell."""
    policies = [policy for policy in enforcement.policies if Goal.REGISTRIES in policy.goals]
    verdicts = {id(policy): verdict(policy.chain(probe.namespace)) for policy in policies}
    open_question = bool(enforcement.unreadable) or "unknown" in verdicts.values()
    enforcing = [policy for policy in policies if verdicts[id(policy)] == "enforced"]
    if not probe.forbidden:
        return None if enforcing or open_question else "admitted"
    states = {_state(policy, probe) for policy in enforcing}
    if "holds" in states:
        return "denied"
    return None if open_question or "unknown" in states else "admitted"


def _state(policy: ImagePolicy, probe: Probe) -> State:
    """Whether an enforcing policy reads the place that the probe puts its image in."""
    wanted = _PLACES.get(probe.place)
    if wanted is None:
        return "holds" if probe.place == "container" else "unknown"
    for link in policy.chain(probe.namespace):
        if link.name.lower().replace(" ", "").removeprefix("reads") in (wanted, wanted.removeprefix("image")):
            return link.state
    return "unknown"
