"""Kubewarden's policy modules: which read images, and what the known ones make of an image."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from msgspec import Struct

from auditor.enforcement.chain import Goal
from auditor.enforcement.fields import items, mapping, strings, text, texts
from auditor.enforcement.outcomes import Outcome
from auditor.image import MalformedReference, Reference, parse

TRUSTED_REPOS, SIGNATURES = "trusted-repos", "verify-image-signatures"
_ALL = frozenset(Goal)
# Modules of github.com/kubewarden/policies that say nothing about where images come from or who signed them.
_NOT_IMAGES = frozenset(
    (
        "allow-privilege-escalation-psp allowed-fsgroups-psp allowed-proc-mount-types-psp annotations apparmor-psp "
        "capabilities-psp container-resources container-running-as-user context-aware-demo deprecated-api-versions "
        "disallow-service-loadbalancer disallow-service-nodeport "
        "do-not-expose-admission-controller-webhook-services echo "
        "env-variable-secrets-scanner environment-variable flexvolume-drivers-psp high-risk-service-account "
        "host-namespaces-psp hostpaths-psp image-cve ingress labels namespace-label-propagator ns-policyserver-mapper "
        "persistentvolumeclaim-storageclass pod-ndots pod-privileged pod-runtime-class priority-class probes "
        "psp-apparmor psp-capabilities psp-user-group psa-label-enforcer rancher-project-propagate-labels "
        "rancher-project-quotas-namespace-validator readonly-root-filesystem-psp runtime-enforcer safe-annotations "
        "safe-labels seccomp-psp selinux-psp share-pid-namespace sleeping sysctl-psp unique-ingress "
        "unique-service-selector user-group-psp verify-scc volumemounts volumes-psp"
    ).split()
)
# Modules that run the code in their settings.
_INTERPRETERS = frozenset({"cel", "kyverno-dsl"})
_ABOUT_IMAGES = re.compile(r"image|registr|digest|signature", re.IGNORECASE)


class Module(Struct, frozen=True):
    """A module and its settings. `goals` are those that it may serve; none where it says nothing about images."""

    name: str
    settings: dict[str, Any]
    goals: frozenset[Goal]


def module(spec: dict[str, Any]) -> Module:
    """The module that a policy, or a member of a group, names; known by the last segment of its address."""
    address = text(spec.get("module")).partition("@")[0]
    last = address.rstrip("/").rpartition("/")[2].partition(":")[0].lower()
    name = last.removesuffix(".wasm").removesuffix("-policy").replace("_", "-")
    settings = mapping(spec.get("settings"))
    return Module(name, settings, _goals(name, settings))


def decide(used: Module, image: str) -> Outcome:
    """What a module makes of an unsigned image."""
    try:
        reference = parse(image)
    except MalformedReference:
        return Outcome.UNKNOWN
    if used.name == TRUSTED_REPOS:
        return _trusted(used.settings, reference)
    if used.name == SIGNATURES:
        return _verified(used.settings, image, reference)
    return Outcome.UNKNOWN if used.goals else Outcome.LET_IN


def allowed(used: Module) -> tuple[str, ...] | None:
    """The registries and images that trusted-repos lets in, None where that is no allowlist of one kind."""
    registries = texts(mapping(used.settings.get("registries")).get("allow"))
    images = texts(mapping(used.settings.get("images")).get("allow"))
    if used.name != TRUSTED_REPOS or bool(registries) == bool(images):
        return None
    try:
        return tuple(sorted({*registries, *(parse(image).name for image in images)}))
    except MalformedReference:
        return None


def loose(used: Module) -> tuple[str, ...]:
    """Allowed images of Docker Hub: the module compares the path alone too, and lets it in from any registry.

    Source: kubewarden trusted-repos-policy src/validation.rs (matches_loose).
    """
    found = []
    for image in texts(mapping(used.settings.get("images")).get("allow")) if used.name == TRUSTED_REPOS else ():
        try:
            reference = parse(image)
        except MalformedReference:
            continue
        if reference.registry == "docker.io" and reference.tag is None and reference.digest is None:
            found.append(image)
    return tuple(found)


def _goals(name: str, settings: dict[str, Any]) -> frozenset[Goal]:
    if name == TRUSTED_REPOS:
        return frozenset({Goal.REGISTRIES})
    if name == SIGNATURES:
        return frozenset({Goal.SIGNATURES, Goal.REGISTRIES})
    if name in _NOT_IMAGES:
        return frozenset()
    if name in _INTERPRETERS:
        return _ALL if any(_ABOUT_IMAGES.search(found) for found in strings(settings)) else frozenset()
    return _ALL


def _trusted(settings: dict[str, Any], image: Reference) -> Outcome:
    """Registries are compared whole, images by path or by registry and path; lists that are empty allow all.

    Source: kubewarden trusted-repos-policy src/validation.rs.
    """
    if any(not isinstance(settings.get(key), dict | None) for key in ("registries", "images", "tags")):
        return Outcome.UNKNOWN
    registries, images = mapping(settings.get("registries")), mapping(settings.get("images"))
    lists = [part.get(key) for part in (registries, images) for key in ("allow", "reject")]
    if any(found is not None and (items(found) != found or len(texts(found)) != len(found)) for found in lists):
        return Outcome.UNKNOWN
    if registries.get("allow") and image.registry not in registries["allow"]:
        return Outcome.DENIED
    if image.registry in texts(registries.get("reject")):
        return Outcome.DENIED
    if images.get("allow") and not _named(images["allow"], image):
        return Outcome.DENIED
    return Outcome.DENIED if _named(texts(images.get("reject")), image) else Outcome.LET_IN


def _named(images: list[str], image: Reference) -> bool:
    """Whether a list names the image: whole, or without tag and digest."""
    wanted = {f"{image.name}:latest", f"docker.io/{image.repository}:latest", str(image)}
    if "/" not in image.repository:
        wanted.add(f"docker.io/library/{image.repository}:latest")
    for name in images:
        try:
            found = parse(name)
        except MalformedReference:
            continue
        if (str(found) if found.digest else f"{found.name}:{found.effective_tag}") in wanted:
            return True
    return False


def _verified(settings: dict[str, Any], image: str, reference: Reference) -> Outcome:
    """Every signature whose pattern matches the image as written must verify; others are let in.

    Source: kubewarden verify-image-signatures src/lib.rs (verify_container_images); settings without signatures are
    refused when the policy is loaded.
    """
    signatures = settings.get("signatures")
    if not isinstance(signatures, list) or not signatures:
        return Outcome.UNKNOWN
    patterns = [mapping(signature).get("image") for signature in signatures]
    if not all(isinstance(pattern, str) for pattern in patterns):
        return Outcome.UNKNOWN
    compiled = [_compiled(pattern) for pattern in patterns]
    if None in compiled:
        return Outcome.UNKNOWN
    found = [any(pattern.fullmatch(way) for pattern in compiled if pattern) for way in _ways(image, reference)]
    return Outcome.VERIFIED if all(found) else Outcome.LET_IN


def _ways(image: str, reference: Reference) -> set[str]:
    """How the author of a pod may write the image; the module compares the text."""
    if reference.registry != "docker.io":
        return {image}
    bare = image.removeprefix("docker.io/")
    return {f"docker.io/{bare}", f"index.docker.io/{bare}", bare, bare.removeprefix("library/")}


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    pattern = re.sub(r"\*+", "*", pattern)
    if pattern.count("*") > 12:
        return None
    return re.compile("".join({"*": ".*", "?": "."}.get(sign) or re.escape(sign) for sign in pattern), re.DOTALL)
