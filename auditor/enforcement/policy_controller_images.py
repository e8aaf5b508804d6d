"""ClusterImagePolicies of sigstore's policy-controller: which images they match, and what they make of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from msgspec import Struct

from auditor.enforcement.fields import condition, items, mapping, mappings, text, texts
from auditor.enforcement.outcomes import Outcome, strictest
from auditor.enforcement.selectors import matches
from auditor.image import DOCKER_HUB, Entry, MalformedReference, parse_entry
from auditor.model import PolicyObject

_VALID = re.compile(r"[a-zA-Z0-9\-_:/*.@]+", re.ASCII)
_ALIASES = {"*/*": "index.docker.io/*/*", "*": "index.docker.io/library/*"}


class ImagesPolicy(Struct, frozen=True):
    """A ClusterImagePolicy as its controller uses it.

    `outcome` is what it makes of an image that it matches and that nobody signed; None where it takes no part at all.
    `labelled`: it applies to pods by labels that their authors choose.
    """

    name: str
    globs: tuple[str, ...]
    outcome: Outcome | None
    warns: bool = False
    broken: str = ""
    labelled: bool = False
    anyone: bool = False
    static: bool = False

    def covers(self, image: str) -> bool | None:
        """Whether it matches an image; None where a glob of it is not one."""
        found = [_match(glob, image) for glob in self.globs]
        return True if True in found else None if None in found else False


def read(policy: PolicyObject, *, manifest: bool) -> ImagesPolicy:
    """What a ClusterImagePolicy does to pods. In a manifest a missing status says nothing against it."""
    spec = policy.spec
    applies, labelled = _applies(spec.get("match"))
    broken, certain = _broken(policy, manifest)
    warns = spec.get("mode") == "warn"
    outcome: Outcome | None = _authorities(spec)
    if broken or applies is False:
        outcome = None if certain or applies is False else Outcome.UNKNOWN
    elif applies is None or spec.get("mode") not in (None, "", "enforce", "warn"):
        outcome = Outcome.UNKNOWN
    elif warns:
        outcome = Outcome.LET_IN
    authorities = mappings(spec.get("authorities"))
    return ImagesPolicy(
        name=policy.name,
        globs=tuple(text(pattern.get("glob")) for pattern in mappings(spec.get("images"))),
        outcome=outcome,
        warns=warns,
        broken=broken,
        labelled=labelled,
        anyone=any(_anyone(authority) for authority in authorities),
        static=any(_static(authority) == "pass" for authority in authorities) and not spec.get("policy"),
    )


def decide(image: str, policies: tuple[ImagesPolicy, ...], no_match: str) -> Outcome:
    """What becomes of a normalised image: every policy that matches has to accept it.

    Source: policy-controller pkg/webhook/validator.go (validateContainerImage) and pkg/apis/config/image_policies.go.
    `no_match` is deny, warn or allow; empty where it is not known.
    """
    named = hub(image)
    outcomes: list[Outcome] = []
    doubt = False
    for policy in policies:
        covers = policy.covers(named) if policy.outcome else False
        if covers and policy.outcome:
            outcomes.append(policy.outcome)
        doubt = doubt or covers is None
    if outcomes and (not doubt or strictest(outcomes) in (Outcome.DENIED, Outcome.VERIFIED)):
        return strictest(outcomes)
    if doubt:
        return Outcome.UNKNOWN
    return {"deny": Outcome.DENIED, "warn": Outcome.LET_IN, "allow": Outcome.LET_IN}.get(no_match, Outcome.UNKNOWN)


def hub(image: str) -> str:
    """The name as go-containerregistry writes it, which globs are compared with: Docker Hub is index.docker.io."""
    return f"index.{image}" if image.startswith(f"{DOCKER_HUB}/") else image


def entry(glob: str) -> Entry | None:
    """The policy entry that covers just what a glob matches, None where no entry does."""
    for ending in ("/**", ":*", "@*", ":**", "@**"):
        if glob.endswith(ending):
            glob = glob.removesuffix(ending)
            break
    try:
        return parse_entry(glob)
    except MalformedReference:
        return None


def open_ended(glob: str) -> bool:
    """Whether the glob ends in the middle of a name, so that neighbours match too (`gcr.io/corp*`)."""
    stem = glob.rstrip("*")
    return stem not in ("", glob) and not stem.endswith(("/", ":", "@"))


@lru_cache(maxsize=4096)
def _compiled(glob: str) -> re.Pattern[str] | None:
    """`*` stays within a path segment, `**` does not. Source: policy-controller pkg/apis/glob/glob.go."""
    glob = _ALIASES.get(glob, glob)
    if not _VALID.fullmatch(glob):
        return None
    parts = re.split(r"(\*\*|\*)", re.sub(r"\*{3,}", _collapse, glob))
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part) or re.escape(part) for part in parts))


def _collapse(stars: re.Match[str]) -> str:
    # Any run that holds `**` matches as `**` does; shorter patterns do not backtrack as much.
    return "**"


def _match(glob: str, image: str) -> bool | None:
    if glob.count("*") > 12:  # more than anybody needs, and a cost that grows with each
        return None
    pattern = _compiled(glob)
    return None if pattern is None else pattern.fullmatch(image) is not None


def _applies(match: Any) -> tuple[bool | None, bool]:
    """Whether it applies to a plain pod, and whether labels decide about pods."""
    if not items(match):
        return (True, False) if match in (None, []) else (None, False)
    found: list[bool | None] = []
    labelled = False
    for resource in items(match):
        if not isinstance(resource, dict):
            return None, False
        if resource.get("resource") != "pods" or text(resource.get("group")):
            continue
        if resource.get("version") not in ("v1", "*"):
            continue
        selector = resource.get("selector")
        labelled = labelled or bool(selector)
        found.append(matches(selector, {}))
    return (True if True in found else None if None in found else False), labelled


def _authorities(spec: dict[str, Any]) -> Outcome:
    """One authority that accepts is enough. Without any, releases of the controller differ in what they do."""
    found = items(spec.get("authorities"))
    outcomes = [_authority(authority) for authority in found]
    if not outcomes or Outcome.UNKNOWN in outcomes:
        return Outcome.UNKNOWN
    if Outcome.LET_IN in outcomes:
        return Outcome.UNKNOWN if spec.get("policy") else Outcome.LET_IN
    return Outcome.VERIFIED if Outcome.VERIFIED in outcomes else Outcome.DENIED


def _authority(authority: Any) -> Outcome:
    if not isinstance(authority, dict):
        return Outcome.UNKNOWN
    if authority.get("static") is not None:
        return {"pass": Outcome.LET_IN, "fail": Outcome.DENIED}.get(_static(authority), Outcome.UNKNOWN)
    if isinstance(authority.get("key"), dict) or isinstance(authority.get("keyless"), dict):
        return Outcome.VERIFIED
    return Outcome.UNKNOWN


def _static(authority: dict[str, Any]) -> str:
    return text(mapping(authority.get("static")).get("action"))


def _anyone(authority: dict[str, Any]) -> bool:
    """Whether any certificate of the issuing authority will do, whoever asked for it."""
    return any(
        identity.get("subjectRegExp") in (".*", "^.*$", ".+", "^.+$") and not text(identity.get("subject"))
        for identity in mappings(mapping(authority.get("keyless")).get("identities"))
    )


def _broken(policy: PolicyObject, manifest: bool) -> tuple[str, bool]:
    """Why its controller does not use it, and whether that is certain.

    The controller takes a policy out of use whose keys or policies it cannot inline: policy-controller
    pkg/reconciler/clusterimagepolicy/clusterimagepolicy.go.
    """
    ready = condition(policy.status, "Ready")
    observed = policy.status.get("observedGeneration")
    if ready == "False":
        failed = [c for c in mappings(policy.status.get("conditions")) if c.get("status") == "False"]
        return f"its condition {'/'.join(texts([c.get('type') for c in failed]))} is False", True
    if isinstance(observed, int) and policy.generation is not None and observed < policy.generation:
        return "its controller has not read it since it was changed", False
    if ready == "True" or (manifest and not policy.status):
        return "", True
    return "its status does not say that it is ready", False
