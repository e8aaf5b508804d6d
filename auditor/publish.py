"""What publishing a report changes in a cluster: which policy reports are written, which deleted, which left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct

from auditor.publish_apis import ReportApi
from auditor.report import Report
from auditor.reporters.policyreport_objects import objects
from auditor.reporters.policyreport_results import gaps

Place = str | None
"""A namespace, or None for the cluster's own reports."""


class Published(Struct, frozen=True):
    """A report of Auditor's that is in the cluster. `checks` are those that were run for it, as it says."""

    api: ReportApi
    namespace: Place
    name: str
    uid: str
    checks: frozenset[str] = frozenset()


class Write(Struct, frozen=True):
    """A report to write. `known`: it is there, and Auditor's; otherwise nobody else's may be overwritten."""

    api: ReportApi
    namespace: Place
    name: str
    body: dict[str, Any]
    known: bool


class Plan(Struct, frozen=True):
    """Writes come first. `wider` are the places where nothing is touched, and the checks that would be lost there."""

    writes: tuple[Write, ...]
    deletions: tuple[Published, ...]
    wider: dict[Place, frozenset[str]]


def plan(
    report: Report,
    api: ReportApi,
    found: Iterable[Published],
    audited: Collection[Place],
    left_out: Collection[str] = (),
) -> Plan:
    """The changes that make the cluster's policy reports those of this report.

    `found` are Auditor's reports in the cluster, of this API and of others; those of others give way. `audited` are
    the namespaces that the audit was about, `left_out` the checks that it was told not to run: nothing is touched in
    other namespaces, nor where such a check was run for what is there.

    Of a report that is there nothing is taken over: who may write in its namespace may have written it. What could not
    be read is told by results instead, so that no report goes while something was read nowhere.
    """
    found = tuple(one for one in found if one.namespace in audited)
    wider: dict[Place, frozenset[str]] = {}
    for one in found:
        if lost := one.checks.intersection(left_out):
            wider[one.namespace] = lost | wider.get(one.namespace, frozenset())
    known = {(one.api, one.namespace, one.name) for one in found}
    kept = {one.namespace for one in found if one.namespace} if gaps(report) else ()
    writes = []
    for body in objects(report, api, kept):
        namespace, name = body["metadata"].get("namespace"), body["metadata"]["name"]
        if namespace in audited and namespace not in wider:
            writes.append(Write(api, namespace, name, body, (api, namespace, name) in known))
    wanted = {(write.api, write.namespace, write.name) for write in writes}
    deletions = tuple(
        one for one in found if one.namespace not in wider and (one.api, one.namespace, one.name) not in wanted
    )
    return Plan(tuple(writes), deletions, wider)
