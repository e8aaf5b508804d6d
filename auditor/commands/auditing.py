"""`auditor scan` and `auditor snapshot`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from auditor.commands import fleet, registries, scanning
from auditor.commands.baseline import Keeping, open_baseline
from auditor.commands.delivery import Delivery, Telling, attempted, settled
from auditor.commands.inputs import collect, read_policy, source_options, supplemented
from auditor.commands.options import (
    AllContexts,
    Checks,
    Context,
    Contexts,
    Inputs,
    Parallel,
    PolicyFile,
    SkipChecks,
    grouped,
)
from auditor.commands.publishing import check_source, left_out, publish_report
from auditor.commands.registries import RegistryOptions
from auditor.commands.scanning import ScanOptions
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
from auditor.quantity import quantity
from auditor.report import PolicyRow, Severity
from auditor.terminal import colour, width

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.collect import Collected
    from auditor.model import Snapshot
    from auditor.output import Output
    from auditor.report import Report
    from auditor.reporters import Options


@grouped
def scan(
    *,
    inputs: Inputs,
    context: Contexts = None,
    all_contexts: AllContexts = False,
    parallel: Parallel = 4,
    policy: PolicyFile = None,
    check: Checks = None,
    skip_check: SkipChecks = None,
    telling: Telling,
    keeping: Keeping,
    registry: RegistryOptions,
    scans: ScanOptions,
) -> int:
    """Audit a cluster, live or from files, and report findings by namespace."""
    from auditor.engine import Scope, evaluate
    from auditor.packs import applicable, enabled, load_packs, select
    from auditor.rbac import needed_resources
    from auditor.reporters import FORMATS, Options

    started = monotonic()
    outputs = parse_outputs(telling.output or [], tuple(FORMATS), "table")
    push = None if telling.pushgateway is None else _pushing(telling.pushgateway)
    threshold = fail_on_severity(telling.fail_on)
    one = context[0] if context else None
    options = source_options(inputs, one)
    if keeping.fail_on_new and keeping.baseline is None:
        raise UsageError("--fail-on-new needs --baseline REPORT", "Name the report to compare with.")
    targets = named_files(outputs)
    if telling.save_snapshot is not None:
        targets.append(("--save-snapshot", _snapshot_path("--save-snapshot", telling.save_snapshot)))
        check_apart(targets)
    alone = {
        "--save-snapshot": telling.save_snapshot,
        "--host-root": inputs.host_root,
        "--cluster-name": inputs.cluster_name,
        "--baseline configmap:": (keeping.baseline or "").startswith("configmap:"),
        "--publish": telling.publish,
        "--registry-credentials": registry.credentials,
    }
    if telling.publish:
        check_source(inputs.source)
    clusters = fleet.chosen(context, all_contexts, inputs.kubeconfig, inputs.source, outputs, alone)
    gather = scanning.reader(scans, registries.asker(registry, inputs.source, inputs.kubeconfig, one))
    earlier = open_baseline(
        keeping.baseline,
        keep=keeping.keep_baseline,
        source=inputs.source,
        kubeconfig=inputs.kubeconfig,
        context=one,
        targets=targets,
    )
    try:
        rules = read_policy(policy)
    except PolicyError:
        if inputs.source not in (None, "-"):  # input that cannot be read either is the graver fault
            collect(options)
        raise
    known = load_packs(rules.packs)
    checks = select(known, check or (), skip_check or ())
    needed = needed_resources(enabled(checks, rules), credentials=registry.credentials is not None)
    options = msgspec.structs.replace(options, resources=needed)
    scope = Scope(options.namespaces, options.exclude)
    today = datetime.now(UTC).date()
    ids = {check.id for check in known}

    def judge(found: Collected) -> Report:
        asked = applicable(checks, found.snapshot, check or ())
        return evaluate(found.snapshot, asked, rules, today, scope=scope, source=found.source, known=ids)

    if clusters:
        judged_by = PolicyRow(rules.path, rules.sha256)
        report = fleet.audit(options, clusters, gather, judge, parallel, judged_by, verbose=inputs.verbose)
    else:
        collected = supplemented(collect(options, verbose=inputs.verbose), gather)
        report = judge(collected)
    if not report.checks:
        raise UsageError(
            "no check was run: those that are left have nothing to judge by here",
            "They need --registry or scan results; name those to run all the same with --check.",
        )
    comparison = earlier.compare(report) if earlier else None
    counted = comparison if keeping.fail_on_new else None
    code = exit_code(report, threshold, counted, allow_incomplete=telling.allow_incomplete)
    told = Options(
        exit_code=int(code),
        fail_on=telling.fail_on,
        allow_incomplete=telling.allow_incomplete,
        new=counted.new_failures(threshold) if counted and threshold else None,
        comparison=comparison,
        duration=round(monotonic() - started, 3),
    )
    untold = attempted(partial(emit, report, wanted, told) for wanted in outputs)
    further: list[Delivery] = []
    if telling.save_snapshot:
        further.append(partial(_save, collected.snapshot, telling.save_snapshot))
    if push:
        further.append(partial(push, report, told))
    if telling.publish:
        within = Scope(scope.only, (*scope.exclude, *rules.exclude.namespaces))
        omitted = left_out(known, checks, rules)
        further.append(partial(publish_report, report, collected.snapshot, within, omitted, inputs.kubeconfig, one))
    if earlier and comparison and not untold:  # what nobody was told of is new again the next time
        further.append(partial(earlier.keep, comparison, ids))
    return settled(code, [*untold, *attempted(further)])


@grouped
def snapshot(
    output: Annotated[str, typer.Option("-o", "--output", metavar="PATH", help="Where to (.json or .json.gz).")],
    *,
    inputs: Inputs,
    context: Context = None,
    registry: RegistryOptions,
    scans: ScanOptions,
) -> int:
    """Keep what an audit reads of a cluster, redacted, in one file that `scan --from` takes."""
    _snapshot_path("-o", output)
    options = source_options(inputs, context)
    gather = scanning.reader(scans, registries.asker(registry, inputs.source, inputs.kubeconfig, context))
    found = supplemented(collect(options, verbose=inputs.verbose), gather).snapshot
    _save(found, output)
    held = f"{quantity(len(found.owners), 'workload')}, {quantity(len(found.nodes), 'node')}"
    print(f"{output}: {held}", file=sys.stderr)
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


def _pushing(gateway: str) -> Callable[[Report, Options], None]:
    from auditor.pushing import parse_gateway, push_report

    return partial(push_report, parse_gateway(gateway))


def emit(report: Report, output: Output, options: Options) -> None:
    """Puts the report where an output goes, in its format."""
    from auditor.reporters import encoded, render

    if output.path:
        write_file(output.path, encoded(output.format, report, options))
        return
    options = msgspec.structs.replace(options, width=width(), colour=colour())
    write_standard(render(output.format, report, options))
