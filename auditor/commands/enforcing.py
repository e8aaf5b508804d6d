"""`auditor enforce` and `auditor probe`: having the policy enforced, and proving that it is."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.commands.inputs import collect, read_policy
from auditor.commands.options import Context, Exclude, Kubeconfig, Namespaces, PolicyFile
from auditor.commands.terminal import width
from auditor.errors import UsageError
from auditor.exits import Exit
from auditor.output import write_standard

if TYPE_CHECKING:
    from auditor.model import Snapshot
    from auditor.policy import Policy
    from auditor.probe import Proof
    from auditor.views import Views


def enforce(
    engine: Annotated[
        str, typer.Option("--as", metavar="ENGINE", help="validating-admission-policy, gatekeeper or kyverno.")
    ] = "validating-admission-policy",
    policy: PolicyFile = None,
) -> int:
    """Print an admission policy that enforces the policy file's registries."""
    from auditor.enforce import ENGINES, manifests

    if engine not in ENGINES:
        raise UsageError(f"--as {engine}: there is no engine {engine!r}", f"There is: {', '.join(ENGINES)}.")
    write_standard(manifests(read_policy(policy), engine))
    return Exit.OK


def probe(
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespaces = None,
    exclude_namespace: Exclude = None,
    policy: PolicyFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it starts.")] = False,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="table or json.")] = "table",
) -> int:
    """Prove what is enforced: ask the API server for pods in dry runs, of which nothing is kept."""
    from auditor.engine import Scope
    from auditor.reporters.proofs import FORMATS
    from auditor.views import Views

    if output not in FORMATS:
        raise UsageError(f"-o {output}: there is no format {output!r}", f"There is: {', '.join(FORMATS)}.")
    rules = read_policy(policy)
    snapshot = collect(None, kubeconfig, context, namespace, exclude_namespace, False).snapshot
    scope = Scope(tuple(namespace or ()), (*(exclude_namespace or ()), *rules.exclude.namespaces))
    views = Views(snapshot, rules, scope.only)
    known = {found.name for found in snapshot.namespaces} | set(scope.only)
    places = [name for name in sorted(known) if scope.holds(name)]
    if not places:
        raise UsageError("there is no namespace to probe", "Name one with -n: namespaces could not be listed.")
    if not yes:
        _ask(places)
    proofs = list(_prove(kubeconfig, context, places, rules, views, snapshot))
    write_standard(FORMATS[output](proofs, width()))
    return Exit.FINDINGS if any(proof.differs for proof in proofs) else Exit.OK


def _ask(places: list[str]) -> None:
    """A person's yes; without a terminal there is nobody to ask."""
    if not sys.stdin.isatty():
        raise UsageError("a probe asks before it starts, and there is nobody to ask", "Say so with --yes.")
    print(
        f"Pods will be asked for in {len(places)} namespaces, all as dry runs: nothing is kept. Audit logs show it.",
        file=sys.stderr,
    )
    typer.confirm("Start?", abort=True, err=True)


def _prove(
    kubeconfig: str | None, context: str | None, places: list[str], policy: Policy, views: Views, snapshot: Snapshot
) -> Iterable[Proof]:
    from auditor.prediction import predict
    from auditor.probe import probes
    from auditor.sources.probing import Prober, in_use
    from auditor.sources.progress import Progress

    prober = Prober(kubeconfig, context)
    progress = Progress.on()
    allowed: dict[str, str] = {}
    questions = []
    for place in places:
        running = in_use([use.normalised for use in views.image_uses if use.namespace == place])
        asked = list(probes(place, policy, [running] if running else []))
        allowed |= {probe.namespace: probe.image for probe in asked if not probe.forbidden}
        questions += asked
    try:
        enforcement = views.enforcement
        yield from prober.prove(questions, allowed, lambda probe: predict(enforcement, probe), progress)
        yield from prober.swaps(questions, lambda probe: predict(enforcement, probe))
    finally:
        progress.finish()
