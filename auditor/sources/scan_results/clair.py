"""Clair v4's vulnerability report becomes a scan."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct, field

from auditor.scans.contents import Scanned, packed
from auditor.scans.results import Scan, Vulnerability, clipped, cves, level_of, named, stamp
from auditor.sources.scan_results.damage import Unusable


class _Package(Struct, gc=False):
    name: str | None = None
    version: str | None = None


class _Distribution(Struct, gc=False):
    did: str | None = None
    version_id: str | None = None
    pretty_name: str | None = None


class _Vulnerability(Struct, gc=False):
    name: str | None = None
    links: str | None = None
    issued: str | None = None
    severity: str | None = None
    normalized: str | None = field(default=None, name="normalized_severity")
    fixed: str | None = field(default=None, name="fixed_in_version")


class ClairReport(Struct, gc=False):
    """Packages and vulnerabilities stand under numbers, and which has which beside them."""

    manifest: str | None = field(default=None, name="manifest_hash")
    packages: dict[str, _Package] | None = None
    distributions: dict[str, _Distribution] | None = None
    vulnerabilities: dict[str, _Vulnerability] | None = None
    found: dict[str, list[str] | None] | None = field(default=None, name="package_vulnerabilities")
    state: Raw | msgspec.UnsetType = msgspec.UNSET  # of an index report, which tells packages alone
    success: Raw | msgspec.UnsetType = msgspec.UNSET


def read(report: ClairReport, origin: str, at: str | None = None) -> Scanned:
    """The scan that a report is of; Unusable where it names what it does not hold.

    The report bears no date: Clair matches what it indexed with what it knows when it is asked, which is `at`.
    """
    names = named((), [report.manifest])
    if not names.digests:
        raise Unusable("a report of Clair that names no manifest")
    if report.state is not msgspec.UNSET or report.success is not msgspec.UNSET:
        raise Unusable("Clair's index report, which tells what is in an image and no vulnerabilities")
    if report.vulnerabilities is None or report.found is None:
        raise Unusable("a report of Clair that does not tell the vulnerabilities, or which package has which")
    systems = sorted({_system(each) for each in (report.distributions or {}).values()} - {""})
    scan = Scan(scanner="Clair", at=at, digests=names.digests, system=clipped(", ".join(systems)), origin=origin)
    packages, vulnerabilities = report.packages or {}, report.vulnerabilities
    found: list[Vulnerability] = []
    for package, numbers in report.found.items():
        for number in numbers or ():
            if package not in packages or number not in vulnerabilities:
                raise Unusable("a report of Clair from which something is missing")
            found.append(_vulnerability(packages[package], vulnerabilities[number]))
    return scan, packed(found)


def _vulnerability(package: _Package, each: _Vulnerability) -> Vulnerability:
    name = each.name or ""
    aliases = cves(each.name, each.links)
    return Vulnerability(
        name,
        package.name or "",
        package.version or "",
        each.fixed or "",
        level_of(each.normalized or each.severity),
        stamp(each.issued),
        () if aliases == (name,) else tuple(cve for cve in aliases if cve != name),
    )


def _system(each: _Distribution) -> str:
    return each.pretty_name or " ".join(filter(None, (each.did, each.version_id)))
