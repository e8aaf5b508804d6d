"""Grype's JSON (`grype IMAGE -o json`) becomes a scan."""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw, Struct, field

from auditor.scans.contents import Scanned, packed
from auditor.scans.results import (
    SOME_VERSION,
    Scan,
    Vulnerability,
    clipped,
    level_of,
    named,
    stamp,
    suppressions,
)
from auditor.sources.scan_results.damage import Unusable

_FIXED = "fixed"
_NOTHING = Raw()
# Where Syft shall take an image from. `registry:5000/app` is a registry's name with its port all the same.
_SCHEME = re.compile(
    r"(?:docker|podman|containerd|registry|docker-archive|oci-archive|oci-dir|singularity|snap):(?!\d+/)(?=.*[:/@])"
)


class Camel(Struct, rename="camel", gc=False):
    """A part of the document."""


class _Fix(Camel):
    versions: list[str] | None = None
    state: str | None = None


_NO_FIX = _Fix()


class _Score(Camel):
    epss: float | None = None


class _Vulnerability(Camel):
    id: str | None = None
    severity: str | None = None
    fix: _Fix | None = None
    known_exploited: list[Raw] | None = None
    epss: list[_Score] | None = None


class _Artifact(Camel):
    name: str | None = None
    version: str | None = None


class _Match(Camel):
    vulnerability: _Vulnerability
    artifact: _Artifact
    related_vulnerabilities: list[_Vulnerability] | None = None


class _Rule(Struct, gc=False):
    vex: str | None = field(default=None, name="vex-status")


class _Ignored(_Match):
    applied_ignore_rules: list[_Rule] | None = None


class _Target(Camel):
    user_input: str | None = None
    image_id: str | None = field(default=None, name="imageID")
    manifest_digest: str | None = None
    tags: list[str] | None = None
    repo_digests: list[str] | None = None


class _Source(Camel):
    type: str | None = None
    target: Raw = field(default=_NOTHING)


class _Distribution(Camel):
    name: str | None = None
    version: str | None = None


class _Built(Camel):
    built: str | None = None
    status: Raw = _NOTHING  # since 0.88 the time stands in here


class _Descriptor(Camel):
    version: str | None = None
    timestamp: str | None = None
    db: Raw = _NOTHING


class GrypeReport(Camel):
    """`matches` is null or empty where nothing was found."""

    matches: list[_Match] | None = None
    ignored_matches: list[_Ignored] | None = None
    source: _Source | None = None
    distro: _Distribution | None = None
    descriptor: _Descriptor | None = None


def read(report: GrypeReport, origin: str) -> Scanned:
    """The scan that a report is of; Unusable where it is of no image."""
    source = report.source
    if source is None or source.type != "image":
        raise Unusable("a result of Grype that is not about an image")
    target = msgspec.json.decode(source.target, type=_Target)
    tags = target.tags or []
    names = named(
        tags or [_SCHEME.sub("", target.user_input or "")], [target.manifest_digest, *(target.repo_digests or ())]
    )
    distribution, descriptor = report.distro or _Distribution(), report.descriptor or _Descriptor()
    scan = Scan(
        scanner="Grype",
        version=clipped(descriptor.version),
        at=stamp(descriptor.timestamp),
        tags=names.tags,
        digests=names.digests,
        image_id=clipped(target.image_id),
        system=clipped(" ".join(filter(None, (distribution.name, distribution.version)))),
        database=_built(descriptor.db),
        suppressed=suppressions(map(_ignored, report.ignored_matches or ())),
        origin=origin,
    )
    return scan, packed(map(_vulnerability, report.matches or ()))


def _built(database: Raw) -> str | None:
    """When the database was; an age that nobody states properly spoils no result."""
    try:
        found = msgspec.json.decode(database, type=_Built)
        return stamp(found.built) or stamp(msgspec.json.decode(found.status, type=_Built).built)
    except msgspec.MsgspecError:
        return None


def _ignored(match: _Ignored) -> tuple[str | None, str | None]:
    """Why, and how severe it is."""
    return next((rule.vex for rule in match.applied_ignore_rules or () if rule.vex), None), match.vulnerability.severity


def _vulnerability(match: _Match) -> Vulnerability:
    found, related = match.vulnerability, match.related_vulnerabilities or []
    fix = found.fix or _NO_FIX
    versions = ", ".join(fix.versions) if fix.versions else ""
    everyone = [found, *related]
    scores = [score.epss for each in everyone if each.epss for score in each.epss if score.epss is not None]
    return Vulnerability(
        found.id or "",
        match.artifact.name or "",
        match.artifact.version or "",
        versions or (SOME_VERSION if fix.state == _FIXED else ""),
        level_of(found.severity),
        None,
        tuple(sorted({each.id for each in related if each.id and each.id != found.id})),
        any(each.known_exploited for each in everyone),
        max(scores) if scores else None,
    )
