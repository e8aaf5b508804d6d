"""What becomes of a baseline after a run: its report, and all that the run before knew and this one could not see."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec.structs import replace

from auditor.comparability import together
from auditor.diff import Diff, counted, diff
from auditor.merge import merge
from auditor.pairs import pairs
from auditor.report import CheckRow, Counts, Finding, Report, Severity, Subject, Summary


def kept(comparison: Diff, known: Collection[str]) -> Report:
    """The report to compare the next run with. An incomplete run takes nothing from it that was known.

    - Findings are those of this run, and the earlier ones that it could not see: else they came back as new as soon as
      somebody looks again. A failure that is a matter of judgment now has not passed: it stays a failure. That
      something was not read, or that a check broke, is no finding.
    - Checks are those of both runs. What belongs to a check that exists no more (is not in `known`) is dropped.
    - Coverage tells what neither run has read.
    - Counts fit the findings. Passes are this run's, and so are the cluster, the policy and the version.
    - Of several clusters one that this run did not audit stays as it was known.
    """
    before, after = comparison.before, comparison.after
    if before.clusters or after.clusters:
        return merge(list(_of_several(before, after, known)))
    earlier, later = counted(before, after)
    held = [_not_softened(earlier.get(key), finding) for key, finding in later.items()]
    held += [finding for finding in comparison.unseen if finding.check in known]
    # A context that was renamed must not look like a second cluster.
    name = next((finding.cluster for finding in after.findings), None)
    held = held if name is None else [replace(finding, cluster=name) for finding in held]
    seen = {row.id for row in after.checks}
    others = [replace(row, passed=0) for row in before.checks if row.id in known and row.id not in seen]
    report = replace(
        after,
        cluster=replace(after.cluster, uid=after.cluster.uid or before.cluster.uid),
        coverage=tuple(together(before.coverage, after.coverage)),
        checks=tuple(sorted((*after.checks, *others), key=lambda row: row.id)),
    )
    if tuple(held) == after.findings:
        return report
    return _counted(replace(report, findings=tuple(sorted(held, key=_order))))


def _of_several(before: Report, after: Report, known: Collection[str]) -> Iterator[Report]:
    for pair in pairs(before, after):
        if pair.new is not None:
            yield kept(diff(pair.old or replace(pair.new, findings=()), pair.new), known)
        elif pair.old is not None:
            yield pair.old


def _not_softened(before: Finding | None, after: Finding) -> Finding:
    return before if before and before.status == "fail" and after.status == "manual" else after


def _order(finding: Finding) -> tuple[str, str, str, str, str, str, str]:
    subject = finding.subject
    names = subject.kind, subject.name, subject.container or ""
    return finding.cluster, finding.namespace or "", finding.check, *names, finding.id


def _counted(report: Report) -> Report:
    """The report with counts that fit its findings. Passes stay as they are: they are this run's."""
    worst: dict[tuple[str, str, Subject], Finding] = {}
    for finding in report.findings:
        key = finding.check, finding.namespace or "", finding.subject
        worst[key] = min(worst.get(key, finding), finding, key=_badness)
    by_check, by_namespace = dict[str, Counts](), dict[str, Counts]()
    severities = dict.fromkeys(map(str, Severity), 0)
    for (check, namespace, _), finding in worst.items():
        one = Counts(**{finding.status: 1})
        by_check[check] = by_check.get(check, Counts()) + one
        by_namespace[namespace] = by_namespace.get(namespace, Counts()) + one
        if finding.status == "fail":
            severities[finding.severity] += 1
    for namespace, counts in report.summary.by_namespace.items():
        by_namespace[namespace] = by_namespace.get(namespace, Counts()) + Counts(counts.passed)
    checks = [_row(row, by_check.get(row.id, Counts())) for row in report.checks]
    total = sum((Counts(row.passed, row.fail, row.manual, row.waived) for row in checks), Counts())
    summary = Summary(
        total.passed, total.fail, total.manual, total.waived, severities, dict(sorted(by_namespace.items()))
    )
    return replace(report, checks=tuple(checks), summary=summary)


def _badness(finding: Finding) -> tuple[int, int]:
    return ("fail", "manual", "waived").index(finding.status), finding.severity.rank


def _row(row: CheckRow, counts: Counts) -> CheckRow:
    return replace(row, fail=counts.fail, manual=counts.manual, waived=counts.waived)
