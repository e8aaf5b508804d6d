"""The command line: the only place that prints and exits, and that turns errors into advice."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.errors import AuditorError, PackError, PolicyError, SourceError, UsageError
from auditor.escape import escape
from auditor.exits import Exit, exit_code
from auditor.output import check_writable, compressed, parse_outputs, write_file, write_standard
from auditor.report import Severity

if TYPE_CHECKING:
    from auditor.collect import Collected
    from auditor.model import Snapshot
    from auditor.output import Output
    from auditor.policy import Policy
    from auditor.report import Report
    from auditor.reporters import Options

app = typer.Typer(
    name="auditor",
    help="Audits the image security of Kubernetes clusters, live or offline, and reports findings by namespace.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
policy_app = typer.Typer(help="Check a policy file, or print its JSON Schema.", rich_markup_mode=None)
app.add_typer(policy_app, name="policy")

From = Annotated[
    str | None,
    typer.Option("--from", metavar="PATH", help="A snapshot, a kubectl dump, manifests, a directory, or - (stdin)."),
]
Kubeconfig = Annotated[str | None, typer.Option(metavar="PATH", help="The kubeconfig of the live cluster.")]
Context = Annotated[str | None, typer.Option(metavar="NAME", help="The kubeconfig's context.")]
Namespaces = Annotated[list[str] | None, typer.Option("-n", "--namespace", metavar="NS", help="Only these namespaces.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude-namespace", metavar="NS", help="Not these (globs).")]
Complete = Annotated[bool, typer.Option("--assume-complete", help="What the files do not hold does not exist.")]
Checks = Annotated[list[str] | None, typer.Option("--check", metavar="ID", help="Only these checks.")]
SkipChecks = Annotated[list[str] | None, typer.Option("--skip-check", metavar="ID", help="Not these checks.")]
PolicyFile = Annotated[str | None, typer.Option("--policy", metavar="FILE", help="The policy file.")]


def run(arguments: Sequence[str]) -> int:
    """Runs a command line and returns its exit code. Nothing that a user meets is a traceback."""
    try:
        result = app(args=list(arguments), prog_name="auditor", standalone_mode=False)
        return int(result or 0)
    except typer.TyperException as error:
        _complain(error.format_message(), "`auditor --help` shows what there is.")
        return Exit.USAGE
    except (UsageError, PolicyError, PackError) as error:
        _complain(str(error), error.advice)
        return Exit.USAGE
    except AuditorError as error:
        _complain(str(error), error.advice)
        return Exit.NO_AUDIT
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted; nothing was written", "")
        return 130  # as a shell says of what SIGINT ended; threads that still wait for the network are daemons


def _complain(message: str, advice: str) -> None:
    print(f"auditor: {escape(message)}", file=sys.stderr)
    for line in advice.splitlines():
        print(f"  {escape(line)}", file=sys.stderr)


def _version(wanted: bool) -> None:
    if wanted:
        from auditor.version import __version__

        print(f"auditor {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Audits the image security of Kubernetes clusters, live or offline, and reports findings by namespace."""


@app.command()
def scan(
    source: From = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespaces = None,
    exclude_namespace: Exclude = None,
    policy: PolicyFile = None,
    check: Checks = None,
    skip_check: SkipChecks = None,
    output: Annotated[
        list[str] | None,
        typer.Option("-o", "--output", metavar="FORMAT[=PATH]", help="table (default) or json; may be repeated."),
    ] = None,
    fail_on: Annotated[str, typer.Option(metavar="SEVERITY|never", help="Exit 1 from this severity up.")] = "high",
    allow_incomplete: Annotated[bool, typer.Option(help="Exit 0, not 3, when something could not be read.")] = False,
    save_snapshot: Annotated[
        str | None, typer.Option(metavar="PATH", help="Keep what was read (.json or .json.gz).")
    ] = None,
    assume_complete: Complete = False,
    baseline: Annotated[str | None, typer.Option(metavar="REPORT", help="An earlier JSON report.")] = None,
    fail_on_new: Annotated[
        bool, typer.Option("--fail-on-new", help="Exit 1 only for what the baseline lacks.")
    ] = False,
) -> int:
    """Audit a cluster, live or from files, and report findings by namespace."""
    from auditor.engine import Scope, evaluate
    from auditor.packs import load_packs, select
    from auditor.rbac import needed_resources
    from auditor.reporters import FORMATS, Options

    outputs = parse_outputs(output or [], tuple(FORMATS), "table")
    threshold = _fail_on(fail_on)
    if fail_on_new and not baseline:
        raise UsageError("--fail-on-new needs --baseline REPORT", "Name the JSON report to compare with.")
    if save_snapshot:
        check_writable(Path(save_snapshot))
    before = _report(baseline) if baseline else None
    rules = _policy(policy)
    known = load_packs(rules.packs)
    checks = select(known, check or (), skip_check or ())
    collected = _collect(
        source, kubeconfig, context, namespace, exclude_namespace, assume_complete, needed_resources(checks)
    )
    scope = Scope(tuple(namespace or ()), tuple(exclude_namespace or ()))
    today = datetime.now(UTC).date()
    ids = {check.id for check in known}
    report = evaluate(collected.snapshot, checks, rules, today, scope=scope, source=collected.source, known=ids)
    if save_snapshot:
        _save(collected.snapshot, save_snapshot)
    old = {finding.id for finding in before.findings if finding.status == "fail"} if before and fail_on_new else set()
    code = exit_code(report, threshold, old, allow_incomplete=allow_incomplete)
    new = report.failures(threshold, old) if fail_on_new and threshold else None
    for wanted in outputs:
        _emit(report, wanted, Options(80, False, int(code), fail_on, allow_incomplete, new))
    return code


@app.command()
def snapshot(
    output: Annotated[str, typer.Option("-o", "--output", metavar="PATH", help="Where to (.json or .json.gz).")],
    source: From = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespaces = None,
    exclude_namespace: Exclude = None,
    assume_complete: Complete = False,
) -> int:
    """Keep what an audit reads of a cluster, redacted, in one file that `scan --from` takes."""
    check_writable(Path(output))
    collected = _collect(source, kubeconfig, context, namespace, exclude_namespace, assume_complete, ())
    _save(collected.snapshot, output)
    found = collected.snapshot
    print(f"{output}: {len(found.owners)} workloads, {len(found.nodes)} nodes", file=sys.stderr)
    return Exit.OK


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="An earlier JSON report.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="A later JSON report.")],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="table or json.")] = "table",
) -> int:
    """Compare two JSON reports: what is new, what is gone, what is still there."""
    from auditor.diff import diff as compare
    from auditor.reporters.diff_text import FORMATS, render_table

    if output not in FORMATS:
        raise UsageError(f"-o {output}: there is no format {output!r}", f"There is: {', '.join(FORMATS)}.")
    found = compare(_report(old), _report(new))
    write_standard(render_table(found, _width(), _colour()) if output == "table" else FORMATS[output](found, _width()))
    return Exit.OK


@app.command()
def checks(
    id: Annotated[str | None, typer.Argument(metavar="ID", help="Explain this one.")] = None,  # noqa: A002
) -> int:
    """List the checks, or explain one."""
    from auditor.documentation import explain, listing
    from auditor.packs import load_packs, select

    known = load_packs(())
    write_standard(explain(select(known, [id])[0], _width()) if id else listing(known, _width()))
    return Exit.OK


@policy_app.command("check")
def policy_check(path: Annotated[str, typer.Argument(metavar="FILE", help="The policy file.")]) -> int:
    """Say whether a policy file is right, and what is wrong with it."""
    from auditor.packs import load_packs
    from auditor.waivers import WaiverBook

    rules = _policy(path)
    known = {check.id for check in load_packs(rules.packs)}
    waivers = WaiverBook(rules.waivers, datetime.now(UTC).date())
    for warning in (*rules.warnings(known), *waivers.warnings(known, ())):
        print(f"warning: {escape(warning)}", file=sys.stderr)
    print(f"{path}: valid")
    return Exit.OK


@policy_app.command("schema")
def policy_schema() -> int:
    """Print the JSON Schema of the policy file."""
    from auditor.documentation import policy_schema_text

    write_standard(policy_schema_text())
    return Exit.OK


@app.command()
def rbac(check: Checks = None) -> int:
    """Print the least ClusterRole that the checks need."""
    from auditor.packs import load_packs, select
    from auditor.rbac import cluster_role, needed_resources

    write_standard(cluster_role(needed_resources(select(load_packs(()), check or ()))))
    return Exit.OK


def _collect(
    source: str | None,
    kubeconfig: str | None,
    context: str | None,
    namespaces: Sequence[str] | None,
    exclude: Sequence[str] | None,
    assume_complete: bool,
    resources: Sequence[str],
) -> Collected:
    from auditor.collect import SourceOptions, collect
    from auditor.sources.progress import Progress

    options = SourceOptions(
        path=source,
        kubeconfig=kubeconfig,
        context=context,
        namespaces=tuple(namespaces or ()),
        exclude=tuple(exclude or ()),
        resources=tuple(resources),
        assume_complete=assume_complete,
    )
    progress = Progress.on()
    try:
        collected = collect(options, progress)
    finally:
        progress.finish()
    for note in collected.notes:
        print(f"note: {escape(note)}", file=sys.stderr)
    return collected


def _fail_on(text: str) -> Severity | None:
    if text == "never":
        return None
    try:
        return Severity(text)
    except ValueError:
        raise UsageError(f"--fail-on {text}: no such severity", f"One of {', '.join(Severity)}, or never.") from None


def _policy(path: str | None) -> Policy:
    from auditor.policy import Policy
    from auditor.policy_file import load_policy

    if path is None:
        return Policy()
    return load_policy(_read(path, PolicyError), path)


def _report(path: str) -> Report:
    import msgspec

    from auditor.report import from_json

    try:
        return from_json(_read(path, SourceError))
    except msgspec.MsgspecError as error:
        raise SourceError(f"{path}: this is no report of auditor: {error}", "Write one with `-o json=PATH`.") from None


def _read(path: str, error: type[AuditorError]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as failure:
        raise error(f"{path}: {failure.strerror}", "Check the path and its permissions.") from None


def _save(found: Snapshot, place: str) -> None:
    from auditor.collect import dump_snapshot

    path = Path(place)
    write_file(path, compressed(path, dump_snapshot(found)))


def _emit(report: Report, output: Output, options: Options) -> None:
    import msgspec

    from auditor.reporters import render

    if output.path:
        write_file(output.path, render(output.format, report, options).encode("utf-8", "backslashreplace"))
        return
    options = msgspec.structs.replace(options, width=_width(), colour=_colour())
    write_standard(render(output.format, report, options))


def _colour() -> bool:
    """On a terminal that can, unless the user says no (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width() -> int:
    """Columns to fill: the terminal's, or 80 in a pipe."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
