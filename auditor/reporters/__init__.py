"""The formats of a report: one pure function each, imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import cast

from msgspec import Struct

from auditor.diff import Diff
from auditor.errors import UsageError
from auditor.report import Report


class Options(Struct, frozen=True):
    """What a format may need to know beside the report.

    `width`: columns of the terminal, 80 where there is none. `exit_code`: what the run will exit with, None where
    that is not to be told; `fail_on` (a severity or `never`), `allow_incomplete` and `new` are why: `new` is the
    number of new failures at or above `fail_on`, None unless only those count. `comparison` is with the baseline, if
    one was given; `duration` how long the audit took, in seconds.
    """

    width: int = 80
    colour: bool = False
    exit_code: int | None = None
    fail_on: str = "high"
    allow_incomplete: bool = False
    new: int | None = None
    comparison: Diff | None = None
    duration: float | None = None


Reporter = Callable[[Report, Options], str]

# Format to the module whose `render` makes it.
FORMATS: Mapping[str, str] = {
    "table": "auditor.reporters.table",
    "json": "auditor.reporters.json_report",
    "yaml": "auditor.reporters.yaml_report",
    "csv": "auditor.reporters.csv_report",
    "markdown": "auditor.reporters.markdown",
    "sarif": "auditor.reporters.sarif",
    "junit": "auditor.reporters.junit",
    "html": "auditor.reporters.html_report",
    "prometheus": "auditor.reporters.prometheus",
    "policyreport": "auditor.reporters.policyreport",
    "policyreport-v1alpha2": "auditor.reporters.policyreport_v1alpha2",
}


def reporter(name: str) -> Reporter:
    """The function of a format; UsageError where there is no such format."""
    if name not in FORMATS:
        close = get_close_matches(name, FORMATS, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UsageError(f"There is no format {name!r}.{hint}", f"The formats are: {', '.join(FORMATS)}.")
    return cast(Reporter, importlib.import_module(FORMATS[name]).render)


def encoded(name: str, report: Report, options: Options | None = None) -> bytes:
    """`render` in UTF-8. Where a format's module has `pieces`, each is encoded for itself: one character beyond Latin-1
    makes a text in memory twice as long, or four times."""
    whole = reporter(name)
    pieces = getattr(importlib.import_module(FORMATS[name]), "pieces", None)
    parts = pieces(report, options or Options()) if pieces else (whole(report, options or Options()),)
    return b"".join(part.encode("utf-8", "backslashreplace") for part in parts)


def render(name: str, report: Report, options: Options | None = None) -> str:
    """A report in a format, ending with a line feed."""
    return reporter(name)(report, options or Options())
