"""evaluate(): snapshot, checks and policy to a Report. The only code that makes statuses; no clock, network or disk."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from auditor.check import CLUSTER, About, Check, Fail, Manual, Result, Skip
from auditor.coverage import Unread
from auditor.enforcement.chain import ImagePolicy
from auditor.enforcement.matrix import Enforcement
from auditor.enforcement.standing import standing
from auditor.model import Snapshot
from auditor.policy import Policy
from auditor.report import (
    UNREAD,
    CheckRow,
    ClusterRow,
    Counts,
    CoverageRow,
    EnforcementRow,
    Finding,
    PolicyRow,
    Report,
    Severity,
    Subject,
    Summary,
    Tool,
    identity,
    merge_evidence,
)
from auditor.units import Unit
from auditor.version import __version__
from auditor.views import SUBJECTS, NotVisible, Views
from auditor.waivers import WaiverBook

Key = tuple[About, str]
"""A subject, and the repository where one container has several."""


class Scope(Struct, frozen=True):
    """The namespaces to judge: all or those named, less the excluded (globs). What is in none is always judged."""

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def holds(self, namespace: str | None) -> bool:
        if namespace is None:
            return True
        if self.only and namespace not in self.only:
            return False
        return not any(fnmatch.fnmatchcase(namespace, pattern) for pattern in self.exclude)


class _Answer(Struct):
    """What is said about one part of one subject so far."""

    result: Fail | Manual
    cause: str | None
    unit: Unit | None
    images: list[str]
    evidence: dict[str, Any]


class _Tally:
    """The answers of one check, by subject and part."""

    def __init__(self) -> None:
        self.subjects: dict[Key, dict[str, _Answer]] = {}
        self.skipped: dict[str, set[Key]] = {}

    def seen(self, key: Key) -> None:
        self.subjects.setdefault(key, {})

    def add(self, key: Key, result: Fail | Manual, unit: Unit | None, cause: str | None = None) -> None:
        """Notes an answer. The first about a part stays, a failure before a question; evidence unites."""
        parts = self.subjects.setdefault(key, {})
        known = parts.get(result.part)
        images = [unit.image] if unit and unit.image else []
        if known is None:
            parts[result.part] = _Answer(result, cause, unit, images, dict(result.evidence))
            return
        if isinstance(result, Fail) and isinstance(known.result, Manual):
            known.result, known.cause, known.unit = result, cause, unit
            known.evidence = merge_evidence(result.evidence, known.evidence)
        else:
            known.evidence = merge_evidence(known.evidence, result.evidence)
        known.images += [image for image in images if image not in known.images]


def evaluate(
    snapshot: Snapshot,
    checks: Sequence[Check],
    policy: Policy,
    today: date,
    *,
    scope: Scope | None = None,
    source: str = "",
    known: Collection[str] = (),
) -> Report:
    """The report of the checks over a snapshot. `today` (UTC) decides about waivers alone; facts are judged at the time
    that the snapshot was collected. `source` says where the snapshot came from, if not what it says itself;
    `known` are the ids of all checks, where not all are run."""
    scope = scope or Scope()
    left_out = (*scope.exclude, *snapshot.cluster.exclude, *policy.exclude.namespaces)
    scope = Scope(scope.only or snapshot.cluster.only, tuple(dict.fromkeys(left_out)))
    known = set(known) or {check.id for check in checks}
    selected = [check for check in checks if policy.setting(check.id).enabled]
    views = Views(snapshot, policy, scope.only, scope.holds, _attempt)
    waivers = WaiverBook(policy.waivers, today)
    findings: list[tuple[tuple[Any, ...], Finding]] = []
    rows: list[CheckRow] = []
    by_namespace: dict[str, Counts] = {}
    by_severity = dict.fromkeys(Severity, 0)
    skips: list[CoverageRow] = []
    for check in selected:
        tally = _run(check, views, scope)
        skips += _skips(check, tally)
        total = Counts()
        for key, parts in tally.subjects.items():
            made = [_finding(check, policy, waivers, key, answer, snapshot.cluster.name) for answer in parts.values()]
            findings += [(_order(finding, key), finding) for finding in made]
            counts = _status(made)
            total += counts
            namespace = key[0].namespace or ""
            by_namespace[namespace] = by_namespace.get(namespace, Counts()) + counts
            if counts.fail:
                by_severity[min((f.severity for f in made if f.status == "fail"), key=lambda s: s.rank)] += 1
        rows.append(CheckRow(check.id, check.title, _severity(check, policy), *msgspec.structs.astuple(total)))
    total = sum((Counts(row.passed, row.fail, row.manual, row.waived) for row in rows), Counts())
    return Report(
        auditor=Tool(__version__),
        cluster=_cluster_row(snapshot, source),
        policy=PolicyRow(policy.path, policy.sha256),
        coverage=(*_coverage(snapshot, scope), *skips),
        summary=Summary(
            total.passed,
            total.fail,
            total.manual,
            total.waived,
            by_severity={str(severity): count for severity, count in by_severity.items()},
            by_namespace=dict(sorted(by_namespace.items())),
        ),
        checks=tuple(sorted(rows, key=lambda row: row.id)),
        findings=tuple(finding for _, finding in sorted(findings, key=lambda pair: pair[0])),
        enforcement=_enforcement(selected, views, scope),
        warnings=(
            *_switched_off(checks, policy),
            *_unknown_namespaces(snapshot, scope),
            *policy.warnings(known),
            *waivers.warnings(known, {check.id for check in selected}, scope.only or None),
        ),
    )


def _enforcement(selected: Iterable[Check], views: Views, scope: Scope) -> EnforcementRow | None:
    """The matrix, if a check asked for it. Where it could not be made those checks have said so."""
    rows: list[EnforcementRow] = []
    if any(check.subject is ImagePolicy or any(p.type is Enforcement for p in check.parameters) for check in selected):
        _attempt(lambda: rows.append(standing(views.enforcement, scope.holds)))
    return rows[0] if rows else None


def _run(check: Check, views: Views, scope: Scope) -> _Tally:
    tally = _Tally()
    for gap in views.gaps.unseen(SUBJECTS[check.subject][1]):
        _unread(tally, gap, scope, None)
    units: list[Unit] = []
    arguments: list[Any] = []
    raised = _attempt(lambda: units.extend(views.units(check.subject)))
    if raised is None:
        for gap in views.broken(check.subject):
            _unread(tally, gap, scope, None)
    if raised is None and units:
        raised = _attempt(lambda: arguments.extend(_arguments(check, views)))
    match raised:
        case None:
            pass
        case Unread():
            _unread(tally, raised, scope, None)
            return tally
        case NotVisible():
            tally.add((CLUSTER, ""), Manual(str(raised)), None, "judgment")
            return tally
        case _:
            tally.add((CLUSTER, ""), _broke("The check could not begin", raised), None, "error")
            return tally
    unread: dict[Key, Unread] = {}
    for unit in units:
        if scope.holds(unit.about.namespace):
            _call(check, arguments, unit, tally, unread)
    for key, missing in unread.items():
        if not tally.subjects.get(key):  # what is known of its other images makes it no pass
            tally.subjects.pop(key, None)
            _unread(tally, missing, scope, key)
    return tally


def _arguments(check: Check, views: Views) -> list[Any]:
    return [views.optional(p.type) if p.optional else views.of(p.type) for p in check.parameters]


def _attempt(call: Callable[[], object]) -> Exception | None:
    """What a call raised. Nothing that a check does ends the audit."""
    try:
        call()
    except Exception as error:  # noqa: BLE001
        return error
    return None


def _broke(what: str, error: Exception) -> Manual:
    """A message may hold what must not leave the process: only the kind of error is told."""
    return Manual(f"{what}: {type(error).__name__}.")


def _call(check: Check, arguments: list[Any], unit: Unit, tally: _Tally, unread: dict[Key, Unread]) -> None:
    """One call of a check. What it says before it raises something counts."""
    key: Key = (unit.about, unit.repository)
    results: list[Result] = []
    raised = _attempt(lambda: results.extend(check.function(unit.value, *arguments)))
    elsewhere = False
    for result in results:
        if isinstance(result, Skip):
            elsewhere = True
            tally.skipped.setdefault(result.unread, set()).add(key)
            continue
        cause = "judgment" if isinstance(result, Manual) else None
        if result.about is None:
            tally.add(key, result, unit, cause)
        else:
            elsewhere = True
            tally.add((result.about, ""), result, None, cause)
    if isinstance(raised, Unread):
        unread.setdefault(key, raised)
    elif raised is not None:
        tally.add(key, _broke("The check broke on this subject", raised), unit, "error")
    elif not elsewhere:
        tally.seen(key)


def _unread(tally: _Tally, gap: Unread, scope: Scope, key: Key | None) -> None:
    """One answer for the whole scope that was not read. What the user left out is no failure, but is told."""
    if gap.namespace is not None and not scope.holds(gap.namespace):
        return
    about = CLUSTER if gap.namespace is None else About.of_namespace(gap.namespace)
    where = "" if gap.namespace is None else f" in namespace {gap.namespace}"
    evidence: dict[str, Any] = {"resources": {gap.resource: _reason(gap)}, "count": int(key is not None)}
    result = Manual(f"Not judged: {gap.resource}{where} {_reason(gap)}.", UNREAD, evidence)
    tally.add((about, ""), result, None, {"unasked": "judgment", "error": "error"}.get(gap.state, "unreadable"))


def _reason(gap: Unread) -> str:
    reasons = {
        "forbidden": "may not be read",
        "failed": "could not be read",
        "excluded": "were not collected",
        "read": "were read only in part",
        "unasked": "were not asked for",
        "error": "broke when it was read",
    }
    return f"{reasons.get(gap.state, gap.state)}{f' ({gap.detail})' if gap.detail else ''}"


def _finding(check: Check, policy: Policy, waivers: WaiverBook, key: Key, answer: _Answer, cluster: str) -> Finding:
    about, repository = key
    result, evidence = answer.result, answer.evidence
    if len(answer.images) > 1:
        evidence = {**evidence, "images": sorted(answer.images)}
    own = result.severity if isinstance(result, Fail) else None
    severity = policy.setting(check.id).severity or own or check.severity
    waiver = None
    if isinstance(result, Fail):
        waiver = waivers.apply(check.id, about.namespace, about.subject)
    message = result.message
    if waiver and waiver.expired:
        message += f" The waiver for it expired on {waiver.expires}."
    unit = answer.unit
    known = Subject(about.subject.kind, unit.known_as) if unit and unit.known_as else about.subject
    return Finding(
        id=identity(check.id, about.namespace, known, result.part, repository),
        cluster=cluster,
        check=check.id,
        status="manual" if isinstance(result, Manual) else "waived" if waiver and not waiver.expired else "fail",
        cause=answer.cause,  # type: ignore[arg-type]
        severity=severity,
        namespace=about.namespace,
        subject=about.subject,
        image=unit.image if unit else None,
        message=message,
        evidence=evidence,
        remediation=check.remediation,
        references=check.references,
        waiver=waiver,
        origin=(unit.origin or None) if unit else None,
    )


def _status(findings: Iterable[Finding]) -> Counts:
    """A subject counts once, by the worst that is said of it."""
    statuses = {finding.status for finding in findings}
    if "fail" in statuses:
        return Counts(fail=1)
    if "manual" in statuses:
        return Counts(manual=1)
    return Counts(waived=1) if statuses else Counts(passed=1)


def _order(finding: Finding, key: Key) -> tuple[Any, ...]:
    subject = finding.subject
    return (
        finding.namespace or "",
        finding.check,
        subject.kind,
        subject.name,
        subject.container or "",
        key[1],
        finding.id,
    )


def _severity(check: Check, policy: Policy) -> Severity:
    return policy.setting(check.id).severity or check.severity


def _switched_off(checks: Sequence[Check], policy: Policy) -> Iterator[str]:
    for check in checks:
        if not policy.setting(check.id).enabled:
            yield f"The policy switches {check.id} off: {policy.setting(check.id).reason}"


def _unknown_namespaces(snapshot: Snapshot, scope: Scope) -> Iterator[str]:
    """A mistyped name would look like a namespace without a fault."""
    known = {namespace.name for namespace in snapshot.namespaces} | {owner.namespace for owner in snapshot.owners}
    known |= {secret.namespace for secret in snapshot.secrets}
    known |= {account.namespace for account in snapshot.service_accounts}
    for name in scope.only:
        if name not in known:
            yield f"Nothing was seen of a namespace {name}."


def _cluster_row(snapshot: Snapshot, source: str) -> ClusterRow:
    cluster = snapshot.cluster
    return ClusterRow(cluster.name, cluster.uid, cluster.version, cluster.collected_at, source or cluster.source)


def _skips(check: Check, tally: _Tally) -> Iterator[CoverageRow]:
    """What a check gave no verdict on, for want of something to judge by."""
    for unread, keys in sorted(tally.skipped.items()):
        count = len(keys - tally.subjects.keys())
        if unread and count:
            subjects = "1 subject" if count == 1 else f"{count} subjects"
            yield CoverageRow(unread, "excluded", (), 0, f"{check.id} gives no verdict on {subjects}")


def _coverage(snapshot: Snapshot, scope: Scope) -> tuple[CoverageRow, ...]:
    """What was read, and what the user left out."""
    rows = [CoverageRow(row.resource, row.state, row.namespaces, row.count, row.detail) for row in snapshot.coverage]
    known = {namespace.name for namespace in snapshot.namespaces} | {owner.namespace for owner in snapshot.owners}
    if scope.only:
        others = tuple(sorted(known - set(scope.only)))
        rows.append(CoverageRow("*", "excluded", others, 0, f"only {', '.join(scope.only)} asked for"))
    if scope.exclude:
        left_out: set[str] = set()
        for pattern in scope.exclude:
            left_out |= {name for name in known if fnmatch.fnmatchcase(name, pattern)} or {pattern}
        rows.append(CoverageRow("*", "excluded", tuple(sorted(left_out)), 0, "excluded from the audit"))
    return tuple(rows)
