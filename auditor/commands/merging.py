"""`auditor merge`: JSON reports of clusters into one report, in any format."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from auditor.commands import fleet
from auditor.commands.auditing import emit, fail_on_severity
from auditor.commands.inputs import read_report
from auditor.errors import SourceError, UsageError
from auditor.escape import escape
from auditor.exits import exit_code
from auditor.output import parse_outputs
from auditor.report import PolicyRow, Report

_ONE_RUN = 12.0
"""Hours. Audits are mostly nightly, and a night's may take a while: what is half a day older is of another run."""


def merge(
    reports: Annotated[list[str], typer.Argument(metavar="REPORT", help="JSON reports, merged ones among them.")],
    output: Annotated[
        list[str] | None,
        typer.Option("-o", "--output", metavar="FORMAT[=PATH]", help="table (default), json, html …; may be repeated."),
    ] = None,
    fail_on: Annotated[str, typer.Option(metavar="SEVERITY|never", help="Exit 1 from this severity up.")] = "high",
    allow_incomplete: Annotated[bool, typer.Option(help="Exit 0, not 3, when something could not be read.")] = False,
    max_age: Annotated[
        float, typer.Option(metavar="HOURS", help="How much older than the newest a report may be.")
    ] = _ONE_RUN,
) -> int:
    """Join reports of several clusters into one, in which each counts once. A report that cannot
    be read, or is of another night, is a cluster that was not audited."""
    from auditor.merge import merge as join
    from auditor.reporters import FORMATS, Options

    outputs = parse_outputs(output or [], tuple(FORMATS), "table")
    threshold = fail_on_severity(fail_on)
    fleet.refuse_single(outputs)
    if math.isnan(max_age) or max_age <= 0:
        raise UsageError(f"--max-age {max_age}: no number of hours above 0", "Such as 12, 0.5, or inf for any age.")
    report = join(_recent(_read(reports), reports, max_age), reports)
    code = exit_code(report, threshold, allow_incomplete=allow_incomplete)
    options = Options(exit_code=int(code), fail_on=fail_on, allow_incomplete=allow_incomplete)
    for wanted in outputs:
        emit(report, wanted, options)
    return code


def _read(paths: Sequence[str]) -> list[Report]:
    """A job that failed has left no report, and must hide neither itself nor the others; SourceError if all are so."""
    from auditor.merge import not_audited

    found: list[Report | SourceError] = []
    for path in paths:
        try:
            found.append(read_report(path))
        except SourceError as error:
            found.append(error)
    faults = [one for one in found if isinstance(one, SourceError)]
    if len(faults) == len(found):
        raise faults[0]
    for fault in faults:
        _warn(f"not merged: {fault}")
    return [
        not_audited(path, f"its report cannot be read: {one}", PolicyRow(), one.advice)
        if isinstance(one, SourceError)
        else one
        for path, one in zip(paths, found, strict=True)
    ]


def _recent(reports: Sequence[Report], paths: Sequence[str], hours: float) -> list[Report]:
    """Without what another run has left. If nothing is of this run, that can only be told."""
    from auditor.staleness import newest, without_stale

    latest = newest(reports)
    age = (datetime.now(UTC) - latest).total_seconds() / 3600 if latest else 0.0
    if age > hours:
        _warn(f"the newest of these reports is {age:,.1f} hours old")
    recent = without_stale(reports, hours)
    for path, before, after in zip(paths, reports, recent, strict=True):
        known = {cluster.error for cluster in before.clusters}
        for cluster in after.clusters:
            if cluster.error and cluster.error not in known:
                _warn(f"not merged: {path}: {cluster.name or 'a cluster without a name'}: {cluster.error}")
    return recent


def _warn(text: str) -> None:
    print(f"warning: {escape(text)}", file=sys.stderr)
