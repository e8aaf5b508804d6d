"""`auditor explain`: everything that is known about one image."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from auditor.commands import registries, scanning
from auditor.commands.inputs import collect, read_policy, source_options, supplemented
from auditor.commands.options import Context, Inputs, PolicyFile, grouped
from auditor.commands.registries import RegistryOptions
from auditor.commands.scanning import ScanOptions
from auditor.errors import UsageError
from auditor.exits import Exit
from auditor.output import write_standard
from auditor.terminal import colour, width

if TYPE_CHECKING:
    from auditor.collect import Collected
    from auditor.fleet import Gather
    from auditor.model import Owner
    from auditor.sources.progress import Progress


@grouped
def explain(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A repository, a tag or a digest, as pods name it.")],
    *,
    inputs: Inputs,
    context: Context = None,
    policy: PolicyFile = None,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="table or json.")] = "table",
    registry: RegistryOptions,
    scans: ScanOptions,
) -> int:
    """Tell everything that is known about one image: where it runs, how it gets there, and what is wrong with it."""
    from auditor.engine import Scope, evaluate
    from auditor.explain import explain as explained
    from auditor.meant import near
    from auditor.packs import applicable, load_packs, select
    from auditor.rbac import needed_resources
    from auditor.reporters.explanation import FORMATS
    from auditor.views import Views

    if output not in FORMATS:
        raise UsageError(f"-o {output}: there is no format {output!r}", f"There is: {', '.join(FORMATS)}.")
    rules = read_policy(policy)
    checks = select(load_packs(rules.packs))
    gather = scanning.reader(scans, registries.asker(registry, inputs.source, inputs.kubeconfig, context))
    needed = needed_resources(checks, credentials=registry.credentials is not None)
    options = source_options(inputs, context, needed)
    snapshot = supplemented(collect(options, verbose=inputs.verbose), _about(image, gather)).snapshot
    scope = Scope(options.namespaces, (*options.exclude, *rules.exclude.namespaces))
    today = datetime.now(UTC).date()
    report = evaluate(snapshot, applicable(checks, snapshot), rules, today, scope=scope)
    views = Views(snapshot, rules, scope.only, scope.holds)
    found = explained(image, views, report)
    if not found.known:
        close = near(image, views)
        raise UsageError(
            f"nothing that was read names {image}",
            f"There is: {', '.join(close)}." if close else "Name an image as a pod or a node does.",
        )
    write_standard(FORMATS[output](found, width(), colour()))
    return Exit.OK


def _about(image: str, gather: Gather) -> Gather:
    """Registries and scanners are asked about this image alone."""
    from auditor.meant import only

    def narrowed(collected: Collected, progress: Progress) -> Collected:
        every = collected.snapshot.owners
        found = gather(_with_owners(collected, only(image, every)), progress)
        return _with_owners(found, every)

    return narrowed


def _with_owners(collected: Collected, owners: tuple[Owner, ...]) -> Collected:
    return msgspec.structs.replace(collected, snapshot=msgspec.structs.replace(collected.snapshot, owners=owners))
