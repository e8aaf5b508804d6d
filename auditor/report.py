"""What an audit found: findings, counts per check and namespace, coverage."""

from __future__ import annotations

from typing import Literal

import msgspec

from auditor.finding import UNREAD, AppliedWaiver, Cause, Finding, Record, Severity, Status, Subject, identity

__all__ = [
    "SCHEMA",
    "UNREAD",
    "AppliedWaiver",
    "Cause",
    "CheckRow",
    "ClusterPart",
    "ClusterRow",
    "Counts",
    "CoverageRow",
    "EnforcementRow",
    "Finding",
    "GoalRow",
    "NamespaceRow",
    "PolicyRow",
    "Record",
    "Report",
    "Severity",
    "Status",
    "Subject",
    "Summary",
    "Tool",
    "UnreadableRow",
    "identity",
]

SCHEMA = "auditor.report/v1"


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
    by_severity: dict[str, int] = msgspec.field(default_factory=dict)
    by_namespace: dict[str, Counts] = msgspec.field(default_factory=dict)


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
