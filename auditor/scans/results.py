"""Scan results, as far as they are kept: no descriptions, no links; and what scanners write, in words of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from auditor.image import MalformedReference, parse, parse_image_id

Level = Literal["critical", "high", "medium", "low", "negligible", "unknown"]
LEVELS: tuple[Level, ...] = ("critical", "high", "medium", "low", "negligible", "unknown")
"""How severe scanners call a vulnerability, the worst first. `unknown` is not harmless: nobody has said it yet."""

SOME_VERSION = "a later version"
"""Stands for the fixed version where a scanner says that there is one, and not which."""

FUTURE = timedelta(days=1)
"""How far the clocks of others may be ahead. A time beyond that is none: it would never be past."""

TEXT = 256
"""Characters of a scanner's text that are kept."""

# CVSS has "none" for a score of zero.
_LEVELS: dict[str, Level] = {**{level: level for level in LEVELS}, "none": "negligible"}
_LEVELS |= {word.upper(): level for word, level in _LEVELS.items()}
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII)
_MOST_CVES = 50

PLAIN_CVE = _CVE.fullmatch
"""Whether a name is that of a CVE and nothing else."""

_LONGEST_TIME = 64
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)


class Part(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A part of the results."""


class Vulnerability(Part, frozen=True, array_like=True):
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
    where the result was found. `content` is a position in ScanResults.rows.
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


def level_of(text: str | None) -> Level:
    """A scanner's word for the severity; what is none of its usual words is unknown."""
    return _LEVELS.get(text or "") or _LEVELS.get((text or "").strip().lower(), "unknown")


def suppressions(found: Iterable[tuple[str | None, str | None]]) -> tuple[Suppressed, ...]:
    """Of (status, severity) of each vulnerability that a scanner left out, how many there are of a kind, in order."""
    kinds = Counter((clipped(status) or "ignored", level_of(severity)) for status, severity in found)
    return tuple(Suppressed(status, level, count) for (status, level), count in sorted(kinds.items()))


def cves(*texts: str | None) -> tuple[str, ...]:
    """The CVEs that texts name, in order: distributions name an advisory, and the CVEs in its links."""
    found = {*_CVE.findall("\n".join(filter(None, texts)).upper())}
    return tuple(sorted(found)[:_MOST_CVES] if len(found) > 1 else found)


def moment(text: str | None) -> datetime | None:
    """A time as scanners write it, RFC 3339 mostly; None where it is none, or the zero that Go writes for none."""
    return _moment(text) if text and len(text) <= _LONGEST_TIME else None


@lru_cache(maxsize=16_384)
def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found >= _FIRST else None


def stamp(text: str | None) -> str | None:
    """The same as RFC 3339 in UTC, to the second."""
    return _stamp(text) if text and len(text) <= _LONGEST_TIME else None


@lru_cache(maxsize=16_384)
def _stamp(text: str) -> str | None:
    found = moment(text)
    return f"{found.isoformat()[:19]}Z" if found else None


def clipped(text: str | None) -> str:
    """A scanner's text, within bounds: who builds an image can name its packages as he likes."""
    plain = text or ""
    return plain if len(plain) <= TEXT else f"{plain[: TEXT - 1]}…"


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
