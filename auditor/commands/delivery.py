"""What an audit hands out: each thing is tried, whatever becomes of the others, and told together where it fails."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import typer
from msgspec import Struct

from auditor.commands.completing import formats, severities
from auditor.errors import AuditorError, DeliveryError
from auditor.exits import Exit

Delivery = Callable[[], object]


class Telling(Struct, frozen=True):
    """Where the report goes, and the exit code that it gives."""

    output: Annotated[
        list[str] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FORMAT[=PATH]",
            help="table (default), json, html …; may be repeated.",
            autocompletion=formats,
        ),
    ] = None
    fail_on: Annotated[
        str,
        typer.Option(metavar="SEVERITY|never", help="Exit 1 from this severity up.", autocompletion=severities),
    ] = "high"
    allow_incomplete: Annotated[bool, typer.Option(help="Exit 0, not 3, when something could not be read.")] = False
    save_snapshot: Annotated[
        str | None, typer.Option(metavar="PATH", help="Keep what was read (.json or .json.gz).")
    ] = None
    pushgateway: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="AUDITOR_PUSHGATEWAY", help="Push the metrics there, after all reports."),
    ] = None
    publish: Annotated[
        bool, typer.Option("--publish", help="Write policy reports into the cluster, after all reports.")
    ] = False


def attempted(deliveries: Iterable[Delivery]) -> list[AuditorError]:
    """Makes each delivery, in order; what went wrong."""
    failures = []
    for deliver in deliveries:
        try:
            deliver()
        except AuditorError as error:  # a gateway that is down makes no published report stale
            failures.append(error)
    return failures


def settled(code: Exit, failures: Sequence[AuditorError]) -> Exit:
    """The exit code of an audit, if all that it hands out has arrived. Otherwise raises what went wrong."""
    if not failures:
        return code
    if code is not Exit.OK:
        print(f"note: the audit itself ends with exit code {code:d}, but not all of it was delivered", file=sys.stderr)
    raise failures[0] if len(failures) == 1 else DeliveryError(failures)
