"""What an audit found: findings with a stable identity, counts per check and namespace, coverage. Versioned JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec
from msgspec import Struct

SCHEMA = "auditor.report/v1"

Status = Literal["fail", "manual", "waived"]
Cause = Literal["judgment", "unreadable", "error"]


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the most severe."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Record(Struct, frozen=True, rename="camel"):
    """A part of the report. What a later version adds within this schema is ignored when it is read: after a rollback
    the baseline that the later one has kept is still one."""


class Subject(Record, frozen=True, omit_defaults=True):
    """What a finding is about. `container` is set for images of containers; an image volume is `volume:<name>`."""

    kind: str
    name: str
    container: str | None = None

    def __str__(self) -> str:
        name = f"{self.kind}/{self.name}" if self.name else self.kind
        return f"{name} ({self.container})" if self.container else name


class AppliedWaiver(Record, frozen=True):
    """The waiver that a finding carries; an expired one no longer waives."""

    reason: str
    expires: str
    owner: str | None = None
    expired: bool = False


class Finding(Record, frozen=True):
    """One answer that is not a pass. `namespace` is None for what belongs to none; `image` is in normal form."""

    id: str
    check: str
    status: Status
    severity: Severity
    subject: Subject
    message: str
    cluster: str = ""
    cause: Cause | None = None
    namespace: str | None = None
    image: str | None = None
    evidence: dict[str, Any] = {}
    remediation: str = ""
    references: tuple[str, ...] = ()
    waiver: AppliedWaiver | None = None
    origin: str | None = None


UNREAD = "unread"
"""The part of a cluster or namespace that could not be judged: no list was read, or asked for."""


def identity(check: str, namespace: str | None, subject: Subject, part: str = "", repository: str = "") -> str:
    """16 hex characters that stay the same while the same thing is wrong: no cluster, pod, tag, digest or wording."""
    key = [check, namespace, subject.kind, subject.name, subject.container, repository, part]
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]


class Counts(Record, frozen=True):
    """Subjects by the worst answer about them."""

    passed: int = msgspec.field(default=0, name="pass")
    fail: int = 0
    manual: int = 0
    waived: int = 0

    @property
    def subjects(self) -> int:
        return self.passed + self.fail + self.manual + self.waived

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.fail + other.fail,
            self.manual + other.manual,
            self.waived + other.waived,
        )


class CheckRow(Record, frozen=True):
    """A selected check and its counts, zeros included."""

    id: str
    title: str
    severity: Severity
    passed: int = msgspec.field(default=0, name="pass")
    fail: int = 0
    manual: int = 0
    waived: int = 0


class CoverageRow(Record, frozen=True):
    """What became of a resource. `cluster` is empty unless the report is of several."""

    resource: str
    state: str
    namespaces: tuple[str, ...] = ()
    count: int = 0
    detail: str = ""
    cluster: str = ""


class ClusterRow(Record, frozen=True):
    name: str = ""
    uid: str | None = None
    version: str = ""
    collected_at: str | None = None
    source: str = "live"


class GoalRow(Record, frozen=True):
    """Whether one goal is enforced in one namespace.

    `by` is the policy that enforces it (kind, namespace if any, name), else the one that comes nearest, None where
    there is none, and `mechanism` what it belongs to. `link` is the link of it that is broken or not known, and
    `detail` why, where the goal is not enforced for certain; `beside` tells what else is against the policy (of one
    that enforces: what it leaves open). `unread`: the verdict is unknown only for want of what was not read.
    """

    verdict: Literal["enforced", "unknown", "not-enforced"]
    by: str | None = None
    mechanism: str | None = None
    link: str | None = None
    detail: str = ""
    beside: tuple[str, ...] = ()
    unread: bool = False


class NamespaceRow(Record, frozen=True):
    """What is enforced in a namespace, by the goals that a forbidden image breaks."""

    namespace: str
    registries: GoalRow
    digests: GoalRow
    signatures: GoalRow


class UnreadableRow(Record, frozen=True):
    """A mechanism (empty: any) that may enforce more than was seen; `state` as in coverage, or error: reading broke."""

    mechanism: str
    resource: str
    state: str
    detail: str = ""


class EnforcementRow(Record, frozen=True):
    """The matrix of enforcement: namespaces by name, and what could not be read for it."""

    namespaces: tuple[NamespaceRow, ...] = ()
    unreadable: tuple[UnreadableRow, ...] = ()
    version: Literal[1] = 1


class PolicyRow(Record, frozen=True):
    path: str | None = None
    sha256: str | None = None


class Summary(Record, frozen=True):
    """Counts of subjects. `bySeverity` counts failed subjects by the most severe of their failures."""

    passed: int = msgspec.field(default=0, name="pass")
    fail: int = 0
    manual: int = 0
    waived: int = 0
    by_severity: dict[str, int] = {}
    by_namespace: dict[str, Counts] = {}


class Tool(Record, frozen=True):
    version: str


class ClusterPart(Record, frozen=True):
    """One cluster of a report of several: what a report of its own would say, coverage and findings aside.

    Those stand in the report and name their cluster. `error` says why the cluster could not be audited, None where it
    was.
    """

    name: str
    uid: str | None
    version: str
    collected_at: str | None
    source: str
    error: str | None
    auditor: Tool
    policy: PolicyRow
    summary: Summary
    checks: tuple[CheckRow, ...]
    enforcement: EnforcementRow | None
    warnings: tuple[str, ...]


class Report(Record, frozen=True):
    """One audit. `warnings` are about the policy: waivers that match nothing, checks that it switches off.

    `enforcement` is None where no check asked for it, and in reports from before there was such a thing. `clusters` is
    empty unless the report is of several: then it holds what is not joined (merge.py).
    """

    auditor: Tool
    cluster: ClusterRow
    policy: PolicyRow
    coverage: tuple[CoverageRow, ...]
    summary: Summary
    checks: tuple[CheckRow, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()
    enforcement: EnforcementRow | None = None
    clusters: tuple[ClusterPart, ...] = ()
    schema: str = SCHEMA

    @property
    def incomplete(self) -> bool:
        """Whether something could not be judged because it could not be read, or because a check broke."""
        unread = any(finding.cause in ("unreadable", "error") for finding in self.findings)
        return unread or any(cluster.error is not None for cluster in self.clusters)

    def failures(self, at_least: Severity) -> int:
        """How many failures there are of this severity or a higher one."""
        return sum(f.status == "fail" and f.severity.rank <= at_least.rank for f in self.findings)


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


def merge_evidence(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence of two answers that become one: numbers add up, lists unite in order, else the first one stays."""
    merged = dict(first)
    for key, value in second.items():
        mine = merged.get(key)
        match mine, value:
            case None, _:
                merged[key] = value
            case bool(), _:
                continue
            case int(), int():
                merged[key] = mine + value
            case ((list() | tuple()), (list() | tuple())):
                merged[key] = [*mine, *(item for item in value if item not in mine)]
            case dict(), dict():
                merged[key] = dict(sorted(merge_evidence(mine, value).items()))
    return merged
