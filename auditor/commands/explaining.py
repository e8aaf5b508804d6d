"""`auditor explain`: everything that is known about one image."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from auditor.commands.inputs import collect, read_policy
from auditor.commands.options import (
    Complete,
    Context,
    Exclude,
    From,
    HostRoot,
    Kubeconfig,
    Namespaces,
    PolicyFile,
)
from auditor.commands.terminal import colour, width
from auditor.errors import UsageError
from auditor.exits import Exit
from auditor.output import write_standard


def explain(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A repository, a tag or a digest, as pods name it.")],
    source: From = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespaces = None,
    exclude_namespace: Exclude = None,
    policy: PolicyFile = None,
    assume_complete: Complete = False,
    host_root: HostRoot = None,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="table or json.")] = "table",
) -> int:
    """Tell everything that is known about one image: where it runs, how it gets there, and what is wrong with it."""
    from auditor.engine import Scope, evaluate
    from auditor.explain import explain as explained
    from auditor.explain import near
    from auditor.packs import applicable, load_packs, select
    from auditor.rbac import needed_resources
    from auditor.reporters.explanation import FORMATS
    from auditor.views import Views

    if output not in FORMATS:
        raise UsageError(f"-o {output}: there is no format {output!r}", f"There is: {', '.join(FORMATS)}.")
    rules = read_policy(policy)
    checks = select(load_packs(rules.packs))
    snapshot = collect(
        source,
        kubeconfig,
        context,
        namespace,
        exclude_namespace,
        assume_complete,
        needed_resources(checks),
        host_root,
    ).snapshot
    scope = Scope(tuple(namespace or ()), (*(exclude_namespace or ()), *rules.exclude.namespaces))
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
