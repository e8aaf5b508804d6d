"""Labels and values that the series of kube-state-metrics and the kubelet never have, where people look for pulls.

kube-state-metrics internal/store/pod.go; the reasons: k8s pkg/kubelet/images/types.go and pkg/kubelet/events.
"""

from __future__ import annotations

import re

from auditor.monitoring.promql import Matcher, Selector

_IMAGE_WORDS = re.compile(r"image|pull", re.IGNORECASE)
_LITERALS = re.compile(r"\(?([\w, ]+(?:\|[\w, ]+)*)\)?", re.ASCII)
_WORD = re.compile(r"\w+", re.ASCII)

WAITING_FOR_IMAGE = (
    "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
    "RegistryUnavailable", "SignatureValidationFailed",
)  # fmt: skip
_OF_EVENTS = frozenset({"FailedToRetrieveImagePullSecret", "Pulling", "Pulled", "BackOff", "Failed"})
_FOLDED = {reason.casefold(): reason for reason in WAITING_FOR_IMAGE}

_WAITING = frozenset({"kube_pod_container_status_waiting_reason", "kube_pod_init_container_status_waiting_reason"})
# Other metrics whose label has a word for a state, and why none of these is about images.
_OTHER_STATES = {
    ("kube_pod_status_reason", "reason"): "is why a pod was evicted or refused",
    ("kube_pod_status_phase", "phase"): "is Pending, Running, Succeeded, Failed or Unknown",
    ("kube_pod_container_status_terminated_reason", "reason"): "is why a container ended, which has had its image",
    ("kube_pod_container_status_last_terminated_reason", "reason"): "is why a container ended, which has had its image",
    ("kube_pod_init_container_status_terminated_reason", "reason"): "is why a container ended, which has had its image",
    ("kube_pod_init_container_status_last_terminated_reason", "reason"): (
        "is why a container ended, which has had its image"
    ),
}
_WITHOUT_REASONS = re.compile(r"kube_pod(?:_init)?_container_status_(?:waiting|terminated|running|ready)", re.ASCII)
_STATUS = re.compile(r"kube_pod(?:_init)?_(?:container_)?(?:status_\w+|info)", re.ASCII)
_WITH_IMAGES = frozenset({"kube_pod_container_info", "kube_pod_init_container_info"})
_IMAGE_LABELS = frozenset({"image", "image_spec", "image_id", "image_name", "image_tag", "repository", "registry"})


def speaks_of_pulls(found: Selector) -> bool:
    """Whether one of its matchers asks for a state of a container that waits for its image."""
    return any(_IMAGE_WORDS.search(value) for matcher in found.matchers for value in _asked(matcher)) and any(
        matcher.label in ("reason", "phase", "status", "operation", "operation_type") for matcher in found.matchers
    )


def never_had(found: Selector) -> str:
    """Why no series of the metric is ever selected; empty where some may be."""
    for matcher in found.matchers:
        if matcher.label in _IMAGE_LABELS and matcher.asks and _has_no_image(found.metric, matcher.label):
            instead = "its labels are image, image_spec and image_id"
            if found.metric not in _WITH_IMAGES:
                instead = "kube_pod_container_info has the images"
            return f"{found.metric} has no label {matcher.label}: {instead}"
        if matcher.label == "reason" and matcher.asks and _WITHOUT_REASONS.fullmatch(found.metric):
            return f"{found.metric} has no label reason: kube_pod_container_status_waiting_reason has"
        told = [_value(found.metric, matcher.label, value) for value in _asked(matcher)]
        if told and all(told):
            return told[0]
    return ""


def unknown_reasons(found: Selector) -> tuple[str, ...]:
    """Reasons for waiting that speak of images, and are none that is known."""
    if found.metric not in _WAITING:
        return ()
    values = [value for matcher in found.matchers if matcher.label == "reason" for value in _asked(matcher)]
    if any(value in WAITING_FOR_IMAGE or not _IMAGE_WORDS.search(value) for value in values):
        return ()
    return tuple(values)


def _has_no_image(metric: str, label: str) -> bool:
    if metric in _WITH_IMAGES:
        return label not in ("image", "image_spec", "image_id")
    return _STATUS.fullmatch(metric) is not None


def _value(metric: str, label: str, value: str) -> str:
    """Why a label of a metric never has a value; empty where it may."""
    if metric in _WAITING and label == "reason":
        if value in WAITING_FOR_IMAGE:
            return ""
        if value.casefold() in _FOLDED:
            return f"no container waits for the reason {value}: it is written {_FOLDED[value.casefold()]}"
        if value and not _WORD.fullmatch(value):
            return f"no container waits for the reason {value}: several are asked for by =~ and |"
        if value in _OF_EVENTS:
            return f"no container waits for the reason {value}, which is one of events"
        return ""
    why = _OTHER_STATES.get((metric, label))
    if why is None or not _IMAGE_WORDS.search(value):
        return ""
    return f"{metric} has no {label} {value}: it {why}. Pulls are in kube_pod_container_status_waiting_reason"


def _asked(matcher: Matcher) -> tuple[str, ...]:
    """The values that a matcher asks for, where it names them."""
    if matcher.operator == "=":
        return (matcher.value,)
    literal = _LITERALS.fullmatch(matcher.value[:2000]) if matcher.operator == "=~" else None
    return tuple(literal[1].split("|")) if literal else ()
