"""The whole of what was read."""

from __future__ import annotations

from msgspec import Struct

from auditor.evidence import ImageEvidence
from auditor.hostfacts import HostFacts
from auditor.model.cluster import ClusterInfo, Coverage, Namespace
from auditor.model.nodes import ControlPlanePod, Node
from auditor.model.objects import PolicyObject, Service, WatchedObject
from auditor.model.pods import Owner
from auditor.model.secrets import OtherSecret, PullSecret, ServiceAccount
from auditor.monitoring.facts import RuleConfigMap
from auditor.scans.contents import ScanResults

SCHEMA = "auditor.snapshot/v1"


class Snapshot(Struct, frozen=True, forbid_unknown_fields=True, tag_field="schema", tag=SCHEMA):
    """One cluster at one time, as far as it was read. `host` is None where no files of a node were given; `images` is
    empty where registries were not asked; `scans` are the results of vulnerability scanners, as far as there are.
    `configmaps` are those alone in which something lies that watches or decides."""

    cluster: ClusterInfo = ClusterInfo()
    coverage: tuple[Coverage, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    owners: tuple[Owner, ...] = ()
    secrets: tuple[PullSecret, ...] = ()
    other_secrets: tuple[OtherSecret, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    nodes: tuple[Node, ...] = ()
    control_plane: tuple[ControlPlanePod, ...] = ()
    services: tuple[Service, ...] = ()
    policies: tuple[PolicyObject, ...] = ()
    host: HostFacts | None = None
    images: tuple[ImageEvidence, ...] = ()
    scans: ScanResults = ScanResults()
    watched: tuple[WatchedObject, ...] = ()
    configmaps: tuple[RuleConfigMap, ...] = ()
