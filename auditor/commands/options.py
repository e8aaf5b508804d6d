"""Options that several commands share, alone and in groups."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any, get_type_hints

import msgspec
import typer
from msgspec import Struct

from auditor.commands.completing import check_ids, contexts

From = Annotated[
    str | None,
    typer.Option("--from", metavar="PATH", help="A snapshot, a kubectl dump, manifests, a directory, or - (stdin)."),
]
Kubeconfig = Annotated[str | None, typer.Option(metavar="PATH", help="The kubeconfig of the live cluster.")]
Context = Annotated[str | None, typer.Option(metavar="NAME", help="The kubeconfig's context.", autocompletion=contexts)]
Contexts = Annotated[
    list[str] | None,
    typer.Option(
        "--context",
        metavar="NAME",
        help="The kubeconfig's context; several are audited into one report.",
        autocompletion=contexts,
    ),
]
AllContexts = Annotated[bool, typer.Option("--all-contexts", help="All clusters of the kubeconfig, into one report.")]
Parallel = Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Of several clusters, read N at a time.")]
Namespaces = Annotated[list[str] | None, typer.Option("-n", "--namespace", metavar="NS", help="Only these namespaces.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude-namespace", metavar="NS", help="Not these (globs).")]
Encodings = Annotated[
    str, typer.Option("--encoding", metavar="json|protobuf|auto", help="How a live cluster's lists are asked for.")
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Tell what each list of a live cluster gave.")]
Complete = Annotated[bool, typer.Option("--assume-complete", help="What the files do not hold does not exist.")]
Checks = Annotated[
    list[str] | None, typer.Option("--check", metavar="ID", help="Only these checks.", autocompletion=check_ids)
]
SkipChecks = Annotated[
    list[str] | None, typer.Option("--skip-check", metavar="ID", help="Not these checks.", autocompletion=check_ids)
]
ClusterName = Annotated[
    str | None, typer.Option("--cluster-name", metavar="NAME|@FILE", help="What reports shall call the cluster.")
]
PolicyFile = Annotated[str | None, typer.Option("--policy", metavar="FILE", help="The policy file.")]
HostRoot = Annotated[
    str | None,
    typer.Option("--host-root", metavar="DIR", help="A control-plane node's files."),
]


class Inputs(Struct, frozen=True):
    """What is read of one or several clusters, or of files that hold one."""

    source: From = None
    kubeconfig: Kubeconfig = None
    namespace: Namespaces = None
    exclude_namespace: Exclude = None
    assume_complete: Complete = False
    host_root: HostRoot = None
    cluster_name: ClusterName = None
    encoding: Encodings = "auto"
    verbose: Verbose = False


def grouped(command: Callable[..., int]) -> Callable[..., int]:
    """A command whose parameters of a Struct type are, on the command line, one option for each field of the Struct."""
    hints = get_type_hints(command, include_extras=True)
    plain: list[inspect.Parameter] = []
    groups: dict[str, tuple[type[Struct], list[str]]] = {}
    for parameter in inspect.signature(command).parameters.values():
        hint = hints[parameter.name]
        if isinstance(hint, type) and issubclass(hint, Struct):
            options = list(_options(hint))
            plain += options
            groups[parameter.name] = (hint, [option.name for option in options])
        else:
            plain.append(parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def run(**given: Any) -> int:
        made = {name: kind(**{field: given.pop(field) for field in fields}) for name, (kind, fields) in groups.items()}
        return command(**given, **made)

    run.__signature__ = inspect.Signature(plain)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in plain}
    return run


def _options(group: type[Struct]) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for field in msgspec.structs.fields(group):
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
