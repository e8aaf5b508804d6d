"""Several clusters audited at the same time, a few of them at once, and one report of all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from auditor.collect import Collected, SourceOptions, collect
from auditor.errors import SourceError
from auditor.merge import merge, not_audited
from auditor.report import PolicyRow, Report
from auditor.sources import workers
from auditor.sources.kubeconfig import Kubeconfig
from auditor.sources.progress import Progress
from auditor.sources.reader import Stopped

Gather = Callable[[Collected, Progress], Collected]
Judge = Callable[[Collected], Report]


class Member(Struct, frozen=True):
    """A cluster as the kubeconfig names it, the context that it is read through, and other contexts of it."""

    cluster: str
    context: str
    others: tuple[str, ...] = ()


def members(config: Kubeconfig, contexts: Sequence[str] = ()) -> list[Member]:
    """The clusters of the contexts, of all of them where none is named: each cluster once, by its first context.

    SourceError for a context that is not there. One that names no cluster stands for a cluster of its own name, which
    then cannot be audited.
    """
    where = ", ".join(config.files) or "no kubeconfig file"
    if not config.contexts:
        raise SourceError(f"{where}: there is no context", "Name kubeconfig files with --kubeconfig or KUBECONFIG.")
    found: dict[str, list[str]] = {}
    for context in dict.fromkeys(contexts or config.contexts):
        if context not in config.contexts:
            known = ", ".join(sorted(config.contexts))
            raise SourceError(f"{where}: there is no context {context!r}", f"There are: {known}")
        found.setdefault(str(config.contexts[context].get("cluster", context)), []).append(context)
    return [Member(cluster, first, tuple(others)) for cluster, (first, *others) in found.items()]


def audit(
    options: SourceOptions,
    clusters: Sequence[Member],
    gather: Gather,
    judge: Judge,
    progress: Progress,
    *,
    parallel: int,
    policy: PolicyRow,
) -> Report:
    """The report of all clusters, of which `parallel` are read at once.

    `gather` adds what others know of a cluster, such as registries, and `judge` makes its report.

    What is kept of a cluster that was judged is its report: memory grows with `parallel` and with findings. One that
    cannot be audited is a gap in the report; SourceError where none could be.
    """
    # Threads that import a package at the same time may see half of it.
    from kubernetes import client, config  # noqa: F401

    from auditor.sources import live  # noqa: F401

    judging, stopped = threading.Lock(), threading.Event()

    def one(member: Member) -> Report | SourceError:
        mine = progress.of(member.context)
        if stopped.is_set():
            raise Stopped
        try:
            collected = gather(collect(replace(options, context=member.context), mine), mine)
            with judging:  # it is all computing: two at once would take as long, and twice the memory
                return judge(collected)
        except SourceError as error:  # what is wrong with one cluster must not hide the others
            mine.warn(f"not audited: {_told(error)}")
            return error

    outcomes = workers.run([partial(one, member) for member in clusters], parallel, stopped.set)
    failed = [outcome for outcome in outcomes if isinstance(outcome, SourceError)]
    if len(failed) == len(outcomes):
        raise _none(clusters, failed)
    reports: dict[str, Report] = {}
    contexts: dict[str, list[str]] = {}
    for member, outcome in zip(clusters, outcomes, strict=True):
        if isinstance(outcome, SourceError):
            reason = f"context {member.context}: {outcome}"
            key = f"name {member.cluster}"
            report = not_audited(member.cluster, reason, policy, _advice(outcome))
        else:
            key, report = f"uid {outcome.cluster.uid or member.cluster}", outcome
        reports.setdefault(key, report)
        contexts.setdefault(key, []).extend((member.context, *member.others))
    return merge([_with_contexts(report, contexts[key], progress) for key, report in reports.items()])


def _with_contexts(report: Report, contexts: Sequence[str], progress: Progress) -> Report:
    """Says so where several of the contexts are of one cluster."""
    if len(contexts) == 1:
        return report
    first, *others = contexts
    text = f"{', '.join(others)}: the same cluster as {first}, audited once"
    progress.warn(text)
    return report if report.clusters else replace(report, warnings=(*report.warnings, f"contexts {text}"))


def _told(error: SourceError) -> str:
    return f"{error}. {_advice(error)}".removesuffix(" ")


def _advice(error: SourceError) -> str:
    return " ".join(error.advice.split())


def _none(clusters: Sequence[Member], failed: Sequence[SourceError]) -> SourceError:
    if len(failed) == 1:
        return failed[0]
    reasons = (f"{member.context}: {_told(error)}" for member, error in zip(clusters, failed, strict=True))
    return SourceError(f"none of the {len(failed)} clusters could be audited", "\n".join(reasons))
