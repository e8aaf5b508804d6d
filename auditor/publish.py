"""What publishing a report changes in a cluster: which policy reports are written, which deleted, which left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct

from auditor.publish_apis import ReportApi
from auditor.report import Report
from auditor.reporters.policyreport_objects import objects, unread
from auditor.reporters.policyreport_results import gaps

Place = str | None
"""A namespace, or None for the cluster's own reports."""


class Published(Struct, frozen=True):
    """A report of Auditor's that is in the cluster. `unread` is what could not be read for it."""

    api: ReportApi
    namespace: Place
    name: str
    uid: str
    unread: frozenset[str] = frozenset()


class Write(Struct, frozen=True):
    """A report to write. `known`: it is there, and Auditor's; otherwise nobody else's may be overwritten."""

    api: ReportApi
    namespace: Place
    name: str
    body: dict[str, Any]
    known: bool


class Plan(Struct, frozen=True):
    """Writes come first. `kept` says of namespaces that are left as they are what this audit could not read."""

    writes: tuple[Write, ...]
    deletions: tuple[Published, ...]
    kept: dict[Place, tuple[str, ...]]


def plan(report: Report, api: ReportApi, found: Iterable[Published], audited: Collection[Place]) -> Plan:
    """The changes that make the cluster's policy reports those of this report.

    `found` are Auditor's reports in the cluster, of this API and of others; those of others give way. `audited` are
    the namespaces that the audit was about: in all others nothing is touched. Where a report is in the cluster that
    was made with something read which was not read this time, nothing is touched either: of what it tells nobody
    knows whether it is gone.
    """
    found = tuple(one for one in found if one.namespace in audited)
    blind = gaps(report)
    kept: dict[Place, tuple[str, ...]] = {}
    for one in found:
        lost = set(unread(blind, one.namespace)) - one.unread
        if lost:
            kept[one.namespace] = tuple(sorted(lost.union(kept.get(one.namespace, ()))))
    known = {(one.api, one.namespace, one.name) for one in found}
    writes = []
    for body in objects(report, api):
        namespace, name = body["metadata"].get("namespace"), body["metadata"]["name"]
        if namespace in audited and namespace not in kept:
            writes.append(Write(api, namespace, name, body, (api, namespace, name) in known))
    wanted = {(write.api, write.namespace, write.name) for write in writes}
    deletions = tuple(
        one for one in found if one.namespace not in kept and (one.api, one.namespace, one.name) not in wanted
    )
    return Plan(tuple(writes), deletions, kept)
