"""The options about results of vulnerability scanners, and reading them for a scan or a snapshot."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Struct

from auditor.errors import UsageError
from auditor.escape import escape

if TYPE_CHECKING:
    from auditor.collect import Collected
    from auditor.fleet import Gather
    from auditor.sources.progress import Progress

ISSUER = "auditor"
_SHOWN = 20

Results = Annotated[
    list[str] | None,
    typer.Option("--scan-results", metavar="PATH", help="Results of Trivy, Grype, Clair; repeatable."),
]
Server = Annotated[
    str | None, typer.Option("--clair", metavar="URL", help="Ask this Clair v4 about the images that run.")
]
Token = Annotated[str | None, typer.Option("--clair-token", metavar="FILE", help="A bearer token for Clair.")]
Key = Annotated[
    str | None, typer.Option("--clair-psk", metavar="FILE", help="Clair's pre-shared key, base64, to sign tokens with.")
]
Issuer = Annotated[str, typer.Option("--clair-issuer", metavar="NAME", help="Who signs them, by Clair's auth.psk.iss.")]


class ScanOptions(Struct, frozen=True):
    """As given on the command line."""

    results: Results = None
    clair: Server = None
    token: Token = None
    key: Key = None
    issuer: Issuer = ISSUER


def reader(options: ScanOptions, before: Gather = lambda collected, progress: collected) -> Gather:
    """Puts scan results into what was collected, and then went through `before`: Clair is asked by what registries say.

    Files are read at once, so that a wrong path ends the run before it begins: SourceError, UsageError.
    """
    if not options.clair and (options.token or options.key or options.issuer != ISSUER):
        raise UsageError("options about Clair were given, and it is not asked", "Add --clair URL.")
    if not options.results and not options.clair:
        return before
    from auditor.scans.giving import with_scans
    from auditor.sources.scan_results.clair_server import ask, clair_at
    from auditor.sources.scan_results.files import Given, read_files

    server = clair_at(options.clair, options.token, options.key, options.issuer) if options.clair else None
    files = read_files(options.results or ())
    for text in _warnings(files.faults):
        print(f"warning: {escape(text)}", file=sys.stderr)

    def read(found: Collected, progress: Progress) -> Collected:
        collected = before(found, progress)
        told = Given()
        if server:
            told = ask(server, collected.snapshot, lambda: progress.advance("Clair's reports", 1))
        for text in _warnings(told.faults):
            progress.warn(text)
        snapshot = with_scans(collected.snapshot, (*files.scanned, *told.scanned), (*files.faults, *told.faults))
        return msgspec.structs.replace(collected, snapshot=snapshot)

    return read


def _warnings(faults: Sequence[str]) -> Iterator[str]:
    yield from faults[:_SHOWN]
    if len(faults) > _SHOWN:
        yield f"and {len(faults) - _SHOWN:,} more scan results that cannot be used"
