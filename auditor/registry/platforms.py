"""The entries of an index, and what is known of those platforms that nodes run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from auditor.evidence import Child, Platform, Unavailable
from auditor.registry import configuration
from auditor.registry.client import Repository
from auditor.registry.documents import Descriptor, Document
from auditor.registry.fault import Unanswered

_TEXT = 128
T = TypeVar("T")


class Ask(Protocol):
    """Asks wherever a repository is to be had."""

    def __call__(self, question: Callable[[Repository], T]) -> T: ...


def child_of(entry: Descriptor) -> Child:
    """An entry as evidence, texts cut."""
    platform = entry.platform
    annotations = entry.annotations or {}
    attestation = annotations.get("vnd.docker.reference.type") == "attestation-manifest"
    return Child(
        entry.digest,
        f"{platform.os}/{platform.architecture}"[:_TEXT] if platform else "",
        (platform.variant or "")[:_TEXT] if platform else "",
        (platform.os_version or "")[:_TEXT] if platform else "",
        (entry.media_type or "")[:_TEXT],
        annotations.get("vnd.docker.reference.digest", "unknown")[:_TEXT] if attestation else "",
    )


def needed(children: Sequence[Child], wanted: Iterable[str]) -> list[Child]:
    """One entry for each wanted platform: of several the first, as runtimes choose; if there is none at all, the first
    image, so that something is known of it."""
    images = [child for child in children if not child.attests]
    found = [next((child for child in images if child.platform == platform), None) for platform in wanted]
    return list(dict.fromkeys(child for child in found if child)) or images[:1]


def platform_of(ask: Ask, child: Child) -> Platform:
    """The facts of an index's entry, or why there are none; what the registry no longer has, no cache brings back."""
    try:
        manifest = ask(lambda repository: repository.current(child.digest))
        if manifest.is_index:
            raise Unanswered("unsupported", "an index within an index")
    except Unanswered as fault:
        return Platform(child.digest, child.platform, child.variant, unavailable=fault.why)
    made = single(ask, child.digest, manifest)
    if made.unavailable:
        return Platform(child.digest, child.platform, child.variant, unavailable=made.unavailable)
    return made


def single(ask: Ask, digest: str, manifest: Document) -> Platform:
    """The facts of a manifest of one platform."""
    config = manifest.config
    if config is None or config.media_type not in configuration.TYPES:
        return Platform(digest, unavailable=Unavailable("unsupported", "it is an artifact, and no container image"))
    try:
        facts = ask(
            lambda repository: repository.facts(config.digest, configuration.BOUND, configuration.read, Platform)
        )
    except Unanswered as fault:
        return Platform(digest, unavailable=fault.why)
    return configuration.with_manifest(facts, digest, manifest)
