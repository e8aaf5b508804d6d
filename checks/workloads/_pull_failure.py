"""Why an image is not pulled: the cause, read from the kubelet's reason and from what the runtime says.

The reasons are those of k8s pkg/kubelet/images/types.go and cri-api pkg/errors; the wording is containerd's,
CRI-O's (containers/image), Docker's, and that of the registries whose answers they pass on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

REASONS = frozenset(
    (
        "ErrImagePull ImagePullBackOff InvalidImageName ErrImageNeverPull ImageInspectError RegistryUnavailable "
        "SignatureValidationFailed"
    ).split()
)

EXPLAINED = {
    "auth": "the registry refused access, or hides that the repository does not exist",
    "not-found": "the registry has no such repository, tag, digest or platform",
    "signature": "its signature was not accepted",
    "network": "the registry could not be reached, or did not serve",
    "name": "its name is not valid, or the runtime cannot complete it",
    "policy": "the pull policy or the node's own policy forbids it",
    "unknown": "the kubelet does not tell why",
}
"""The causes, and what each means to a reader."""

_BY_REASON = {
    "InvalidImageName": "name",
    "ErrImageNeverPull": "policy",
    "RegistryUnavailable": "network",
    "SignatureValidationFailed": "signature",
}

# In this order: a text often holds the words of several causes, and the more specific ones come first. "unknown" stands
# for trouble on the node itself, whose texts borrow the words of the others.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("signature", (r"SignatureValidationFailed",)),
    ("unknown", (r"dial unix", r"(?:containerd|crio|dockerd?)\.sock")),
    ("policy", (r"ErrImageNeverPull", r"pull policy of Never", r"rejected by policy", r"is blocked (?:in|by)\b")),
    ("signature", (r"Source image rejected",)),
    ("network", (r"RegistryUnavailable", r"registry is unavailable", r"\bx509:", r"\btls:", r"TLS handshake")),
    ("name", (r"InvalidImageName", r"couldn't parse image", r"invalid reference format", r"invalid image name")),
    ("name", (r"\bshort[- ]names?\b", r"unqualified[- ](?:search|image)", r"no registries configured")),
    ("name", (r"must be lower-?case",)),
    ("network", (r"no such host", r"server misbehaving", r"name resolution", r"dial (?:tcp|udp)", r"proxyconnect")),
    ("network", (r"connection (?:refused|reset)", r"no route to host", r"network is unreachable", r"broken pipe")),
    (
        "network",
        (r"i/o timeout", r"deadline ?exceeded", r"Client\.Timeout", r"awaiting headers", r"while waiting for conn"),
    ),
    ("network", (r"HTTP response to HTTPS client", r"unexpected EOF", r": EOF\b", r"no healthy upstream")),
    (
        "network",
        (r"too ?many ?requests", r"pull rate limit", r"rate exceeded", r"\bstatus\b[^\"]{0,60}\b(?:429|5\d\d)\b"),
    ),
    ("network", (r"\bHTTP 5\d\d\b", r"\b5\d\d (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway)")),
    (
        "unknown",
        (r"no space left", r"read-only file system", r"failed to extract", r"extraction snapshot", r"ApplyLayer"),
    ),
    ("unknown", (r"snapshot \S+ does not exist", r"content digest \S+: not found", r"lease \S+ not found")),
    ("unknown", (r"failed size validation", r"unexpected commit digest", r"operation not permitted")),
    ("signature", (r"\bsignatures?\b", r"sigstore", r"cosign", r"\brekor\b", r"\bfulcio\b")),
    ("auth", (r"unauthorized", r"unauthenticated", r"authentication required", r"authorization failed", r"forbidden")),
    (
        "auth",
        (r"(?<!permission )\bdenied\b", r"permissiondenied", r"insufficient_scope", r"not authorized", r"\b40[13]\b"),
    ),
    ("auth", (r"no basic auth", r"basic credentials", r"(?:incorrect|invalid) username", r"docker login")),
    ("auth", (r"failed to authorize", r"auth(?:entication)? token")),
    ("not-found", (r"not ?found", r"(?:manifest|name)[ _]unknown", r"unknown manifest", r"not known to registry")),
    (
        "not-found",
        (r"\b404\b", r"does not exist", r"no matching manifest", r"no image found", r"no match for platform"),
    ),
)
_BY_TEXT = tuple((cause, re.compile("|".join(words), re.IGNORECASE)) for cause, words in _WORDS)

_QUOTED = re.compile(r'\\?"[^"\s]{1,1024}\\?"')
_URL = re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+")
_SECRETS = re.compile(r"(?i)(?<=://)[^\s/@\"']*@|\?[^\s\"']*")
_SHOWN = 300


def cause_of(reason: str, message: str, names: Iterable[str] = ()) -> str:
    """One of EXPLAINED. `names` are the ways to write the image: words inside a name say nothing about the cause."""
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    text = message
    for name in sorted({name for name in names if len(name) > 3 and name in text}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", " ", text)
    text = _QUOTED.sub('""', _URL.sub(" ", text))
    return next((cause for cause, pattern in _BY_TEXT if pattern.search(text)), "unknown")


def shown(message: str) -> str:
    """The message in one short line, without what may stand in a URL and is secret: user information and queries."""
    line = " ".join(_URL.sub(lambda url: _SECRETS.sub("", url.group()), message).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
