"""What the images of the benchmarks about scan results have, and how scanners write it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal, get_args

EACH = 200
"""Vulnerabilities of an image."""

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")

Kind = Literal["shared", "apart"]
"""Whether images choose from the same 5,000 vulnerabilities, or each vulnerability is in one image alone."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_KNOWN = 5_000
_TEXT = "An example of what a scanner writes about a vulnerability, at length and again and again. " * 6
_LINKS = [f"https://example.org/%(id)s/{link}" for link in range(4)]

Shape = dict[str, object]

OPERATOR: Shape = {
    "vulnerabilityID": "%(id)s",
    "resource": "%(package)s",
    "installedVersion": "%(installed)s",
    "fixedVersion": "%(fixed)s",
    "severity": "%(severity)s",
    "title": _TEXT[:90],
    "description": _TEXT,
    "primaryLink": "https://avd.example/nvd/%(id)s",
    "links": _LINKS,
    "score": 7.5,
    "publishedDate": "%(published)s",
    "lastModifiedDate": "2026-11-01T00:00:00Z",
    "target": "",
}
TRIVY: Shape = {
    "VulnerabilityID": "%(id)s",
    "PkgID": "%(package)s@%(installed)s",
    "PkgName": "%(package)s",
    "InstalledVersion": "%(installed)s",
    "FixedVersion": "%(fixed)s",
    "Status": "fixed",
    "Layer": {"DiffID": f"sha256:{'0' * 64}"},
    "SeveritySource": "nvd",
    "PrimaryURL": "https://avd.example/nvd/%(id)s",
    "Title": _TEXT[:90],
    "Description": _TEXT,
    "Severity": "%(severity)s",
    "CweIDs": ["CWE-20"],
    "References": _LINKS,
    "PublishedDate": "%(published)s",
    "LastModifiedDate": "2026-11-01T00:00:00Z",
}
GRYPE: Shape = {
    "vulnerability": {
        "id": "%(id)s",
        "severity": "%(severity)s",
        "urls": _LINKS,
        "description": _TEXT,
        "fix": {"versions": ["%(fixed)s"], "state": "fixed"},
        "advisories": [],
        "risk": 7.5,
    },
    "relatedVulnerabilities": [{"id": "%(id)s", "severity": "%(severity)s", "urls": _LINKS}],
    "matchDetails": [{"type": "exact-direct-match", "matcher": "dpkg-matcher"}],
    "artifact": {"name": "%(package)s", "version": "%(installed)s", "type": "deb", "cpes": [], "metadata": None},
}
CLAIR: Shape = {
    "id": "%(number)s",
    "updater": "example",
    "name": "%(id)s",
    "description": _TEXT,
    "issued": "%(published)s",
    "links": " ".join(_LINKS),
    "severity": "%(severity)s",
    "normalized_severity": "%(severity)s",
    "package": {"id": "", "name": "%(package)s", "version": ""},
    "fixed_in_version": "%(fixed)s",
}


def chosen(image: int, kind: Kind) -> list[int]:
    """The vulnerabilities of an image."""
    if kind == "apart":
        return [*range(_KNOWN + image * EACH, _KNOWN + (image + 1) * EACH)]
    return [(image * 37 + step * (1 + image % 7)) % _KNOWN for step in range(EACH)]


def severity(number: int) -> str:
    return SEVERITIES[number % len(SEVERITIES)]


def facts(number: int) -> dict[str, object]:
    """What is true of a vulnerability, by the names in the shapes."""
    of = number if number >= _KNOWN else number % 400
    return {
        "number": number,
        "id": f"CVE-2026-{number:05}",
        "package": f"lib{of}",
        "installed": f"1.{of % 30 if number < _KNOWN else of}.0-1",
        "fixed": f"1.{of % 30 if number < _KNOWN else of}.1-1" if number % 3 else "",
        "severity": severity(number),
        "published": f"2026-01-{number % 28 + 1:02}T00:00:{number % 60 if number >= _KNOWN else 0:02}Z",
    }


def written(numbers: list[int], shape: Shape, indent: int | None = None) -> Iterator[str]:
    """Each vulnerability as a scanner writes it, about a kilobyte, most of it text."""
    text = json.dumps(shape, indent=indent)
    return (text % facts(number) for number in numbers)
