"""Evidence for every distinct image of a snapshot, each thing asked for once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import dropwhile
from typing import TypeVar

import msgspec
from msgspec import Struct

from auditor.evidence import ImageEvidence
from auditor.images import Image, images
from auditor.model import Snapshot
from auditor.registry import material
from auditor.registry.access import Access, Services
from auditor.registry.addresses import Source, sources
from auditor.registry.budget import THREADS
from auditor.registry.cache import Cache
from auditor.registry.client import Repository
from auditor.registry.documents import Document
from auditor.registry.domains import payer
from auditor.registry.fault import Unanswered
from auditor.registry.login import CredentialSource, NoCredentials
from auditor.registry.patience import PER_HOST
from auditor.registry.platforms import child_of, needed, platform_of, single
from auditor.registry.settings import Settings
from auditor.registry.turns import Turns
from auditor.scope import Scope
from auditor.sources import workers
from auditor.subjects import ImageUse, image_uses

_USUAL = "linux/amd64"
T = TypeVar("T")


class Asked(Struct, frozen=True):
    """What to ask through, and who has credentials."""

    services: Services
    cache: Cache
    credentials: CredentialSource = NoCredentials()
    settings: Settings = Settings()


def gather(snapshot: Snapshot, asked: Asked, done: Callable[[], object] = lambda: None) -> tuple[ImageEvidence, ...]:
    """The rows of the images that the snapshot's workloads use, in order. Raises nothing for a registry's sake.

    `done` is called after each image. Namespaces that the snapshot leaves out of the audit lend no login either.
    """
    scope = Scope(snapshot.cluster.only, snapshot.cluster.exclude)
    owners = [owner for owner in snapshot.owners if scope.holds(owner.namespace)]
    found = images(use for owner in owners for use in image_uses(owner))
    usual = tuple(sorted({node.platform for node in snapshot.nodes if node.platform})) or (_USUAL,)
    run = _Run(asked, found, usual)
    run.each(found, partial(run.image, done=done))
    run.each([image for image in found if image.digest], run.foreign)
    return tuple(run.rows[key] for key in sorted(run.rows))


class _Run:
    """What one run has asked so far. Threads share it."""

    def __init__(self, asked: Asked, found: Sequence[Image], usual: tuple[str, ...]) -> None:
        self.rows: dict[tuple[str, str, str], ImageEvidence] = {}
        self._asked = asked
        self._usual = usual
        # By repository: which of its images is asked for first is up to the threads, and shall change nothing.
        self._uses: dict[str, list[ImageUse]] = {}
        self._platforms: dict[str, set[str]] = {}
        for registry, number in Counter(image.reference.registry for image in found).items():
            asked.services.budgets.expect(registry, number)
        for image in found:
            self._uses.setdefault(image.repository, []).extend(image.uses)
            self._platforms.setdefault(image.repository, set()).update(image.platforms)
        self._room = material.room(len(found))
        self._turns: Turns[Image] = Turns(PER_HOST, asked.services.clock)
        self._ends = asked.services.budgets.begin()
        self._lock = threading.Lock()
        self._repositories: dict[Source, Repository] = {}

    def each(self, found: Iterable[Image], ask: Callable[[Image], None]) -> None:
        """Asks for images in a few threads."""

        def one() -> None:
            with self._turns.next() as image:
                ask(image)

        number = self._turns.put((_path(image), image) for image in found)
        workers.run([one] * number, THREADS, self._asked.services.patience.stop)

    def image(self, image: Image, done: Callable[[], object]) -> None:
        """Asks for an image: for its digest, and for what its tags name now unless all specs pin it."""
        with self._in_time(image):
            if image.digest is not None:
                self._content(image, image.digest)
            unpinned = [use for use in image.uses if use.reference and use.reference.digest is None]
            for tag in sorted({use.reference.effective_tag or "" for use in unpinned if use.reference}):
                self._tag(image, tag)
        done()

    def foreign(self, image: Image) -> None:
        """Asks for what runs of a pinned image and is none of its manifests: another index of them, or other content.

        When all images have been asked for, so that it does not depend on their order.
        """
        row = self.rows[image.repository, "", image.digest or ""]
        known = {row.digest, *(child.digest for child in row.children)}
        with self._in_time(image):
            for digest in image.digests:
                if digest not in known and not row.unavailable:
                    self._content(image, digest)

    @contextmanager
    def _in_time(self, image: Image) -> Iterator[None]:
        services = self._asked.services
        with (
            services.budgets.image(image.reference.registry, self._ends) as allowed,
            services.patience.within(allowed),
        ):
            yield

    def _tag(self, image: Image, tag: str) -> None:
        row = ImageEvidence(image.repository, tag=tag)
        if not self._claim((image.repository, tag, ""), row):
            return
        try:
            repository, digest = self._anywhere(image, lambda repository: repository.digest(tag))
        except Unanswered as fault:
            self._set((image.repository, tag, ""), msgspec.structs.replace(row, unavailable=fault.why))
            return
        self._set((image.repository, tag, ""), msgspec.structs.replace(row, digest=digest))
        self._content(image, digest, repository)

    def _content(self, image: Image, digest: str, at: Repository | None = None) -> None:
        """`at`: where a tag was found to name it a moment ago. Of a pinned one that it is there is the question."""
        key = (image.repository, "", digest)
        row = ImageEvidence(image.repository, digest=digest)
        if not self._claim(key, row):
            return

        def manifest_of(repository: Repository) -> Document:
            if repository is not at:
                repository.digest(digest)
            return repository.manifest(digest)

        try:
            repository, manifest = self._anywhere(image, manifest_of, at)
            row = self._filled(row, image, repository, manifest)
        except Unanswered as fault:
            row = msgspec.structs.replace(row, unavailable=fault.why)
        self._set(key, row)

    def _filled(self, row: ImageEvidence, image: Image, repository: Repository, manifest: Document) -> ImageEvidence:
        def ask(question: Callable[[Repository], T]) -> T:
            return self._anywhere(image, question, repository)[1]

        children = tuple(child_of(entry) for entry in manifest.manifests or ())
        if manifest.is_index:
            wanted = sorted(self._platforms[row.repository]) or self._usual
            platforms = tuple(platform_of(ask, entry) for entry in needed(children, wanted))
        else:
            platforms = (single(ask, row.digest, manifest),)
        beside = material.gather(repository, row.digest, self._room)
        return msgspec.structs.replace(
            row,
            media_type=manifest.kind,
            children=children,
            platforms=platforms,
            referrers=beside.referrers,
            referrers_unavailable=beside.referrers_unavailable,
            signatures=beside.signatures,
            signatures_unavailable=beside.signatures_unavailable,
        )

    def _anywhere(
        self, image: Image, ask: Callable[[Repository], T], at: Repository | None = None
    ) -> tuple[Repository, T]:
        """The answer of the first place that has a usable one: mirrors first, the registry itself last. `at`: where
        other answers came from, which is the first to be asked then."""
        self._asked.services.patience.ensure()  # before secrets are read for nothing
        said = self._asked.settings
        uses = self._uses[image.repository]
        places = sources(image.reference, said.mirrors, said.plain_http)
        faults: list[Unanswered] = []
        for repository in dropwhile(lambda place: at not in (None, place), (self._repository(p, uses) for p in places)):
            try:
                return repository, ask(repository)
            except Unanswered as fault:
                faults.append(fault)
        raise _of_all(faults)

    def _repository(self, source: Source, uses: Sequence[ImageUse]) -> Repository:
        with self._lock:
            found = self._repositories.get(source)
        if found is None:
            credentials = self._asked.credentials.for_image(source.reference, uses)
            access = Access(source, self._asked.services, credentials)
            with self._lock:
                found = self._repositories.setdefault(source, Repository(access, self._asked.cache))
        return found

    def _claim(self, key: tuple[str, str, str], row: ImageEvidence) -> bool:
        """Whether nobody asks for it yet."""
        with self._lock:
            return self.rows.setdefault(key, row) is row

    def _set(self, key: tuple[str, str, str], row: ImageEvidence) -> None:
        with self._lock:
            self.rows[key] = row


def _of_all(faults: Sequence[Unanswered]) -> Unanswered:
    """The registry's own word counts; what was wrong with a mirror is told beside it."""
    *mirrors, own = faults
    wrong = next((fault for fault in mirrors if fault.why.kind != "not-found"), None)
    return Unanswered(own.why.kind, f"{own.why.detail}; its mirror: {wrong.why.detail}") if wrong else own


def _path(image: Image) -> tuple[str, ...]:
    """Whose turn it is when it is the image's: of the namespace that alone names it, of its registry's domain, of its
    registry."""
    namespaces = {use.namespace for use in image.uses}
    registry = image.reference.registry
    return (namespaces.pop() if len(namespaces) == 1 else "", payer(registry), registry)
