"""Commands that audit nothing: diff, checks, policy, rbac."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from auditor.commands.completing import check_ids
from auditor.commands.inputs import collect, read_policy, read_report, source_options
from auditor.commands.options import Checks, Context, From, Inputs, Kubeconfig
from auditor.errors import UsageError
from auditor.escape import escape
from auditor.exits import Exit
from auditor.output import write_standard
from auditor.terminal import colour, width


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="An earlier JSON report.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="A later JSON report.")],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="table, json or markdown.")] = "table",
) -> int:
    """Compare two JSON reports: what is new, what is gone, what is still there."""
    from auditor.diff import diff as compare
    from auditor.reporters.diff_text import FORMATS, render_table

    if output not in FORMATS:
        raise UsageError(f"-o {output}: there is no format {output!r}", f"There is: {', '.join(FORMATS)}.")
    found = compare(read_report(old), read_report(new))
    write_standard(render_table(found, width(), colour()) if output == "table" else FORMATS[output](found, width()))
    return Exit.OK


def checks(
    id: Annotated[str | None, typer.Argument(metavar="ID", help="Explain this one.", autocompletion=check_ids)] = None,  # noqa: A002
) -> int:
    """List the checks, or explain one."""
    from auditor.documentation import explain, listing
    from auditor.packs import load_packs, select

    known = load_packs(())
    write_standard(explain(select(known, [id])[0], width()) if id else listing(known, width()))
    return Exit.OK


def policy_check(path: Annotated[str, typer.Argument(metavar="FILE", help="The policy file.")]) -> int:
    """Say whether a policy file is right, and what is wrong with it."""
    from auditor.packs import load_packs
    from auditor.waivers import WaiverBook

    rules = read_policy(path)
    known = {check.id for check in load_packs(rules.packs)}
    waivers = WaiverBook(rules.waivers, datetime.now(UTC).date())
    for warning in (*rules.warnings(known), *waivers.warnings(known, ())):
        print(f"warning: {escape(warning)}", file=sys.stderr)
    print(f"{path}: valid")
    return Exit.OK


def policy_schema() -> int:
    """Print the JSON Schema of the policy file."""
    from auditor.documentation import policy_schema_text

    write_standard(policy_schema_text())
    return Exit.OK


def rbac(
    check: Checks = None,
    source: From = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    probe: Annotated[bool, typer.Option("--probe", help="With what `auditor probe` needs: to create pods.")] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="With what `auditor scan --publish` needs: to write policy reports.")
    ] = False,
    keep_baseline: Annotated[
        str | None,
        typer.Option(metavar="NAMESPACE/NAME", help="With the Role to keep a baseline in this ConfigMap."),
    ] = None,
) -> int:
    """Print the least ClusterRole that the checks need: for a cluster or an input, else for any."""
    from auditor.commands.baseline import role_text
    from auditor.packs import load_packs, select
    from auditor.publish_apis import APIS
    from auditor.rbac import NAMING, cluster_role, groups_of, needed_resources

    resources = needed_resources(select(load_packs(()), check or ()))
    role = "" if keep_baseline is None else role_text(keep_baseline)
    if not (source or kubeconfig or context):
        write_standard(cluster_role(resources, probe=probe, publish=publish) + role)
        return Exit.OK
    asked = tuple(name for name in NAMING if name in resources) or ("namespaces",)
    collected = collect(source_options(Inputs(source=source, kubeconfig=kubeconfig), context, asked))
    groups = groups_of(collected.snapshot) if source else collected.groups
    if source and groups is not None:  # an input does not say which policy reports are served
        groups |= {api.group for api in APIS}
    write_standard(cluster_role(resources, groups, collected.snapshot, probe=probe, publish=publish) + role)
    return Exit.OK
