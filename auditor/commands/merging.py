"""`auditor merge`: JSON reports of clusters into one report, in any format."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from auditor.commands import fleet
from auditor.commands.auditing import emit, fail_on_severity
from auditor.commands.inputs import read_report
from auditor.errors import SourceError
from auditor.escape import escape
from auditor.exits import exit_code
from auditor.output import parse_outputs
from auditor.report import PolicyRow, Report


def merge(
    reports: Annotated[list[str], typer.Argument(metavar="REPORT", help="JSON reports, merged ones among them.")],
    output: Annotated[
        list[str] | None,
        typer.Option("-o", "--output", metavar="FORMAT[=PATH]", help="table (default), json, html …; may be repeated."),
    ] = None,
    fail_on: Annotated[str, typer.Option(metavar="SEVERITY|never", help="Exit 1 from this severity up.")] = "high",
    allow_incomplete: Annotated[bool, typer.Option(help="Exit 0, not 3, when something could not be read.")] = False,
) -> int:
    """Join reports of several clusters into one, in which each counts once. A report that cannot
    be read is a cluster that was not audited."""
    from auditor.merge import merge as join
    from auditor.reporters import FORMATS, Options

    outputs = parse_outputs(output or [], tuple(FORMATS), "table")
    threshold = fail_on_severity(fail_on)
    fleet.refuse_single(outputs)
    report = join(_read(reports), reports)
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
        print(f"warning: not merged: {escape(str(fault))}", file=sys.stderr)
    return [
        not_audited(path, f"its report cannot be read: {one}", PolicyRow(), one.advice)
        if isinstance(one, SourceError)
        else one
        for path, one in zip(paths, found, strict=True)
    ]
