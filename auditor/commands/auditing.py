"""`auditor scan` and `auditor snapshot`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.commands.inputs import collect, read_policy, read_report
from auditor.commands.options import (
    Checks,
    Complete,
    Context,
    Exclude,
    From,
    HostRoot,
    Kubeconfig,
    Namespaces,
    PolicyFile,
    SkipChecks,
)
from auditor.commands.terminal import colour, width
from auditor.errors import PolicyError, UsageError
from auditor.exits import Exit, exit_code
from auditor.output import check_writable, compressed, parse_outputs, write_file, write_standard
from auditor.report import Severity

if TYPE_CHECKING:
    from auditor.model import Snapshot
    from auditor.output import Output
    from auditor.report import Report
    from auditor.reporters import Options


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
        typer.Option("-o", "--output", metavar="FORMAT[=PATH]", help="table (default), json, html …; may be repeated."),
    ] = None,
    fail_on: Annotated[str, typer.Option(metavar="SEVERITY|never", help="Exit 1 from this severity up.")] = "high",
    allow_incomplete: Annotated[bool, typer.Option(help="Exit 0, not 3, when something could not be read.")] = False,
    save_snapshot: Annotated[
        str | None, typer.Option(metavar="PATH", help="Keep what was read (.json or .json.gz).")
    ] = None,
    assume_complete: Complete = False,
    host_root: HostRoot = None,
    baseline: Annotated[str | None, typer.Option(metavar="REPORT", help="An earlier JSON report.")] = None,
    fail_on_new: Annotated[
        bool, typer.Option("--fail-on-new", help="Exit 1 only for what the baseline lacks.")
    ] = False,
) -> int:
    """Audit a cluster, live or from files, and report findings by namespace."""
    from auditor.engine import Scope, evaluate
    from auditor.packs import applicable, load_packs, select
    from auditor.rbac import needed_resources
    from auditor.reporters import FORMATS, Options

    outputs = parse_outputs(output or [], tuple(FORMATS), "table")
    threshold = _fail_on(fail_on)
    if fail_on_new and not baseline:
        raise UsageError("--fail-on-new needs --baseline REPORT", "Name the JSON report to compare with.")
    if save_snapshot:
        _check_snapshot(save_snapshot)
    before = read_report(baseline) if baseline else None
    try:
        rules = read_policy(policy)
    except PolicyError:
        if source not in (None, "-"):  # input that cannot be read either is the graver fault
            collect(source, kubeconfig, context, namespace, exclude_namespace, assume_complete)
        raise
    known = load_packs(rules.packs)
    checks = select(known, check or (), skip_check or ())
    collected = collect(
        source,
        kubeconfig,
        context,
        namespace,
        exclude_namespace,
        assume_complete,
        needed_resources(checks),
        host_root,
    )
    scope = Scope(tuple(namespace or ()), tuple(exclude_namespace or ()))
    checks = applicable(checks, collected.snapshot, check or ())
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


def snapshot(
    output: Annotated[str, typer.Option("-o", "--output", metavar="PATH", help="Where to (.json or .json.gz).")],
    source: From = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespaces = None,
    exclude_namespace: Exclude = None,
    assume_complete: Complete = False,
    host_root: HostRoot = None,
) -> int:
    """Keep what an audit reads of a cluster, redacted, in one file that `scan --from` takes."""
    _check_snapshot(output)
    collected = collect(source, kubeconfig, context, namespace, exclude_namespace, assume_complete, host_root=host_root)
    _save(collected.snapshot, output)
    found = collected.snapshot
    print(f"{output}: {len(found.owners)} workloads, {len(found.nodes)} nodes", file=sys.stderr)
    return Exit.OK


def _fail_on(text: str) -> Severity | None:
    if text == "never":
        return None
    try:
        return Severity(text)
    except ValueError:
        raise UsageError(f"--fail-on {text}: no such severity", f"One of {', '.join(Severity)}, or never.") from None


def _check_snapshot(place: str) -> None:
    if not place.endswith((".json", ".json.gz")):
        raise UsageError(f"{place}: a snapshot's name ends in .json or .json.gz", "Name it so.")
    check_writable(Path(place))


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
    options = msgspec.structs.replace(options, width=width(), colour=colour())
    write_standard(render(output.format, report, options))
