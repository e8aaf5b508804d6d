"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

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
