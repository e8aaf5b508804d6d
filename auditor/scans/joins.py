"""Which scan is about which image, and how that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from auditor.coverage import Gaps, Unread
from auditor.evidence import Evidence
from auditor.images import Image, Run
from auditor.model import SCAN_RESULTS, Snapshot
from auditor.scans.contents import unpacked
from auditor.scans.results import FUTURE, Scan, Vulnerability, moment
from auditor.scans.running import apart, image_ids, operator_names, told

How = Literal["workload", "digest", "image ID", "tag"]
"""Its own container, by a scan of the cluster; the same content; the same configuration; the name alone, where nobody
says what content was scanned or runs."""

GIVEN = SCAN_RESULTS[1]
_CONTENT = ("digest", "image ID")


class Joined(Struct, frozen=True):
    """The results that count for an image: of the newest scan of everything that runs of it, of all where several are
    equally new, and of the same scanner's scans of the image's manifests for other platforms. The first is the newest.
    `contents` are what they found, packed.

    `unscanned` are those of the image's runs that no scan is about: `DIGEST on PLATFORM`. `certain`: the
    registry's indexes say so; else what was scanned might be an index of them.
    """

    how: How
    scans: tuple[Scan, ...]
    contents: tuple[bytes | Raw, ...]
    unscanned: tuple[str, ...] = ()
    certain: bool = True

    @property
    def scan(self) -> Scan:
        return self.scans[0]

    @property
    def found(self) -> tuple[Vulnerability, ...]:
        """Made anew at each call: all of a cluster's at once would be a gigabyte."""
        return unpacked(*self.contents)


class Other(Struct, frozen=True):
    """A scan of the image's name that is of other content than what runs. `certain`: the registry's indexes say so;
    else one digest might be an index, and the other of a platform in it."""

    scan: Scan
    certain: bool


class Scans:
    """The scan results of a snapshot, to be asked about images."""

    def __init__(self, snapshot: Snapshot, gaps: Gaps, evidence: Evidence) -> None:
        self._gaps = gaps
        self._evidence = evidence
        self._results = snapshot.scans
        self._coverage = snapshot.coverage
        now = moment(snapshot.cluster.collected_at)
        latest = (now + FUTURE).strftime("%Y-%m-%dT%H:%M:%SZ") if now else None
        scans = [
            msgspec.structs.replace(scan, at=None) if latest and scan.at and scan.at > latest else scan
            for scan in self._results.scans
        ]
        self._by_content: dict[str, list[Scan]] = {}
        self._by_tag: dict[str, list[Scan]] = {}
        self._by_container: dict[tuple[str, str, str, str], list[Scan]] = {}
        self._nameless = [scan for scan in scans if scan.digests and not scan.tags][:1]
        for scan in scans:
            for digest in filter(None, dict.fromkeys((*scan.digests, scan.image_id))):
                self._by_content.setdefault(digest, []).append(scan)
            for tag in scan.tags:
                self._by_tag.setdefault(tag, []).append(scan)
            if scan.container:
                of = scan.container
                self._by_container.setdefault((of.namespace, of.kind, of.name, of.container), []).append(scan)

    def of(self, image: Image) -> Joined | None:
        """The results that count for an image, None where none is about it; that proves nothing: see `require`.

        A scan that is known to be of this content beats one of its name; then the newest counts, an undated one last.
        Of what runs under several digests or on several platforms, each needs one.
        """
        joined: dict[Scan, How] = {}
        for scan, how in self._candidates(image):
            joined.setdefault(scan, how)
        if not joined:
            return None
        ranked = sorted(joined, key=lambda scan: (scan.scanner, scan.origin))
        ranked.sort(key=lambda scan: scan.at or "", reverse=True)
        ranked.sort(key=lambda scan: joined[scan] not in _CONTENT)
        counted: set[Scan] = set()
        parts: list[Run | None] = [*apart(image.runs)] or [None]
        unscanned: list[Run] = []
        for run in parts:
            about = [
                scan for scan in ranked if run is None or joined[scan] != "digest" or self._covers(image, run, scan)
            ]
            counted.update(self._counted(about, joined))
            if run and not about:
                unscanned.append(run)
        scans = tuple(scan for scan in ranked if scan in counted) or tuple(ranked[:1])
        return Joined(
            joined[scans[0]],
            scans,
            tuple(self._results.rows[content] for content in dict.fromkeys(scan.content for scan in scans)),
            tuple(map(told, unscanned)),
            self._other_content(image, unscanned, scans),
        )

    def others(self, image: Image) -> tuple[Other, ...]:
        """The scans of the image's name that are of other content, the newest first; and such as bear no name, where
        nobody knows what is in the index that runs: Clair's are of single platforms."""
        found = [
            Other(scan, certain=self._same(image, scan) is False)
            for scan in self._named(image)
            if not self._fits(image, scan)
        ]
        if any(self._evidence.content(image.repository, digest) is None for digest in image.digests):
            found += [Other(scan, certain=False) for scan in self._nameless]
        return tuple(sorted(found, key=lambda other: other.scan.at or "", reverse=True))

    def require(self) -> None:
        """Raises Unread where there may be results that were not read, or nobody has any.

        Who gives files of results need not collect an operator's, too.
        """
        asked = [resource for resource in SCAN_RESULTS if self._asked(resource)]
        if not asked:
            raise Unread(GIVEN, None, "excluded", "neither given nor in the cluster")
        for resource in asked:
            self._gaps.require(resource)

    def require_given(self) -> None:
        """Raises Unread where some of what was given could not be used: it may be the newest of any image."""
        if any(row.resource == GIVEN and row.state == "failed" for row in self._coverage):
            self._gaps.require(GIVEN)

    def _asked(self, resource: str) -> bool:
        states = {row.state for row in self._coverage if row.resource == resource}
        return not states <= {"absent", "excluded"}

    def _counted(self, ranked: Sequence[Scan], joined: dict[Scan, How]) -> Iterator[Scan]:
        """Of scans of the same, the best first, those that count."""
        if not ranked:
            return
        first = ranked[0]
        by_content = joined[first] in _CONTENT
        yield from (scan for scan in ranked if scan.at == first.at and (joined[scan] in _CONTENT) == by_content)
        yield from self._of_other_platforms(first, [scan for scan in ranked if joined[scan] == "digest"])

    def _other_content(self, image: Image, unscanned: Sequence[Run], scans: Sequence[Scan]) -> bool:
        """Whether it is known that these scans are of something else than these runs."""
        return all(
            self._evidence.related(image.repository, run.digest, digest) is False
            for run in unscanned
            for scan in scans
            for digest in scan.digests
            if digest != run.digest
        )

    def _covers(self, image: Image, run: Run, scan: Scan) -> bool:
        """Whether a scan that is of the image by a digest is of what runs there: of that digest, of an index of it,
        or of what is in it for the platform."""
        found = {
            run.digest,
            image.digest,
            *(row.digest for row in self._evidence.indexes(image.repository, run.digest)),
        }
        row = self._evidence.content(image.repository, run.digest)
        for child in row.children if row else ():
            if not child.attests and run.platform in ("", child.platform):
                found.add(child.digest)
        return not found.isdisjoint(scan.digests)

    def _candidates(self, image: Image) -> Iterator[tuple[Scan, How]]:
        for digest in self._contents(image):
            for scan in self._by_content.get(digest, ()):
                yield scan, "digest"
        for identity in image_ids(image):
            for scan in self._by_content.get(identity, ()):
                yield scan, "image ID"
        own = dict.fromkeys(self._of_containers(image))
        for scan in own:
            if self._is_of_spec(image, scan):
                yield scan, "workload"
        for scan in self._named(image):
            if scan not in own and self._fits(image, scan):
                yield scan, "tag"

    def _contents(self, image: Image) -> tuple[str, ...]:
        """The digests of the image: those that it is known by, indexes that list them, and what is in them."""
        found = dict.fromkeys(image.digests)
        for digest in image.digests:
            row = self._evidence.content(image.repository, digest)
            if row:
                children = (child for child in row.children if not child.attests)
                found |= dict.fromkeys(
                    child.digest for child in children if not image.platforms or child.platform in image.platforms
                )
            found |= dict.fromkeys(row.digest for row in self._evidence.indexes(image.repository, digest))
        if not image.digests and (row := self._evidence.of(image)) and row.digest:
            found[row.digest] = None
        return tuple(found)

    def _named(self, image: Image) -> list[Scan]:
        tags = (f"{image.repository}:{tag}" for tag in image.tags)
        return list(dict.fromkeys(scan for tag in tags for scan in self._by_tag.get(tag, ())))

    def _fits(self, image: Image, scan: Scan) -> bool:
        """Whether nothing speaks against a scan of the image's name: no two contents are known that differ."""
        return not self._comparable(image, scan) or bool(self._same(image, scan))

    def _is_of_spec(self, image: Image, scan: Scan) -> bool:
        """Whether nothing speaks against a scan of an own container, which need not say of which image it is."""
        return (not scan.tags or scan in self._named(image)) and self._fits(image, scan)

    def _comparable(self, image: Image, scan: Scan) -> bool:
        return bool((image.digests and scan.digests) or (image_ids(image) and scan.image_id))

    def _same(self, image: Image, scan: Scan) -> bool | None:
        """Whether a scan is of the image's content, None where that cannot be told."""
        if {*self._contents(image), *image_ids(image)} & {scan.image_id, *scan.digests}:
            return True
        pairs = [(one, other) for one in image.digests for other in scan.digests]
        # What is related and yet not of the image is of a platform that no node runs it on.
        related = [self._evidence.related(image.repository, *pair) for pair in pairs]
        return None if not related or None in related else False

    def _of_containers(self, image: Image) -> Iterator[Scan]:
        """The operator's scans of the containers that use the image."""
        for use in image.uses:
            for kind, name in operator_names(use):
                yield from self._by_container.get((use.namespace, kind, name, use.container), ())

    def _of_other_platforms(self, first: Scan, same_content: Iterable[Scan]) -> Iterator[Scan]:
        seen = set(first.digests)
        for scan in same_content:
            if scan.scanner == first.scanner and first.digests and seen.isdisjoint(scan.digests):
                seen |= set(scan.digests)
                yield scan
