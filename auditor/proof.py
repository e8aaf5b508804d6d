"""What the API server's answers to a probe say of images, and whether they are what was predicted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from auditor.probe import Probe

Outcome = Literal["denied", "admitted", "undecided"]

NO_RIGHTS = "missing rights"
PLUGIN = "ImagePolicyWebhook"


class Verdict(Struct, frozen=True):
    """What the API server answered: `by` is who decided, as far as it says; `message` is its own."""

    outcome: Outcome
    by: str = ""
    message: str = ""


class Proof(Struct, frozen=True):
    """A probe, its answer, and what was predicted: None where that was not to be told.

    `excuse` is why an answer other than the predicted one is no sign of a wrong prediction.
    """

    probe: Probe
    verdict: Verdict
    predicted: Outcome | None = None
    excuse: str = ""

    @property
    def differs(self) -> bool:
        settled = self.predicted is None or self.verdict.outcome in (self.predicted, "undecided")
        return not settled and not self.excuse


# ImagePolicyWebhook that fails closed says only what went wrong on the way to its backend, in the words of Go's HTTP
# client or of client-go (k8s apimachinery pkg/api/errors/errors.go NewGenericServerResponse, and its decoders).
_UNANSWERED = (
    'Post "',
    "the server (?:could|rejected|has|does|is|was) ",
    "an error on the server ",
    "the body of the request was in an unknown format",
    "couldn't get version/kind",
    "Object 'Kind' is missing",
    'no kind "',
    "(?:unknown|Unauthorized|context deadline exceeded|unexpected EOF)$",
)
# All of these stand at the beginning: what follows may be anybody's words, a webhook's own for one.
_DENIERS = (
    (r'admission webhook "([^"]+)" denied the request', "webhook {}"),
    (
        # Without a binding where the policy's paramKind is not served.
        r"\S+ \"[^\"]*\" is forbidden: ValidatingAdmissionPolicy '([^']+)' (?:with binding '[^']*' )?denied request",
        "ValidatingAdmissionPolicy {}",
    ),
    (
        # It changes pods, and denies those that it fails at.
        r"policy ['\"]([^'\"]+)['\"] (?:with binding '[^']*' )?denied request: ",
        "MutatingAdmissionPolicy {}, which fails closed",
    ),
    (
        r'\S+ "[^"]*" is forbidden: (?:image policy webhook backend denied|one or more images rejected by webhook)()',
        PLUGIN,
    ),
    (
        r'(?:Internal error occurred: )?failed calling webhook "([^"]+)"',
        "webhook {}, which does not answer and fails closed",
    ),
    (rf'\S+ "[^"]*" is forbidden: (?:{"|".join(_UNANSWERED)})()', f"{PLUGIN}, which fails closed"),
)
_OTHERS = (
    (r'admission webhook "([^"]+)" does not support dry run', "webhook {} does not support dry runs"),
    (r'\S+(?: "[^"]*")? is forbidden: User "[^"]*" cannot ()', NO_RIGHTS),
    (r'pods "[^"]*" is forbidden: violates (PodSecurity)', "Pod Security admission"),
    (r'pods "[^"]*" is forbidden: unable to validate against any (security context constraint)', "OpenShift's SCCs"),
    (r'pods "[^"]*" is forbidden: error looking up (service account)', "the namespace has no such ServiceAccount"),
    (r'pods "[^"]*" is forbidden: .*(pod node label selector conflicts)', "PodNodeSelector"),
    (r'pods "[^"]*" is forbidden: .*\b(?:per (Container|Pod)|limit to request ratio)\b', "a LimitRange"),
    (r'.*\bnamespaces? "?[^ "]+"? (not found)', "the namespace does not exist"),
    (r".*(being terminated)", "the namespace is being deleted"),
    (r'Pod "[^"]*" is invalid: .*volumes.*(volume type)', "the API server has no image volumes"),
)
# ResourceQuota is the last plugin of all (k8s pkg/kubeapiserver/options/plugins.go): whoever judges images was asked.
_PLUGIN = re.compile(r'pods "[^"]*" is forbidden: ')
_AFTER = re.compile(r'pods "[^"]*" is forbidden: (?:exceeded|failed) quota')


def _compiled(patterns: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), words) for pattern, words in patterns)


_DENIED, _UNDECIDED = _compiled(_DENIERS), _compiled(_OTHERS)


def judge(status: int, message: str) -> Verdict:
    """What an answer to a dry-run CREATE or UPDATE says of images. A webhook that fails closed denies; what has nothing
    to do with images decides nothing."""
    if 200 <= status < 300:
        return Verdict("admitted")
    for pattern, words in _DENIED:
        if found := pattern.match(message):
            return Verdict("denied", words.format(found[1]), message)
    if _AFTER.match(message):
        return Verdict("admitted", "all but a ResourceQuota, which comes last", message)
    for pattern, words in _UNDECIDED:
        if found := pattern.match(message):
            return Verdict("undecided", words.format(found[1]), message)
    if status == 403 and _PLUGIN.match(message):
        return Verdict("denied", "an admission plugin", message)
    return Verdict("undecided", f"an answer of status {status}", message)


_STATIC = re.compile(r"\.static\.k8s\.io\b")
_OF_IMAGES = re.compile(
    r"(?<![a-z])(images?|registr(y|ies)|repos(itor(y|ies))?|digests?|tags?|signatures?|signed|attestations?)(?![a-z])",
    re.IGNORECASE,
)


def excuse(probe: Probe, verdict: Verdict, control: Callable[[], Verdict | None], *, hidden: bool) -> str:
    """Why a denial that was not predicted is no sign that the prediction is wrong; empty where it is one.

    `control` asks for the same pod with an allowed image (None where there is none), `hidden`: the control plane is not
    to be seen.
    """
    if verdict.outcome != "denied":
        return ""
    if _STATIC.search(verdict.by):
        return "it comes from a file of the API server, which the API does not show"
    plugin = verdict.by.startswith(PLUGIN)
    if plugin and hidden:
        return "the control plane's flags are not to be seen"
    if probe.image.partition("@")[0] in verdict.message or (plugin and probe.place == "container"):
        return ""
    beside = control() if probe.forbidden else None
    if beside is not None and beside.outcome == "admitted":
        return ""
    if beside is not None and beside.outcome == "denied" and beside.by == verdict.by:
        return "it denies the same pod with an allowed image too"
    return "" if plugin or _OF_IMAGES.search(verdict.message) else "its message says nothing of images"


def wrong(proof: Proof) -> str:
    """What a difference means, in a sentence; empty where there is none."""
    if not proof.differs:
        return ""
    image, where = proof.probe.image.partition("@")[0], _WHERE[proof.probe.place]
    if proof.verdict.outcome == "admitted":
        return f"The API server admits {image} {where}, though it was predicted to be denied."
    return f"{proof.verdict.by} denies {image} {where}, though it was predicted to be admitted."


_WHERE = {
    "container": "in a container",
    "init container": "in an init container",
    "image volume": "in an image volume",
    "update": "as a pod's new image",
    "ephemeral container": "in an ephemeral container",
}
