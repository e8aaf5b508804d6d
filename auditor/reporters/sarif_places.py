"""Where a finding is, in SARIF's terms: the object of the cluster, and the file and line where it was read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from auditor.escape import escape
from auditor.report import Finding
from auditor.reporters.origins import shared_folder

CLUSTER_BASE = "CLUSTER"
INPUT_BASE = "INPUT"
_ORIGIN = re.compile(r"(.+):(\d{1,9})", re.DOTALL)
# What stands for itself in a path (RFC 3986 §2.3). A colon would make the first part a scheme.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


class Bases(Struct, frozen=True):
    """What artifacts are relative to: the folder that holds all files named by absolute paths, "" where none is."""

    folder: str = ""

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Bases:
        absolute = [found for found in findings if (_file(found.origin)[0] or "").startswith("/")]
        return cls((shared_folder(absolute) or "/") if absolute else "")

    def named(self) -> dict[str, Any]:
        """`originalUriBaseIds` of the run. The cluster's objects have names and no address."""
        bases: dict[str, Any] = {
            CLUSTER_BASE: {"description": {"text": "The objects of the cluster, as namespace/kind/name: not files."}}
        }
        if self.folder:
            bases[INPUT_BASE] = {"uri": f"file://{percent_encoded(self.folder)}"}
        return bases


def location(finding: Finding, bases: Bases) -> dict[str, Any]:
    """The location of a result. Where there is no file the object is the artifact: GitHub takes no result without."""
    path, line = _file(finding.origin)
    if path is None:
        artifact = {"uri": _object_uri(finding), "uriBaseId": CLUSTER_BASE}
        physical: dict[str, Any] = {"artifactLocation": artifact, "region": {"startLine": 1}}
    elif bases.folder and path.startswith(bases.folder):
        artifact = {"uri": percent_encoded(path.removeprefix(bases.folder)), "uriBaseId": INPUT_BASE}
        physical = {"artifactLocation": artifact, "region": {"startLine": line}}
    else:
        physical = {"artifactLocation": {"uri": percent_encoded(path)}, "region": {"startLine": line}}
    return {"physicalLocation": physical, "logicalLocations": [_logical(finding)]}


def percent_encoded(path: str) -> str:
    """A path as a URI reference: UTF-8, a lone surrogate as the replacement character."""
    data = path.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in data)


def namespace_location(name: str) -> Mapping[str, Any]:
    return {"logicalLocations": [{"name": name, "fullyQualifiedName": name, "kind": "namespace"}]}


def _logical(finding: Finding) -> dict[str, Any]:
    """`payments/Deployment/web/nginx`, with what it is."""
    subject = finding.subject
    names = [*_above(finding), subject.kind, subject.name, subject.container or ""]
    kind = "container" if subject.container else subject.kind
    own = subject.container or subject.name or finding.cluster or subject.kind
    return {"name": escape(own), "fullyQualifiedName": escape("/".join(filter(None, names))), "kind": escape(kind)}


def _object_uri(finding: Finding) -> str:
    names = [*_above(finding), finding.subject.kind, finding.subject.name]
    return "/".join(percent_encoded(name).replace("/", "%2F") for name in names if name)


def _above(finding: Finding) -> list[str]:
    return [finding.cluster, finding.namespace or ""]


def _file(origin: str | None) -> tuple[str | None, int]:
    """File and line of an origin; no file for what came through a pipe."""
    match = _ORIGIN.fullmatch(origin or "")
    if match is None or match[1] == "<stdin>":
        return None, 0
    return match[1], max(1, int(match[2]))
