"""`--context` given several times, and `--all-contexts`: which clusters a scan is of, and what it cannot do then."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.collect import SourceOptions
    from auditor.fleet import Gather, Judge, Member
    from auditor.output import Output
    from auditor.report import PolicyRow, Report

ONE_CLUSTER = ("policyreport", "policyreport-v1alpha2")
"""Formats whose documents go into the cluster that they are about."""


def chosen(
    contexts: Sequence[str] | None,
    everything: bool,
    kubeconfig: str | None,
    source: str | None,
    outputs: Sequence[Output],
    alone: Mapping[str, object],
) -> list[Member]:
    """The clusters to audit together; none where the scan is of one. UsageError for what has no meaning for several:
    `alone` are options, by name, that count if they have a value."""
    if everything and contexts:
        raise UsageError("--all-contexts and --context exclude each other", "Give one of them.")
    if not everything and len(set(contexts or ())) < 2:
        return []
    if source is not None:
        raise UsageError("--from reads files, --context and --all-contexts clusters", "Give one or the other.")
    for option in (name for name, value in alone.items() if value):
        raise UsageError(f"{option} is about one cluster", "Scan the contexts one by one, and `auditor merge` reports.")
    refuse_single(outputs)
    from auditor import fleet
    from auditor.sources import kubeconfig as files

    return fleet.members(files.load(files.find(kubeconfig, os.environ)), contexts or ())


def refuse_single(outputs: Sequence[Output]) -> None:
    """UsageError for a format that cannot hold several clusters."""
    for output in outputs:
        if output.format in ONE_CLUSTER:
            raise UsageError(f"-o {output.format} is about one cluster", "Scan the contexts one by one.")


def audit(
    options: SourceOptions,
    clusters: Sequence[Member],
    gather: Gather,
    judge: Judge,
    parallel: int,
    policy: PolicyRow,
    *,
    verbose: bool,
) -> Report:
    """The report of all, progress and warnings told by context."""
    from auditor import fleet
    from auditor.sources.progress import Progress

    progress = Progress.on(verbose=verbose)
    try:
        return fleet.audit(options, clusters, gather, judge, progress, parallel=parallel, policy=policy)
    finally:
        progress.finish()
