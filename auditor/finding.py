"""A finding, and the identity that it keeps from audit to audit."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct

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
