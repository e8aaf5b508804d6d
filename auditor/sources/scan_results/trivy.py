"""Trivy's JSON (`trivy image --format json`, schema version 2) becomes a scan."""

from __future__ import annotations

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

_SCHEMA = 2
_IMAGE = "container_image"
_FIXED = "fixed"
_OF_OTHERS = frozenset(("config", "custom", "license", "license-file", "secret"))


class Pascal(Struct, rename="pascal", gc=False):
    """A part of the document."""


class _Build(Pascal):
    version: str | None = None


class _System(Pascal):
    family: str | None = None
    name: str | None = None
    end_of_life: bool | None = field(default=None, name="EOSL")


class _Metadata(Pascal):
    system: _System | None = field(default=None, name="OS")
    image_id: str | None = field(default=None, name="ImageID")
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None
    reference: str | None = None


class _Vulnerability(Pascal):
    id: str | None = field(default=None, name="VulnerabilityID")
    pkg_name: str | None = None
    installed_version: str | None = None
    fixed_version: str | None = None
    status: str | None = None
    severity: str | None = None
    published_date: str | None = None


class _Modified(Pascal):
    of: str | None = field(default=None, name="Type")
    status: str | None = None
    finding: Raw = Raw()  # of other types too


class _Severe(Pascal):
    severity: str | None = None


class _Result(Pascal):
    of: str | None = field(default=None, name="Class")
    vulnerabilities: list[_Vulnerability] | None = None
    modified: list[_Modified] | None = field(default=None, name="ExperimentalModifiedFindings")


class TrivyReport(Pascal):
    """`Results` and `Vulnerabilities` are left out where nothing was found."""

    schema_version: int | None = None
    trivy: _Build | None = None
    created_at: str | None = None
    artifact_name: str | None = None
    artifact_type: str | None = None
    metadata: _Metadata | None = None
    results: list[_Result] | None = None


def read(report: TrivyReport, origin: str) -> Scanned:
    """The scan that a report is of; Unusable where it is of no image, or of another version of the format."""
    if report.schema_version != _SCHEMA:
        raise Unusable(f"Trivy's JSON of schema version {report.schema_version}; this reads {_SCHEMA}")
    if report.artifact_type not in (None, _IMAGE):
        raise Unusable("a result of Trivy that is not about an image")
    if report.results and all(each.of in _OF_OTHERS and not each.vulnerabilities for each in report.results):
        raise Unusable("a result of Trivy without its scanner of vulnerabilities")
    metadata = report.metadata or _Metadata()
    system = metadata.system or _System()
    names = named(
        [metadata.reference, report.artifact_name, *(metadata.repo_tags or ())],
        metadata.repo_digests or (),
    )
    scan = Scan(
        scanner="Trivy",
        version=clipped(report.trivy.version) if report.trivy else "",
        at=stamp(report.created_at),
        tags=names.tags,
        digests=names.digests,
        image_id=clipped(metadata.image_id),
        system=clipped(" ".join(filter(None, (system.family, system.name)))),
        end_of_life=bool(system.end_of_life),
        suppressed=suppressions(
            (each.status, _severity(each.finding))
            for result in report.results or ()
            for each in result.modified or ()
            if each.of in (None, "vulnerability")
        ),
        origin=origin,
    )
    every = (each for result in report.results or () for each in result.vulnerabilities or ())
    return scan, packed(map(_vulnerability, every))


def _severity(finding: Raw) -> str | None:
    try:
        return msgspec.json.decode(finding, type=_Severe).severity
    except msgspec.MsgspecError:
        return None


def _vulnerability(each: _Vulnerability) -> Vulnerability:
    return Vulnerability(
        each.id or "",
        each.pkg_name or "",
        each.installed_version or "",
        each.fixed_version or (SOME_VERSION if each.status == _FIXED else ""),
        level_of(each.severity),
        stamp(each.published_date),
    )
