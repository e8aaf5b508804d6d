"""`auditor enforce` and `auditor probe`: having the policy enforced, and proving that it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.commands.inputs import collect, read_policy, source_options
from auditor.commands.options import Context, Exclude, HostRoot, Inputs, Kubeconfig, Namespaces, PolicyFile
from auditor.errors import SourceError, UsageError
from auditor.exits import Exit
from auditor.output import write_standard
from auditor.quantity import quantity
from auditor.terminal import width

if TYPE_CHECKING:
    from auditor.policy import Policy
    from auditor.proof import Proof
    from auditor.views import Views


def enforce(
    engine: Annotated[
        str, typer.Option("--as", metavar="ENGINE", help="validating-admission-policy, gatekeeper or kyverno.")
    ] = "validating-admission-policy",
    policy: PolicyFile = None,
) -> int:
    """Print an admission policy that enforces the policy file's registries. Nothing is applied."""
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
    host_root: HostRoot = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it starts.")] = False,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="table or json.")] = "table",
) -> int:
    """Prove what is enforced: ask the API server for pods in dry runs, of which nothing is kept.

    The answers stand beside what the cluster's policies let one expect. `auditor rbac --probe` prints the rights.
    """
    from auditor.enforcement.mechanisms import RESOURCES
    from auditor.enforcement.mutations import BINDINGS as MUTATION_BINDINGS
    from auditor.enforcement.mutations import POLICIES as MUTATIONS
    from auditor.engine import Scope
    from auditor.image_policy_files import BACKEND_NEEDS
    from auditor.reporters.proofs import FORMATS
    from auditor.sources.probing import is_namespace
    from auditor.views import Views

    if output not in FORMATS:
        raise UsageError(f"-o {output}: there is no format {output!r}", f"There is: {', '.join(FORMATS)}.")
    if not (yes or sys.stdin.isatty()):
        raise UsageError("a probe asks before it starts, and there is nobody to ask", "Say so with --yes.")
    rules = read_policy(policy)
    read = ("namespaces", "nodes", *BACKEND_NEEDS, *RESOURCES, MUTATIONS, MUTATION_BINDINGS)
    inputs = Inputs(
        kubeconfig=kubeconfig, namespace=namespace, exclude_namespace=exclude_namespace, host_root=host_root
    )
    options = source_options(inputs, context, read)
    snapshot = collect(options).snapshot
    scope = Scope(options.namespaces, (*options.exclude, *rules.exclude.namespaces))
    views = Views(snapshot, rules, scope.only)
    known = {found.name for found in views.world.namespaces} | set(scope.only)
    places = [name for name in sorted(known) if scope.holds(name) and is_namespace(name)]
    if not places:
        raise UsageError("there is no namespace to probe", "Name one with -n, if namespaces cannot be listed.")
    if not yes:
        _ask(places)
    try:
        proofs = list(_prove(kubeconfig, context, places, rules, views))
    except KeyboardInterrupt:
        raise typer.Abort from None  # typer itself would end without a word
    write_standard(FORMATS[output](proofs, width()))
    return _exit(proofs)


def _ask(places: list[str]) -> None:
    """A person's yes."""
    some = f"{', '.join(places[:3])}{', …' if places[3:] else ''}"
    print(
        f"Pods will be asked for in {quantity(len(places), 'namespace')} ({some}), "
        "all in dry runs: nothing is kept.\nAdmission webhooks are called, and audit logs tell of it.",
        file=sys.stderr,
    )
    typer.confirm("Start?", abort=True, err=True)


def _prove(
    kubeconfig: str | None, context: str | None, places: list[str], policy: Policy, views: Views
) -> Iterator[Proof]:
    from auditor.prediction import predict
    from auditor.probe import allowed_image
    from auditor.sources.probing import Prober
    from auditor.sources.progress import Progress

    running: dict[str | None, list[str]] = {}
    for use in views.image_uses:
        running.setdefault(use.namespace, []).append(use.image)
    enforcement = views.enforcement
    prober = Prober(kubeconfig, context, hidden=not views.world.apiservers)
    progress = Progress.on()
    try:
        for place in places:
            allowed = allowed_image(place, policy, running.get(place, ()))
            for proof in prober.prove(place, allowed, lambda asked: predict(enforcement, asked)):
                progress.advance("dry runs", 1)
                yield proof
    finally:
        progress.finish()
        prober.close()


def _exit(proofs: list[Proof]) -> Exit:
    """SourceError where the rights to ask are missing: what could be proven is written by then."""
    from auditor.proof import NO_RIGHTS

    told = [proof for proof in proofs if not proof.probe.changes]
    barred = [proof.probe.namespace for proof in told if proof.verdict.by == NO_RIGHTS]
    if barred:
        more = f" and {len(barred) - 5} more" if barred[5:] else ""
        raise SourceError(
            f"the rights to create and to get pods are missing in {', '.join(barred[:5])}{more}: not probed",
            "`auditor rbac --probe` prints the rights that a probe needs; nothing is ever kept.",
        )
    if any(proof.differs for proof in proofs):
        return Exit.FINDINGS
    open_questions = (proof for proof in told if proof.probe.place == "container" and proof.probe.forbidden)
    return Exit.INCOMPLETE if any(proof.verdict.outcome == "undecided" for proof in open_questions) else Exit.OK
