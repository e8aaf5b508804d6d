"""The published form of a report: plain values with their keys in order, and a report from its JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from auditor.finding import Finding
from auditor.report import SCHEMA, Report


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain values, with the keys in the order of the published form."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    order = (
        *("schema", "auditor", "cluster", "policy", "coverage", "summary", "checks", "findings", "enforcement"),
        "warnings",
        *(("clusters",) if report.clusters else ()),
    )
    if not report.clusters:
        for row in plain["coverage"]:
            del row["cluster"]
    plain["findings"] = [_published(finding) for finding in plain["findings"]]
    for matrix in (plain, *plain["clusters"]):
        if found := matrix["enforcement"]:
            matrix["enforcement"] = {key: found[key] for key in ("version", "namespaces", "unreadable")}
    return {key: plain[key] for key in order}


def finding_to_dict(finding: Finding) -> dict[str, Any]:
    """One finding as in `to_dict`."""
    return _published(msgspec.to_builtins(finding))


def _published(finding: dict[str, Any]) -> dict[str, Any]:
    fields = (
        *("id", "cluster", "check", "status", "cause", "severity", "namespace", "subject", "image"),
        *("message", "evidence", "remediation", "references", "waiver"),
    )
    return {field: finding[field] for field in fields}


class _Named(Struct):
    schema: str = SCHEMA


def from_json(data: bytes | str) -> Report:
    """A report that `to_dict` wrote, read back, without what a comparison added; raises msgspec.MsgspecError where it
    is none."""
    schema = msgspec.json.decode(data, type=_Named).schema
    if schema != SCHEMA:
        raise msgspec.ValidationError(f"its schema is {schema!r}, not {SCHEMA!r}")
    return msgspec.json.decode(data, type=Report)
