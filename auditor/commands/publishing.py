"""`--publish` of `auditor scan`: what is told of it, and what makes it fail."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from auditor.errors import SourceError, UsageError
from auditor.escape import escape
from auditor.quantity import quantity

if TYPE_CHECKING:
    from auditor.check import Check
    from auditor.engine import Scope
    from auditor.model import Snapshot
    from auditor.policy import Policy
    from auditor.publish import Place
    from auditor.report import Report
    from auditor.sources.publishing import Result

_SHOWN = 5
_RIGHTS = "`auditor rbac --publish` prints the rights that it takes."
_WHOLE = "Leave --check and --skip-check out (the policy can switch checks off), or delete the reports first."


def check_source(source: str | None) -> None:
    """Raises UsageError unless a live cluster is read."""
    if source is not None:
        raise UsageError(
            "--publish writes into the cluster that was audited, and --from reads none",
            "Leave --from out, or print the objects with -o policyreport.",
        )


def left_out(known: Sequence[Check], asked: Sequence[Check], policy: Policy) -> set[str]:
    """The ids of the checks that an audit of all would run, and this one was told not to."""
    from auditor.packs import select

    ids = {check.id for check in select(known)} - {check.id for check in asked}
    return {name for name in ids if policy.setting(name).enabled}


def publish_report(
    report: Report,
    snapshot: Snapshot,
    scope: Scope,
    left_out: Collection[str],
    kubeconfig: str | None,
    context: str | None,
) -> None:
    """Publishes a report of a live cluster, of the namespaces in scope; `left_out` as in `plan`. SourceError where not
    all of it could be."""
    from auditor.sources.publishing import publish

    known = {namespace.name for namespace in snapshot.namespaces} | set(report.summary.by_namespace) - {""}
    audited: set[Place] = {name for name in known if scope.holds(name)}
    if not scope.only:  # else what has no namespace was judged by a part of the cluster
        audited.add(None)
    result = publish(report, kubeconfig, context, audited, scope.only, left_out)
    for note in _notes(result):
        print(f"note: {escape(note)}", file=sys.stderr)
    _raise(result)


def _notes(result: Result) -> Iterable[str]:
    written, deleted = (sum(one.state == state for one in result.outcomes) for state in ("written", "deleted"))
    pruned = f", {deleted} deleted" if deleted else ""
    yield f"{quantity(written, 'policy report')} of {result.api.api_version} written{pruned}"
    gone = [one for one in result.outcomes if one.state == "gone"]
    if gone:
        yield f"no policy report for {_places(one.namespace for one in gone)}: {gone[0].reason}"


def _raise(result: Result) -> None:
    denied: dict[str, list[Place]] = {}
    refused = []
    for one in result.outcomes:
        if one.state == "denied":
            denied.setdefault(one.reason, []).append(one.namespace)
        elif one.state == "refused":
            refused.append(f"{one.kind} {one.namespace + '/' if one.namespace else ''}{one.name}: {one.reason}")
    complaints = [f"the right to {right} is missing in {_places(places)}" for right, places in sorted(denied.items())]
    complaints += _few(refused)
    if result.wider:
        lost = _few(sorted(frozenset().union(*result.wider.values())))
        complaints.append(
            f"those of {_places(result.wider)} stay as they are, for they tell of checks that were left out of this "
            f"audit ({', '.join(lost)})"
        )
    if complaints:
        advice = [_RIGHTS] if denied else []
        advice += [_WHOLE] if result.wider else []
        raise SourceError(f"not all policy reports are published: {'; '.join(complaints)}", "\n".join(advice))


def _places(places: Iterable[Place]) -> str:
    return ", ".join(_few(sorted({place or "the cluster" for place in places})))


def _few(texts: Sequence[str]) -> list[str]:
    more = len(texts) - _SHOWN
    return [*texts[:_SHOWN], *([f"{more} more"] if more > 0 else [])]
