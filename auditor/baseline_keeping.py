"""What becomes of a baseline after a run: its report, and all that the run before knew and this one could not see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from auditor.diff import Diff, counted, diff
from auditor.merge import merge
from auditor.pairs import pairs
from auditor.report import CoverageRow, Finding, Report

_GAPS = ("forbidden", "failed", "excluded")


def kept(comparison: Diff, known: Collection[str]) -> Report:
    """The report to compare the next run with. An incomplete run takes nothing from it that was known.

    - Findings are those of this run, and the earlier ones that it could not see: else they came back as new as soon as
      somebody looks again. A failure that is a matter of judgment now has not passed: it stays a failure. That
      something was not read, or that a check broke, is no finding.
    - Checks are those of both runs. What belongs to a check that exists no more (is not in `known`) is dropped.
    - Coverage tells what neither run has read.
    - The cluster, the policy, the version and the counts are this run's.
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
    held = held if name is None else [msgspec.structs.replace(finding, cluster=name) for finding in held]
    seen = {row.id for row in after.checks}
    checks = [*after.checks, *(row for row in before.checks if row.id in known and row.id not in seen)]
    return msgspec.structs.replace(
        after,
        cluster=msgspec.structs.replace(after.cluster, uid=after.cluster.uid or before.cluster.uid),
        coverage=tuple(_coverage(before.coverage, after.coverage)),
        checks=tuple(sorted(checks, key=lambda row: row.id)),
        findings=tuple(sorted(held, key=_order)),
    )


def _of_several(before: Report, after: Report, known: Collection[str]) -> Iterator[Report]:
    for pair in pairs(before, after):
        if pair.new is not None:
            yield kept(diff(pair.old or msgspec.structs.replace(pair.new, findings=()), pair.new), known)
        elif pair.old is not None:
            yield pair.old


def _not_softened(before: Finding | None, after: Finding) -> Finding:
    return before if before and before.status == "fail" and after.status == "manual" else after


def _order(finding: Finding) -> tuple[str, str, str, str, str, str, str]:
    subject = finding.subject
    names = subject.kind, subject.name, subject.container or ""
    return finding.cluster, finding.namespace or "", finding.check, *names, finding.id


def _coverage(before: Sequence[CoverageRow], after: Sequence[CoverageRow]) -> Iterator[CoverageRow]:
    """Rows of the later report, with a gap only where the earlier one has it, too; what only that one speaks of stays,
    but for what it left out."""
    for resource in dict.fromkeys(row.resource for row in (*after, *before)):
        earlier = [row for row in before if row.resource == resource]
        later = [row for row in after if row.resource == resource]
        if not later:
            yield from earlier if resource != "*" else ()
        elif resource != "*" and not earlier:
            yield from later
        else:
            rows = [row for gap in later for row in _narrowed(gap, earlier)]
            yield from dict.fromkeys(rows or [row for row in earlier if row.state not in _GAPS])


def _narrowed(row: CoverageRow, earlier: Sequence[CoverageRow]) -> Iterator[CoverageRow]:
    if row.state not in _GAPS:
        yield row
        return
    gaps = [other for other in earlier if other.state in _GAPS]
    if not row.namespaces:
        yield from gaps
    elif any(not gap.namespaces for gap in gaps):
        yield row
    elif both := tuple(name for name in row.namespaces if any(name in gap.namespaces for gap in gaps)):
        yield msgspec.structs.replace(row, namespaces=both)
