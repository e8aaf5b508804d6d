"""What checks run on, made from the Snapshot: image uses, cached images, the API server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import msgspec

from auditor.image import MalformedReference, Reference, parse
from auditor.model import (
    Container,
    ControlPlanePod,
    DebugContainer,
    Node,
    NodeImage,
    Owner,
    PullSecret,
    RunningImage,
    Shape,
    Snapshot,
    WaitingImage,
)

# What containerd names an image that came from an archive: it tells the day of the import, not a repository.
_IMPORTED = re.compile(r"docker\.io/library/import-\d{4}-\d{2}-\d{2}", re.ASCII)


class ImageUse(msgspec.Struct, frozen=True, dict=True):
    """One image of one container of one root owner: in its template, in its pods, or in both.

    `image` is the string of the spec. During a rollout a container has several image uses; those of one repository are
    one subject. `reference` is None where the string is no image reference; `malformed` then says why.
    """

    owner: Owner
    container: str
    image: str
    places: tuple[tuple[Shape, Container], ...]

    @property
    def namespace(self) -> str:
        return self.owner.namespace

    @cached_property
    def _parsed(self) -> tuple[Reference | None, str]:
        try:
            return parse(self.image), ""
        except MalformedReference as error:
            return None, str(error)

    @property
    def reference(self) -> Reference | None:
        return self._parsed[0]

    @property
    def malformed(self) -> str:
        return self._parsed[1]

    @property
    def repository(self) -> str:
        """`registry/repository`; of what does not parse, the string up to what looks like a tag or digest."""
        if self.reference:
            return self.reference.name
        name = self.image.partition("@")[0]
        folder, slash, last = name.rpartition("/")
        return f"{folder}{slash}{last.partition(':')[0]}"

    @cached_property
    def normalised(self) -> str:
        return str(self.reference) if self.reference else self.image

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(container.role for _, container in self.places)

    @property
    def is_volume(self) -> bool:
        return "volume" in self.roles

    @property
    def static(self) -> bool:
        """Whether it is a static pod's: those have no template, no injection and no service account."""
        return all(shape.static for shape, _ in self.places)

    @property
    def pods(self) -> int:
        return sum(shape.pods for shape, _ in self.places)

    @property
    def pull_policies(self) -> tuple[str, ...]:
        """The effective policies, each once, the template's first: what is not stored is what the API server sets."""
        return tuple(dict.fromkeys(self._policy(container) for _, container in self.places))

    def _policy(self, container: Container) -> str:
        """The API server's default looks at the tag first: `latest` beside a digest is Always too."""
        if container.pull_policy:
            return container.pull_policy
        latest = self.reference is not None and (self.reference.effective_tag == "latest")
        return "Always" if latest else "IfNotPresent"

    def running(self) -> Iterator[tuple[Shape, RunningImage]]:
        """What runs of it, with the shape that tells the revision."""
        for shape, container in self.places:
            for running in shape.running:
                if running.container == container.name:
                    yield shape, running

    def waiting(self) -> Iterator[WaitingImage]:
        for shape, container in self.places:
            yield from (waiting for waiting in shape.waiting if waiting.container == container.name)

    def debug(self) -> Iterator[DebugContainer]:
        for shape, container in self.places:
            if container.role == "ephemeral":
                yield from (debug for debug in shape.debug if debug.container == container.name)


def image_uses(owner: Owner) -> tuple[ImageUse, ...]:
    """The image uses of an owner, those of its template first."""
    places: dict[tuple[str, str], list[tuple[Shape, Container]]] = {}
    for shape in owner.shapes:
        for container in shape.containers:
            places.setdefault((container.name, container.image), []).append((shape, container))
    return tuple(ImageUse(owner, name, image, tuple(found)) for (name, image), found in places.items())


class CachedImage(msgspec.Struct, frozen=True):
    """An entry of one node's image list under one repository: that repository's tags and digests in it."""

    node: Node
    image: NodeImage
    tags: tuple[str, ...]
    digests: tuple[str, ...]


class NodeRepository(msgspec.Struct, frozen=True):
    """One repository as the nodes cache it. `reference` has neither tag nor digest."""

    name: str
    reference: Reference
    cached: tuple[CachedImage, ...]


_Names = tuple[Reference, tuple[str, ...], tuple[str, ...]]
"""Of an image's names those of one repository: its reference without tag and digest, the tags, the digests."""


class NodeTag(msgspec.Struct, frozen=True):
    """One tag as the nodes cache it: by platform, the digests of its repository that stand beside it on each node."""

    name: str
    reference: Reference
    cached: tuple[CachedImage, ...]


def node_repositories(snapshot: Snapshot) -> tuple[NodeRepository, ...]:
    found: dict[str, tuple[Reference, list[CachedImage]]] = {}
    read: dict[tuple[str, ...], list[_Names]] = {}  # most nodes cache the same images
    for node in snapshot.nodes:
        for image in node.images:
            if image.names not in read:
                read[image.names] = list(_by_repository(image.names))
            for bare, tags, digests in read[image.names]:
                found.setdefault(bare.name, (bare, []))[1].append(CachedImage(node, image, tags, digests))
    return tuple(NodeRepository(name, bare, tuple(cached)) for name, (bare, cached) in sorted(found.items()))


def _by_repository(names: tuple[str, ...]) -> Iterator[_Names]:
    by_name: dict[str, list[Reference]] = {}
    for name in names:
        try:
            reference = parse(name)
        except MalformedReference:
            continue
        if not _IMPORTED.fullmatch(reference.name):
            by_name.setdefault(reference.name, []).append(reference)
    for references in by_name.values():
        tags = tuple(sorted({r.tag for r in references if r.tag}))
        digests = tuple(sorted({r.digest for r in references if r.digest}))
        yield msgspec.structs.replace(references[0], tag=None, digest=None), tags, digests


def node_tags(repositories: tuple[NodeRepository, ...]) -> tuple[NodeTag, ...]:
    tags = []
    for repository in repositories:
        for tag in sorted({tag for cached in repository.cached for tag in cached.tags}):
            reference = msgspec.structs.replace(repository.reference, tag=tag)
            cached = tuple(cached for cached in repository.cached if tag in cached.tags)
            tags.append(NodeTag(str(reference), reference, cached))
    return tuple(tags)


class Cluster(msgspec.Struct, frozen=True):
    """The cluster as one subject. `collected_at` is RFC 3339, None where nothing may be judged by age."""

    version: str
    collected_at: str | None


class ApiServer(msgspec.Struct, frozen=True):
    """The control plane's API server: all its pods, and those of the other control-plane components."""

    pods: tuple[ControlPlanePod, ...]
    components: tuple[ControlPlanePod, ...]
    version: str


class Credential(msgspec.Struct, frozen=True):
    """One registry credential and every secret that holds it, by namespace and name."""

    number: int
    secrets: tuple[PullSecret, ...]


def credentials(secrets: tuple[PullSecret, ...]) -> tuple[Credential, ...]:
    holders: dict[int, dict[PullSecret, None]] = {}
    for secret in secrets:
        for entry in secret.content.entries:
            if entry.same_as:
                holders.setdefault(entry.same_as, {})[secret] = None
    return tuple(Credential(number, tuple(found)) for number, found in sorted(holders.items()))
