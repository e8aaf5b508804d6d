"""Scan results as the Snapshot keeps them: no descriptions, no links, and everything that is equal only once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.image import MalformedReference, parse, parse_image_id

Level = Literal["critical", "high", "medium", "low", "negligible", "unknown"]
LEVELS: tuple[Level, ...] = ("critical", "high", "medium", "low", "negligible", "unknown")
"""How severe scanners call a vulnerability, the worst first. `unknown` is not harmless: nobody has said it yet."""

SOME_VERSION = "a later version"
"""Stands for the fixed version where a scanner says that there is one, and not which."""

FUTURE = timedelta(days=1)
"""How far the clocks of others may be ahead. A time beyond that is none: it would never be past."""

_LEVELS: dict[str, Level] = {level: level for level in LEVELS}
_TEXT = 256
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII | re.IGNORECASE)
_MOST_CVES = 50
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)


class Part(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A part of the results."""


class Vulnerability(Part, frozen=True):
    """One known vulnerability of one package. `fixed` are the versions without it, empty where there is none.

    `published` is RFC 3339, None where the scanner does not say. `aliases` are other names of it. `exploited` and
    `epss` (0 to 1) are as the scanner says, which most do not.
    """

    id: str
    package: str = ""
    installed: str = ""
    fixed: str = ""
    severity: Level = "unknown"
    published: str | None = None
    aliases: tuple[str, ...] = ()
    exploited: bool = False
    epss: float | None = None


class ScannedContainer(Part, frozen=True):
    """Of a result that is about a container: whose. Of a Deployment that is the ReplicaSet."""

    namespace: str
    kind: str
    name: str
    container: str


class Suppressed(Part, frozen=True):
    """How many vulnerabilities of a severity somebody told the scanner not to report. `status`: the scanner's word."""

    status: str
    severity: Level = "unknown"
    count: int = 1


class Scan(Part, frozen=True):
    """One run of a scanner over one image.

    `at` is RFC 3339 in UTC, None where it is not stated. `tags` are names, `registry/repository:tag`, normalised;
    `digests` are of manifests, indexes or, by old releases of Trivy Operator, the configuration; `image_id` is of the
    configuration. `system` is the image's operating system, and `end_of_life` that its maker no longer looks after it.
    `database` is when what the scanner knows was put together, RFC 3339 in UTC, None where it does not say. `origin` is
    where the result was found. `content` is a position in ScanResults.contents.
    """

    scanner: str
    version: str = ""
    at: str | None = None
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    image_id: str = ""
    system: str = ""
    end_of_life: bool = False
    container: ScannedContainer | None = None
    database: str | None = None
    suppressed: tuple[Suppressed, ...] = ()
    origin: str = ""
    content: int = 0

    @property
    def label(self) -> str:
        """The scanner with its version, as far as it says."""
        return f"{self.scanner} {self.version}".strip()


Scanned = tuple[Scan, tuple[Vulnerability, ...]]
"""A scan and what it found, before equal things are put together."""


class Known:
    """Vulnerabilities by what scanners write of them: what is equal is made once, and is one object in all results."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Vulnerability] = {}

    def one(self, written: Hashable, make: Callable[[], Vulnerability]) -> Vulnerability:
        """`written` is all that `make` goes by."""
        known = self._made.get(written)
        if known is None:
            known = self._made[written] = self.same(make())
        return known

    def same(self, found: Vulnerability) -> Vulnerability:
        """The one that is equal."""
        return self._made.setdefault(found, found)


class ScanResults(Part, frozen=True):
    """All results. A content holds positions in `vulnerabilities`; scans that found the same share one."""

    scans: tuple[Scan, ...] = ()
    contents: tuple[tuple[int, ...], ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()

    def found(self, scan: Scan) -> tuple[Vulnerability, ...]:
        """What a scan found."""
        return tuple(self.vulnerabilities[index] for index in self.contents[scan.content])

    def scanned(self) -> Iterator[Scanned]:
        """As before they were put together."""
        return ((scan, self.found(scan)) for scan in self.scans)


def put_together(scanned: Iterable[Scanned]) -> ScanResults:
    """The results, ordered: the same scans give the same value in whatever order they came."""
    everything = list(scanned)
    # A million findings are of few objects: hashing each of those once is quicker than each finding.
    objects = {id(each): each for _, found in everything for each in found}
    ordered = sorted(set(objects.values()), key=_order)
    places = {each: index for index, each in enumerate(ordered)}
    numbers = {identity: places[each] for identity, each in objects.items()}
    contents = [tuple(sorted({numbers[id(each)] for each in found})) for _, found in everything]
    distinct = sorted(set(contents))
    positions = {content: index for index, content in enumerate(distinct)}
    scans: dict[Scan, Scan] = {}
    for (scan, _), content in zip(everything, contents, strict=True):
        numbered = msgspec.structs.replace(scan, content=positions[content])
        same = msgspec.structs.replace(numbered, origin="")  # the same result may lie in two places
        known = scans.get(same)
        if known is None or numbered.origin < known.origin:
            scans[same] = numbered
    return ScanResults(tuple(sorted(scans.values(), key=_place)), tuple(distinct), tuple(ordered))


def _order(each: Vulnerability) -> tuple[str, ...]:
    return each.id, each.package, each.installed, each.fixed, repr(each)


def _place(scan: Scan) -> tuple[object, ...]:
    return scan.tags, scan.digests, scan.image_id, scan.scanner, scan.at or "", scan.origin, repr(scan)


def level_of(text: str | None) -> Level:
    """A scanner's word for the severity; what is none of its usual words is unknown."""
    word = (text or "").strip().lower()
    if word == "none":  # CVSS has it for a score of zero
        return "negligible"
    return _LEVELS.get(word, "unknown")


def suppressions(found: Iterable[tuple[str | None, str | None]]) -> tuple[Suppressed, ...]:
    """Of (status, severity) of each vulnerability that a scanner left out, how many there are of a kind, in order."""
    kinds = Counter((clipped(status) or "ignored", level_of(severity)) for status, severity in found)
    return tuple(Suppressed(status, level, count) for (status, level), count in sorted(kinds.items()))


def cves(*texts: str | None) -> tuple[str, ...]:
    """The CVEs that texts name, in order: distributions name an advisory, and the CVEs in its links."""
    found = (cve.upper() for text in texts for cve in _CVE.findall(text or ""))
    return tuple(sorted(set(found)))[:_MOST_CVES]


def moment(text: str | None) -> datetime | None:
    """A time as scanners write it, RFC 3339 mostly; None where it is none, or the zero that Go writes for none."""
    try:
        found = datetime.fromisoformat((text or "").strip())
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found >= _FIRST else None


def stamp(text: str | None) -> str | None:
    """The same as RFC 3339 in UTC, to the second."""
    found = moment(text)
    return found.strftime("%Y-%m-%dT%H:%M:%SZ") if found else None


def clipped(text: str | None) -> str:
    """A scanner's text, within bounds: who builds an image can name its packages as he likes."""
    plain = text or ""
    return plain if len(plain) <= _TEXT else f"{plain[: _TEXT - 1]}…"


class Named(Struct, frozen=True):
    """What names say of an image: see Scan."""

    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()


def named(names: Iterable[str | None], digests: Iterable[str | None] = ()) -> Named:
    """The tags and digests of image names (what is none is left out), and further digests by themselves."""
    tags: dict[str, None] = {}
    found: dict[str, None] = {}
    for name in names:
        try:
            reference = parse(name or "")
        except MalformedReference:
            continue
        if reference.effective_tag:
            tags[f"{reference.name}:{reference.effective_tag}"] = None
        if reference.digest:
            found[reference.digest] = None
    for digest in digests:
        identity = parse_image_id(digest or "")
        if identity.digest:
            found[identity.digest] = None
    return Named(tuple(tags), tuple(found))
