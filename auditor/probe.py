"""Proving what is enforced: pods that are asked for in dry runs, and what the API server's answers say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct

from auditor.image import DOCKER_HUB, Entry, parse
from auditor.policy import Policy

FORBIDDEN = "auditor-probe.invalid/forbidden"
_DIGEST = "sha256:" + "0" * 64
LABEL = "auditor.dev/probe"

Place = Literal["container", "init container", "image volume", "update"]
Outcome = Literal["denied", "admitted", "undecided"]


class Probe(Struct, frozen=True):
    """One question: an image in one place of a pod. `forbidden`: whether the policy says that it may not run."""

    namespace: str
    place: Place
    image: str
    forbidden: bool


class Verdict(Struct, frozen=True):
    """What the API server answered: `by` is who decided, as far as it says; `message` is its own."""

    outcome: Outcome
    by: str = ""
    message: str = ""
    persisted: bool = False


class Proof(Struct, frozen=True):
    """A probe, its answer, and what was predicted: None where that was not to be told."""

    probe: Probe
    verdict: Verdict
    predicted: Outcome | None = None

    @property
    def differs(self) -> bool:
        return self.predicted is not None and self.verdict.outcome not in (self.predicted, "undecided")


def probes(namespace: str, policy: Policy, in_use: Sequence[str] = ()) -> Iterator[Probe]:
    """The questions for a namespace. An allowed image comes from the policy, else from what runs there (`in_use`)."""
    forbidden = f"{FORBIDDEN}@{_DIGEST}"
    allowed = _allowed(namespace, policy, in_use)
    yield Probe(namespace, "container", forbidden, True)
    if allowed:
        yield Probe(namespace, "container", allowed, False)
        yield Probe(namespace, "init container", forbidden, True)
        yield Probe(namespace, "image volume", forbidden, True)


def _allowed(namespace: str, policy: Policy, in_use: Sequence[str]) -> str | None:
    entries = policy.registries.allowlist(namespace)
    if entries is None:
        return next(iter(in_use), None)
    return next((_image_under(entry) for entry in entries), None)


def _image_under(entry: Entry) -> str:
    path = entry.path or ("library" if entry.registry == DOCKER_HUB else "")
    name = "/".join(part for part in (entry.registry, path, "auditor-probe") if part)
    return f"{name}@{_DIGEST}"


def pod(probe: Probe, name: str, allowed: str) -> dict[str, Any]:
    """A pod that asks the question and would do nothing: it fits the restricted Pod Security Standard and no node."""
    image = probe.image if probe.place == "container" else allowed
    container = _container("probe", image)
    spec: dict[str, Any] = {
        "containers": [container],
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "nodeSelector": {LABEL: "never"},
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    if probe.place == "init container":
        spec["initContainers"] = [_container("probe-init", probe.image)]
    if probe.place == "image volume":
        spec["volumes"] = [{"name": "probe", "image": {"reference": probe.image, "pullPolicy": "IfNotPresent"}}]
    metadata = {"name": name, "namespace": probe.namespace, "labels": {LABEL: "true"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(name: str, image: str) -> dict[str, Any]:
    amounts = {"cpu": "1m", "memory": "8Mi"}
    return {
        "name": name,
        "image": image,
        "command": ["/none"],
        "resources": {"requests": amounts, "limits": amounts},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


_DENIERS = (
    (re.compile(r'admission webhook "([^"]+)" denied the request'), "webhook {}"),
    (re.compile(r"ValidatingAdmissionPolicy '([^']+)'"), "ValidatingAdmissionPolicy {}"),
    (re.compile(r"(image policy webhook backend denied|images rejected by webhook backend)"), "ImagePolicyWebhook"),
    (re.compile(r'failed calling webhook "([^"]+)"'), "webhook {}, which does not answer and fails closed"),
)
_OTHERS = (
    (re.compile(r'admission webhook "([^"]+)" does not support dry run'), "webhook {} does not support dry runs"),
    (re.compile(r"violates (PodSecurity)"), "Pod Security admission"),
    (re.compile(r"exceeded (quota)"), "a ResourceQuota"),
    (re.compile(r"(LimitRange|maximum|minimum) .*per (?:Container|Pod)"), "a LimitRange"),
    (re.compile(r'namespaces "[^"]+" (not found)'), "the namespace does not exist"),
    (re.compile(r"(being terminated)"), "the namespace is being deleted"),
    (re.compile(r'(User "[^"]*") cannot'), "missing rights"),
)
# ImagePolicyWebhook that fails closed says only what went wrong on the way to its backend.
_PLUGIN = re.compile(r'pods "[^"]*" is forbidden: ')


def judge(status: int, message: str) -> Verdict:
    """What an answer to a dry-run CREATE or UPDATE says of images. A webhook that fails closed denies; what has nothing
    to do with images decides nothing."""
    if 200 <= status < 300:
        return Verdict("admitted")
    for pattern, words in _DENIERS:
        found = pattern.search(message)
        if found:
            return Verdict("denied", words.format(found[1]), message)
    for pattern, words in _OTHERS:
        found = pattern.search(message)
        if found:
            return Verdict("undecided", words.format(found[1]), message)
    if status == 403 and _PLUGIN.match(message):
        return Verdict("denied", "an admission plugin", message)
    return Verdict("undecided", f"status {status}", message)


def wrong(proof: Proof) -> str:
    """What a difference means, in a sentence; empty where there is none."""
    if not proof.differs:
        return ""
    image, place = proof.probe.image, proof.probe.place
    if proof.verdict.outcome == "admitted":
        return f"The API server admits {image} in a {place}, though it was predicted to be denied."
    return f"{proof.verdict.by} denies {image} in a {place}, though it was predicted to be admitted."


def is_image(text: str) -> bool:
    """Whether an image in use can stand for the allowed one."""
    try:
        return parse(text).digest is not None
    except ValueError:
        return False
