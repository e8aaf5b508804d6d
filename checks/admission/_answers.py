"""Whether a goal is enforced in a namespace, told as a finding that names the nearest policy and where it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor import Answer, ControlPlane, Enforcement, Fail, Goal, Manual, Namespace, OwnNamespaces, Unread

_SYSTEM = ("kube-system", "kube-public", "kube-node-lease")
_WHY_LEFT_OUT = (
    " The cluster's own components run there, and engines leave it out so as not to lock the cluster: "
    "whoever may create pods in it is past them."
)
_FROM_FILES = "admission policies and webhooks that the API server loads from files (from Kubernetes 1.36 on)"
_FLAGS = "the API server's flags, and with them ImagePolicyWebhook"
_VENDOR = "what a provider runs in front of a managed control plane"
_WHAT = {
    Goal.REGISTRIES: "keeps images from unapproved registries out",
    Goal.DIGESTS: "keeps images without a digest out",
    Goal.SIGNATURES: "keeps unsigned images out",
}


def unenforced(
    namespace: Namespace, goal: Goal, enforcement: Enforcement, own: OwnNamespaces, control_plane: ControlPlane | None
) -> Iterator[Fail | Manual]:
    """Nothing where the goal is enforced. Unread where a mechanism that could be the one was not read."""
    answer = enforcement.answer(namespace.name, goal)
    if answer.verdict == "enforced":
        return
    unseen = _unseen(control_plane)
    evidence = {"goal": str(goal), **_nearest(answer), "notVisible": unseen}
    if answer.verdict == "unknown":
        message = f"Whether something {_WHAT[goal]} of {namespace.name} is not decided: {_words(answer)}."
        yield Manual(message, evidence=evidence)
        return
    for gap in enforcement.unreadable:
        raise Unread(gap.resource, None, gap.state, gap.detail)
    kind, reason = _kind(namespace.name, own)
    if kind:
        evidence["namespaceOf"] = kind
    near = f" The nearest is {_words(answer)}." if answer.policy else " No policy that would is there."
    yield Fail(f"Nothing seen through the API {_WHAT[goal]} of {namespace.name}.{near}{reason}", evidence=evidence)


def _kind(namespace: str, own: OwnNamespaces) -> tuple[str, str]:
    """What kind of namespace it is where an exemption has a reason, and that reason as a sentence."""
    mechanism = own.mechanism(namespace)
    if mechanism:
        return mechanism, f" {mechanism} itself runs there, and must not need its own consent to start."
    return ("the cluster", _WHY_LEFT_OUT) if namespace in _SYSTEM else ("", "")


def _nearest(answer: Answer) -> dict[str, Any]:
    if answer.policy is None:
        return {"nearest": None}
    subject, weakest = answer.policy.about.subject, answer.weakest
    return {
        "nearest": {
            "mechanism": answer.policy.mechanism,
            "kind": subject.kind,
            "name": subject.name,
            "namespace": answer.policy.about.namespace,
        },
        "link": {"name": weakest.name, "state": weakest.state, "detail": weakest.detail} if weakest else None,
        "chain": [{"name": link.name, "state": link.state, "detail": link.detail} for link in answer.chain],
    }


def _words(answer: Answer) -> str:
    if answer.policy is None:
        return "no policy is seen"
    subject, weakest = answer.policy.about.subject, answer.weakest
    place = f"{answer.policy.about.namespace}/" if answer.policy.about.namespace else ""
    why = f" ({weakest.name}: {weakest.detail})" if weakest else ""
    return f"{subject.kind} {place}{subject.name}{why}"


def _unseen(control_plane: ControlPlane | None) -> list[str]:
    """What may enforce an image policy all the same, and the API does not show."""
    try:
        seen = control_plane is not None and bool(control_plane.apiservers)
    except Unread:
        seen = False
    return [_FROM_FILES] if seen else [_FROM_FILES, _FLAGS, _VENDOR]
