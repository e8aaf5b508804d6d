"""evaluate(): snapshot, checks and policy to a Report. The only code that makes statuses; no clock, network or disk."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from msgspec.structs import astuple

from auditor.check import CLUSTER, About, Check, Manual, Result, Skip
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
    Summary,
    Tool,
)
from auditor.scope import Scope, coverage_of, unknown_namespaces
from auditor.statuses import STANDINGS, Standing, finding_of, order_of, standing_of
from auditor.tally import Key, Tally
from auditor.units import Unit
from auditor.version import __version__
from auditor.views import SUBJECTS, NotVisible, Views
from auditor.waivers import WaiverBook

__all__ = ["Scope", "evaluate"]


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
    by_namespace: defaultdict[str, Counter[Standing]] = defaultdict(Counter)
    by_severity = dict.fromkeys(Severity, 0)
    skips: list[CoverageRow] = []
    for check in selected:
        tally = _run(check, views, scope)
        skips += tally.skips(check.id)
        counted: Counter[Standing] = Counter()
        for key, parts in tally.subjects.items():
            made = [finding_of(check, policy, waivers, key, answer, snapshot.cluster.name) for answer in parts.values()]
            findings += [(order_of(finding, key), finding) for finding in made]
            stands = standing_of(made) if made else "pass"
            counted[stands] += 1
            by_namespace[key[0].namespace or ""][stands] += 1
            if stands == "fail":
                by_severity[min((f.severity for f in made if f.status == "fail"), key=lambda s: s.rank)] += 1
        severity = policy.setting(check.id).severity or check.severity
        rows.append(CheckRow(check.id, check.title, severity, *astuple(_counts(counted))))
    total = _counts(sum(by_namespace.values(), Counter()))
    return Report(
        auditor=Tool(__version__),
        cluster=_cluster_row(snapshot, source),
        policy=PolicyRow(policy.path, policy.sha256),
        coverage=(*coverage_of(snapshot, scope), *skips),
        summary=Summary(
            total.passed,
            total.fail,
            total.manual,
            total.waived,
            by_severity={str(severity): count for severity, count in by_severity.items()},
            by_namespace={name: _counts(counts) for name, counts in sorted(by_namespace.items())},
        ),
        checks=tuple(sorted(rows, key=lambda row: row.id)),
        findings=tuple(finding for _, finding in sorted(findings, key=lambda pair: pair[0])),
        enforcement=_enforcement(selected, views, scope),
        warnings=(
            *_switched_off(checks, policy),
            *unknown_namespaces(snapshot, scope),
            *policy.warnings(known),
            *waivers.warnings(known, {check.id for check in selected}, scope.only or None),
        ),
    )


def _counts(counted: Counter[Standing]) -> Counts:
    return Counts(*(counted[standing] for standing in STANDINGS))


def _enforcement(selected: Iterable[Check], views: Views, scope: Scope) -> EnforcementRow | None:
    """The matrix, if a check asked for it. Where it could not be made those checks have said so."""
    rows: list[EnforcementRow] = []
    if any(check.subject is ImagePolicy or any(p.type is Enforcement for p in check.parameters) for check in selected):
        _attempt(lambda: rows.append(standing(views.enforcement, scope.holds)))
    return rows[0] if rows else None


def _run(check: Check, views: Views, scope: Scope) -> Tally:
    tally = Tally()
    for gap in views.gaps.unseen(SUBJECTS[check.subject][1]):
        _unread(tally, gap, scope)
    units: list[Unit] = []
    arguments: list[Any] = []
    raised = _attempt(lambda: units.extend(views.units(check.subject)))
    if raised is None:
        for gap in views.broken(check.subject):
            _unread(tally, gap, scope)
    if raised is None and units:
        raised = _attempt(lambda: arguments.extend(_arguments(check, views)))
    match raised:
        case None:
            pass
        case Unread():
            _unread(tally, raised, scope)
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
    alike: dict[tuple[Any, ...], list[Unread]] = {}
    for key, missing in unread.items():
        if not tally.subjects.get(key):  # what is known of its other images makes it no pass
            tally.subjects.pop(key, None)
            alike.setdefault((missing.resource, missing.namespace, missing.state, missing.detail), []).append(missing)
    for gaps in alike.values():
        _unread(tally, gaps[0], scope, len(gaps))
    return tally


def _arguments(check: Check, views: Views) -> list[Any]:
    return [views.optional(p.type) if p.optional else views.of(p.type) for p in check.parameters]


def _attempt(call: Callable[[], object]) -> Exception | None:
    """What a call raised. Nothing that a check does ends the audit.

    Only what it says is kept: its frames lead back to here, and would hold all that was read until the collector runs.
    """
    try:
        call()
    except Exception as error:  # noqa: BLE001
        error.__context__ = error.__cause__ = None
        return error.with_traceback(None)
    return None


def _broke(what: str, error: Exception) -> Manual:
    """A message may hold what must not leave the process: only the kind of error is told."""
    return Manual(f"{what}: {type(error).__name__}.")


def _call(check: Check, arguments: list[Any], unit: Unit, tally: Tally, unread: dict[Key, Unread]) -> None:
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


def _unread(tally: Tally, gap: Unread, scope: Scope, subjects: int = 0) -> None:
    """One answer for the whole scope that was not read, for want of which so many subjects were not judged. What the
    user left out is no failure, but is told."""
    if gap.namespace is not None and not scope.holds(gap.namespace):
        return
    about = CLUSTER if gap.namespace is None else About.of_namespace(gap.namespace)
    where = "" if gap.namespace is None else f" in namespace {gap.namespace}"
    evidence: dict[str, Any] = {"resources": {gap.resource: _reason(gap)}, "count": subjects}
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


def _switched_off(checks: Sequence[Check], policy: Policy) -> Iterator[str]:
    for check in checks:
        if not policy.setting(check.id).enabled:
            yield f"The policy switches {check.id} off: {policy.setting(check.id).reason}"


def _cluster_row(snapshot: Snapshot, source: str) -> ClusterRow:
    cluster = snapshot.cluster
    return ClusterRow(cluster.name, cluster.uid, cluster.version, cluster.collected_at, source or cluster.source)
