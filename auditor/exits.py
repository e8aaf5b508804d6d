"""Exit codes: what a report means to the one who called."""

from __future__ import annotations

from enum import IntEnum

from auditor.diff import Diff
from auditor.report import Report, Severity


class Exit(IntEnum):
    """When several hold: 4, 2, 1, 3, 0."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    NO_AUDIT = 4


def exit_code(
    report: Report, fail_on: Severity | None, comparison: Diff | None = None, *, allow_incomplete: bool = False
) -> Exit:
    """The code of an audit that took place. `fail_on` None is `never`: it turns 1 off, not 3.

    With a `comparison` of the report with a baseline, only new failures count.
    """
    if fail_on is not None and (comparison.new_failures if comparison else report.failures)(fail_on):
        return Exit.FINDINGS
    if report.incomplete and not allow_incomplete:
        return Exit.INCOMPLETE
    return Exit.OK
