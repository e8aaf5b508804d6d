"""Policy reports into a live cluster: by server-side apply of Auditor's own reports, and nothing else is written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Literal

from msgspec import Struct, field

from auditor import wire
from auditor.errors import SourceError
from auditor.publish import Place, Published, Write, plan
from auditor.publish_apis import APIS, CHECKS, MANAGED_BY, MANAGER, ReportApi, is_own
from auditor.report import Report
from auditor.sources import workers
from auditor.sources.configuration import identify
from auditor.sources.discovery import Discovery
from auditor.sources.faults import Fault
from auditor.sources.listing import Refused, Restart, Walk, decode, pages
from auditor.sources.probing import is_namespace
from auditor.sources.reader import Reader, message, not_found
from auditor.sources.reportconnection import ReportConnection, resource_of
from auditor.sources.transport import PARTIAL_LIST, Answer

_THREADS = 4
_RESTARTS = 3
_CONFLICTS = 3
_RIGHT = re.compile(r'cannot (\w+) resource "')
_LEAVING = "being terminated"

State = Literal["written", "deleted", "gone", "denied", "refused"]


class Outcome(Struct, frozen=True):
    """What became of one report. `reason`: why it is not as it was wanted; of `denied` the right that is missing."""

    kind: str
    namespace: Place
    name: str
    state: State
    reason: str = ""


class Result(Struct, frozen=True):
    """What publishing came to. `wider` as in `Plan`."""

    api: ReportApi
    outcomes: tuple[Outcome, ...]
    wider: dict[Place, frozenset[str]]


def publish(
    report: Report,
    kubeconfig: str | None,
    context: str | None,
    audited: Collection[Place],
    only: Sequence[str] = (),
    left_out: Collection[str] = (),
    *,
    timeout: float = 60,
    sleep: Callable[[float], object] | None = None,
) -> Result:
    """Makes the cluster's policy reports those of this audit. `audited` and `left_out` as in `plan`; `only`: lists are
    read in these namespaces alone. `sleep` replaces the waits between tries.

    Raises SourceError where no policy report API is served, or Auditor's reports may not be listed.
    """
    connection = ReportConnection(identify(kubeconfig, context, os.environ), timeout=timeout, connections=_THREADS)
    reader = Reader(connection, sleep)
    try:
        served = _served(Discovery(reader))
        places = tuple(filter(is_namespace, only)) or (None,)
        found = [one for api in served for place in places for one in _published(reader, api, place)]
        named = {place for place in audited if place is None or is_namespace(place)}
        planned = plan(report, served[0], found, named, left_out)
        new = {(write.namespace, write.name) for write in planned.writes if not write.known}
        theirs = _strangers(reader, served[0], places, new)
        ours = [write for write in planned.writes if (write.namespace, write.name) not in theirs]
        outcomes = [_stays(write) for write in planned.writes if (write.namespace, write.name) in theirs]
        outcomes += workers.run([partial(_write, reader, connection, write) for write in ours], _THREADS, reader.stop)
        failed = {outcome.namespace for outcome in outcomes if outcome.state != "written"}
        # What is to give way stays until what takes its place is there.
        outcomes += workers.run(
            [partial(_delete, reader, connection, one) for one in planned.deletions if one.namespace not in failed],
            _THREADS,
            reader.stop,
        )
    except Fault as fault:
        raise SourceError(
            f"the policy reports are not all published: {fault.reason}", "Run it again: what is written stays right."
        ) from None
    finally:
        reader.stop()
        connection.close()
    return Result(served[0], tuple(outcomes), planned.wider)


def _served(discovery: Discovery) -> list[ReportApi]:
    """The APIs that the cluster serves whole, the preferred one first."""
    known = {api: [discovery.served(resource_of(api, place)) for place in ("", None)] for api in APIS}
    served = [api for api, states in known.items() if all(states)]
    if served:
        return served
    if any(state is None for states in known.values() for state in states):
        raise SourceError(
            "whether the cluster serves a policy report API cannot be told: discovery may not be read",
            "Bind system:discovery to this identity, as it is for all by default.",
        )
    raise SourceError(
        f"the cluster serves neither {' nor '.join(api.api_version for api in APIS)}: nothing is published",
        "Install the definitions of openreports.io (the Helm chart `openreports`), or what brings them along: Kyverno, "
        "Kubewarden, Policy Reporter.",
    )


class _Annotations(wire.Wire):
    checks: str | None = field(default=None, name=CHECKS)


class _Metadata(wire.Wire):
    name: str = ""
    namespace: str | None = None
    uid: str = ""
    labels: dict[str, str | None] | None = None
    annotations: _Annotations | None = None
    managed_fields: list[wire.Manager] | None = None


class _Found(wire.Wire):
    metadata: _Metadata


def _published(reader: Reader, api: ReportApi, only: Place) -> Iterator[Published]:
    """Auditor's reports of an API: everywhere and the cluster's, or those in one namespace."""
    for place, metadata in _reports(reader, api, only, labels=f"{MANAGED_BY}={MANAGER}"):
        if is_own(metadata.name, metadata.labels or {}) and metadata.uid:
            checks = (metadata.annotations.checks if metadata.annotations else None) or ""
            yield Published(api, place, metadata.name, metadata.uid, frozenset(checks.split(",")))


def _strangers(
    reader: Reader, api: ReportApi, places: Sequence[Place], new: set[tuple[Place, str]]
) -> set[tuple[Place, str]]:
    """Of the places and names of new reports those where somebody else's is there. With one that has no field in common
    an apply does not conflict: it would be taken over, and deleted one day."""
    return new & {
        (place, name)
        for name in sorted({name for _, name in new})
        for only in places
        for place, metadata in _reports(reader, api, only, fields=f"metadata.name={name}")
        if MANAGER not in {entry.manager for entry in metadata.managed_fields or ()}
    }


def _reports(
    reader: Reader, api: ReportApi, only: Place, *, labels: str = "", fields: str = ""
) -> Iterator[tuple[Place, _Metadata]]:
    for resource in [resource_of(api, only or ""), *([] if only else [resource_of(api, None)])]:
        for item in _listed(reader, resource, only or "", labels, fields):
            yield item.metadata.namespace if resource.namespaced else None, item.metadata


def _listed(reader: Reader, resource: wire.Resource, namespace: str, labels: str, fields: str) -> list[_Found]:
    for _ in range(_RESTARTS + 1):
        walk = Walk(reader, resource.path(namespace), selector=fields, labels=labels, accept=PARTIAL_LIST)
        try:
            return [item for page in pages(walk) for item in decode(_Found, page, walk)[0]]
        except Restart:
            continue
        except Refused as refused:
            if refused.status == 403:
                where = f" in namespace {namespace}" if namespace else ""
                raise SourceError(
                    f"the right to list {resource.plural}.{resource.group}{where} is missing: nothing is published",
                    "`auditor rbac --publish` prints the rights that it takes.",
                ) from None
            raise Fault("answer", f"{resource.plural} cannot be listed: {refused.reason or refused.status}") from None
    raise Fault("server", f"the list of {resource.plural} expired before its end")


def _write(reader: Reader, connection: ReportConnection, write: Write) -> Outcome:
    def judge(answer: Answer) -> Outcome:
        if answer.status in (200, 201):
            return _outcome(write, "written")
        if answer.status == 409 and not write.known:
            return _stays(write)
        return _unwanted(answer, write, "patch")

    return _settled(reader, write, lambda: connection.apply(write), judge)


def _delete(reader: Reader, connection: ReportConnection, report: Published) -> Outcome:
    def judge(answer: Answer) -> Outcome:
        # A conflict: since it was listed somebody has put another one in its place.
        if answer.status in (200, 202, 409) or not_found(answer):
            return _outcome(report, "deleted")
        return _unwanted(answer, report, "delete")

    return _settled(reader, report, lambda: connection.delete(report), judge)


def _settled(
    reader: Reader, report: Write | Published, ask: Callable[[], Answer], judge: Callable[[Answer], Outcome]
) -> Outcome:
    """What became of a request that may be sent several times over. A conflict may be one of the moment; an error of
    the server may be about this one object, as that of an admission webhook. Raises Fault if there is no server."""
    try:
        answer = reader.patiently(ask)
        for _ in range(_CONFLICTS - 1):
            if answer.status == 409:
                answer = reader.patiently(ask)
    except Fault as fault:
        if fault.kind not in ("busy", "server"):
            raise
        return _outcome(report, "refused", fault.reason)
    return judge(answer)


def _stays(write: Write) -> Outcome:
    return _outcome(write, "refused", "one that is not Auditor's is there and stays: delete or rename it")


def _outcome(report: Write | Published, state: State, reason: str = "") -> Outcome:
    return Outcome(report.api.kind_in(report.namespace), report.namespace, report.name, state, reason)


def _unwanted(answer: Answer, report: Write | Published, verb: str) -> Outcome:
    said = message(answer)
    if not_found(answer) or (answer.status == 403 and _LEAVING in said):
        return _outcome(report, "gone", "the namespace is not there any more")
    right = _RIGHT.search(said)
    if answer.status == 403 and right:  # without these words it is admission that refuses
        return _outcome(report, "denied", f"{right[1]} {report.api.plural_in(report.namespace)}.{report.api.group}")
    return _outcome(report, "refused", f"the API server answers {answer.status} to {verb}: {said}")
