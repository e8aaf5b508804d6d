"""The Snapshot: everything that was read of a cluster, folded, redacted, and with its gaps.

All of it is frozen and ordered, so that the same cluster gives the same bytes. A subject's `origin` is `path:line`
where it came from a file, and empty where it came from an API server.
"""

from __future__ import annotations

from auditor.model.cluster import REGISTRY, SCAN_RESULTS, ClusterInfo, Coverage, Namespace, State
from auditor.model.nodes import ControlPlanePod, Flag, Mount, Node, NodeImage
from auditor.model.objects import PolicyObject, Service, ServicePort, WatchedObject
from auditor.model.pods import Container, DebugContainer, Owner, Role, RunningImage, Shape, WaitingImage
from auditor.model.secrets import OtherSecret, PullSecret, ServiceAccount
from auditor.model.snapshot import SCHEMA, Snapshot
from auditor.model.value import Value

__all__ = [
    "REGISTRY",
    "SCAN_RESULTS",
    "SCHEMA",
    "ClusterInfo",
    "Container",
    "ControlPlanePod",
    "Coverage",
    "DebugContainer",
    "Flag",
    "Mount",
    "Namespace",
    "Node",
    "NodeImage",
    "OtherSecret",
    "Owner",
    "PolicyObject",
    "PullSecret",
    "Role",
    "RunningImage",
    "Service",
    "ServiceAccount",
    "ServicePort",
    "Shape",
    "Snapshot",
    "State",
    "Value",
    "WaitingImage",
    "WatchedObject",
]
