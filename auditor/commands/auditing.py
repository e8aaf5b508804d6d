"""`auditor scan` and `auditor snapshot`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.commands import fleet, registries, scanning
from auditor.commands.baseline import open_baseline
from auditor.commands.completing import formats, severities
from auditor.commands.delivery import Delivery, attempted, settled
from auditor.commands.inputs import collect, read_cluster_name, read_policy, supplemented
from auditor.commands.options import (
    AllContexts,
    Checks,
    ClusterName,
    Complete,
    Context,
    Contexts,
    Encodings,
    Exclude,
    From,
    HostRoot,
    Kubeconfig,
    Namespaces,
    Parallel,
    PolicyFile,
    SkipChecks,
    Verbose,
)
from auditor.commands.publishing import check_source, left_out, publish_report
from auditor.commands.registries import RegistryOptions
from auditor.commands.terminal import colour, width
from auditor.errors import PolicyError, UsageError
from auditor.exits import Exit, exit_code
from auditor.output import (
    check_apart,
    check_writable,
    compressed,
    named_files,
    parse_outputs,
    write_file,
    write_standard,
)
from auditor.report import PolicyRow, Severity

if TYPE_CHECKING:
    from auditor.collect import Collected
    from auditor.model import Snapshot
    from auditor.output import Output
    from auditor.report import Report
    from auditor.reporters import Options


def scan(
    source: From = None,
    kubeconfig: Kubeconfig = None,
    context: Contexts = None,
    all_contexts: AllContexts = False,
    parallel: Parallel = 4,
    namespace: Namespaces = None,
    exclude_namespace: Exclude = None,
    policy: PolicyFile = None,
    check: Checks = None,
    skip_check: SkipChecks = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FORMAT[=PATH]",
            help="table (default), json, html …; may be repeated.",
            autocompletion=formats,
        ),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(metavar="SEVERITY|never", help="Exit 1 from this severity up.", autocompletion=severities),
    ] = "high",
    allow_incomplete: Annotated[bool, typer.Option(help="Exit 0, not 3, when something could not be read.")] = False,
    save_snapshot: Annotated[
        str | None, typer.Option(metavar="PATH", help="Keep what was read (.json or .json.gz).")
    ] = None,
    assume_complete: Complete = False,
    host_root: HostRoot = None,
    cluster_name: ClusterName = None,
    encoding: Encodings = "auto",
    verbose: Verbose = False,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="REPORT", help="An earlier JSON report: a file, or configmap:NAMESPACE/NAME."),
    ] = None,
    keep_baseline: Annotated[
        bool, typer.Option("--keep-baseline", help="Keep this run's result there for the next one.")
    ] = False,
    fail_on_new: Annotated[
        bool, typer.Option("--fail-on-new", help="Exit 1 only for what the baseline lacks.")
    ] = False,
    pushgateway: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="AUDITOR_PUSHGATEWAY", help="Push the metrics there, after all reports."),
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Write policy reports into the cluster, after all reports.")
    ] = False,
    registry: registries.Asking = False,
    registry_config: registries.Config = None,
    registry_credentials: registries.Credentials = None,
    registry_ca: registries.Authority = None,
    registry_allow_private: registries.AllowPrivate = None,
    registry_mirror: registries.Mirrors = None,
    registry_plain_http: registries.PlainHttp = None,
    registry_cache: registries.CacheFolder = None,
    no_registry_cache: registries.NoCache = False,
    scan_results: scanning.Results = None,
    clair: scanning.Server = None,
    clair_token: scanning.Token = None,
    clair_psk: scanning.Key = None,
    clair_issuer: scanning.Issuer = scanning.ISSUER,
) -> int:
    """Audit a cluster, live or from files, and report findings by namespace."""
    from auditor.collect import SourceOptions
    from auditor.engine import Scope, evaluate
    from auditor.packs import applicable, enabled, load_packs, select
    from auditor.pushing import parse_gateway, push_report
    from auditor.rbac import needed_resources
    from auditor.reporters import FORMATS, Options
    from auditor.sources.encodings import parse_encoding

    started = monotonic()
    outputs = parse_outputs(output or [], tuple(FORMATS), "table")
    gateway = None if pushgateway is None else parse_gateway(pushgateway)
    threshold = fail_on_severity(fail_on)
    asked_for = parse_encoding(encoding)
    called = read_cluster_name(cluster_name)
    if fail_on_new and baseline is None:
        raise UsageError("--fail-on-new needs --baseline REPORT", "Name the report to compare with.")
    targets = named_files(outputs)
    if save_snapshot is not None:
        targets.append(("--save-snapshot", _snapshot_path("--save-snapshot", save_snapshot)))
        check_apart(targets)
    alone = {
        "--save-snapshot": save_snapshot,
        "--host-root": host_root,
        "--cluster-name": cluster_name is not None,
        "--baseline configmap:": (baseline or "").startswith("configmap:"),
        "--publish": publish,
        "--registry-credentials": registry_credentials,
    }
    if publish:
        check_source(source)
    clusters = fleet.chosen(context, all_contexts, kubeconfig, source, outputs, alone)
    one = context[0] if context else None
    with_registries = registries.asker(
        RegistryOptions(
            registry,
            registry_config,
            registry_credentials,
            registry_ca,
            registry_allow_private,
            registry_mirror,
            registry_plain_http,
            registry_cache,
            no_registry_cache,
        ),
        source,
        kubeconfig,
        one,
    )
    with_scans = scanning.reader(
        scanning.ScanOptions(scan_results, clair, clair_token, clair_psk, clair_issuer), with_registries
    )
    earlier = open_baseline(
        baseline, keep=keep_baseline, source=source, kubeconfig=kubeconfig, context=one, targets=targets
    )
    try:
        rules = read_policy(policy)
    except PolicyError:
        if source not in (None, "-"):  # input that cannot be read either is the graver fault
            collect(source, kubeconfig, one, namespace, exclude_namespace, assume_complete)
        raise
    known = load_packs(rules.packs)
    checks = select(known, check or (), skip_check or ())
    needed = needed_resources(enabled(checks, rules), credentials=registry_credentials is not None)
    scope = Scope(tuple(namespace or ()), tuple(exclude_namespace or ()))
    today = datetime.now(UTC).date()
    ids = {check.id for check in known}

    def judge(found: Collected) -> Report:
        asked = applicable(checks, found.snapshot, check or ())
        return evaluate(found.snapshot, asked, rules, today, scope=scope, source=found.source, known=ids)

    if clusters:
        sources = SourceOptions(
            kubeconfig=kubeconfig,
            namespaces=scope.only,
            exclude=scope.exclude,
            resources=needed,
            assume_complete=assume_complete,
            encoding=asked_for,
        )
        report = fleet.audit(
            sources,
            clusters,
            with_scans,
            judge,
            parallel,
            PolicyRow(rules.path, rules.sha256),
            verbose=verbose,
        )
    else:
        collected = supplemented(
            collect(
                source,
                kubeconfig,
                one,
                namespace,
                exclude_namespace,
                assume_complete,
                needed,
                host_root,
                asked_for,
                verbose,
                called,
            ),
            with_scans,
        )
        report = judge(collected)
    if not report.checks:
        raise UsageError(
            "no check was run: those that are left have nothing to judge by here",
            "They need --registry or scan results; name those to run all the same with --check.",
        )
    comparison = earlier.compare(report) if earlier else None
    code = exit_code(report, threshold, comparison if fail_on_new else None, allow_incomplete=allow_incomplete)
    new = comparison.new_failures(threshold) if comparison and fail_on_new and threshold else None
    duration = round(monotonic() - started, 3)
    options = Options(80, False, int(code), fail_on, allow_incomplete, new, comparison, duration)
    untold = attempted(partial(emit, report, wanted, options) for wanted in outputs)
    further: list[Delivery] = []
    if save_snapshot:
        further.append(partial(_save, collected.snapshot, save_snapshot))
    if gateway:
        further.append(partial(push_report, gateway, report, options))
    if publish:
        within = Scope(scope.only, (*scope.exclude, *rules.exclude.namespaces))
        omitted = left_out(known, checks, rules)
        further.append(partial(publish_report, report, collected.snapshot, within, omitted, kubeconfig, one))
    if earlier and comparison and not untold:  # what nobody was told of is new again the next time
        further.append(partial(earlier.keep, comparison, ids))
    return settled(code, [*untold, *attempted(further)])


def snapshot(
    output: Annotated[str, typer.Option("-o", "--output", metavar="PATH", help="Where to (.json or .json.gz).")],
    source: From = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespaces = None,
    exclude_namespace: Exclude = None,
    assume_complete: Complete = False,
    host_root: HostRoot = None,
    cluster_name: ClusterName = None,
    encoding: Encodings = "auto",
    verbose: Verbose = False,
    registry: registries.Asking = False,
    registry_config: registries.Config = None,
    registry_credentials: registries.Credentials = None,
    registry_ca: registries.Authority = None,
    registry_allow_private: registries.AllowPrivate = None,
    registry_mirror: registries.Mirrors = None,
    registry_plain_http: registries.PlainHttp = None,
    registry_cache: registries.CacheFolder = None,
    no_registry_cache: registries.NoCache = False,
    scan_results: scanning.Results = None,
    clair: scanning.Server = None,
    clair_token: scanning.Token = None,
    clair_psk: scanning.Key = None,
    clair_issuer: scanning.Issuer = scanning.ISSUER,
) -> int:
    """Keep what an audit reads of a cluster, redacted, in one file that `scan --from` takes."""
    from auditor.sources.encodings import parse_encoding

    _snapshot_path("-o", output)
    asked_for = parse_encoding(encoding)
    called = read_cluster_name(cluster_name)
    with_registries = registries.asker(
        RegistryOptions(
            registry,
            registry_config,
            registry_credentials,
            registry_ca,
            registry_allow_private,
            registry_mirror,
            registry_plain_http,
            registry_cache,
            no_registry_cache,
        ),
        source,
        kubeconfig,
        context,
    )
    with_scans = scanning.reader(
        scanning.ScanOptions(scan_results, clair, clair_token, clair_psk, clair_issuer), with_registries
    )
    collected = supplemented(
        collect(
            source,
            kubeconfig,
            context,
            namespace,
            exclude_namespace,
            assume_complete,
            host_root=host_root,
            encoding=asked_for,
            verbose=verbose,
            cluster_name=called,
        ),
        with_scans,
    )
    _save(collected.snapshot, output)
    found = collected.snapshot
    print(f"{output}: {len(found.owners)} workloads, {len(found.nodes)} nodes", file=sys.stderr)
    return Exit.OK


def fail_on_severity(text: str) -> Severity | None:
    """None for `never`; UsageError for a severity that there is not."""
    if text == "never":
        return None
    try:
        return Severity(text)
    except ValueError:
        raise UsageError(f"--fail-on {text}: no such severity", f"One of {', '.join(Severity)}, or never.") from None


def _snapshot_path(option: str, place: str) -> Path:
    if not place.endswith((".json", ".json.gz")):
        advice = "Standard output is none: name a file." if place == "-" else "Name it so."
        raise UsageError(f"{option} {place or repr(place)}: a snapshot's name ends in .json or .json.gz", advice)
    path = Path(place)
    check_writable(path)
    return path


def _save(found: Snapshot, place: str) -> None:
    from auditor.collect import dump_snapshot

    path = Path(place)
    write_file(path, compressed(path, dump_snapshot(found)))


def emit(report: Report, output: Output, options: Options) -> None:
    """Puts the report where an output goes, in its format."""
    import msgspec

    from auditor.reporters import render

    if output.path:
        write_file(output.path, render(output.format, report, options).encode("utf-8", "backslashreplace"))
        return
    options = msgspec.structs.replace(options, width=width(), colour=colour())
    write_standard(render(output.format, report, options))
