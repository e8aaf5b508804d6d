"""The Kubernetes fields that Auditor reads, and nothing else: what is not declared here never becomes a Python object.

Names follow the API (camelCase on the wire). Every field may be missing or null, as Go encodes zero values either way.
Values that must not be held (annotations, command lines of ordinary containers) are declared as `Raw`: presence can be
tested, the text stays in the page's buffer and goes with it.
"""

from __future__ import annotations

from auditor.wire.admission import ADMISSION, CONFIGMAPS, CONSTRAINTS, FOUND, PARAMETERS, SETTINGS
from auditor.wire.annotations import Annotations, annotation_keys, known_annotations
from auditor.wire.containers import (
    Container,
    ContainerState,
    ContainerStatus,
    Env,
    EnvFrom,
    EphemeralState,
    EphemeralStatus,
    LocalReference,
    Running,
    RunningSince,
    SecurityContext,
    ValueFrom,
    VolumeMount,
    Waiting,
)
from auditor.wire.decoding import decode_object, decode_page
from auditor.wire.fields import NOTHING, Wire, holds, present, words
from auditor.wire.lists import ListMeta, Page, Status
from auditor.wire.metadata import (
    ManagedFields,
    Manager,
    Metadata,
    OwnerReference,
    Partial,
    PodMetadata,
    SecretMetadata,
    TouchedFields,
)
from auditor.wire.namespaces import Namespace, Secret, ServiceAccount
from auditor.wire.nodes import Node, NodeImage, NodeInfo, NodeSpec, NodeStatus
from auditor.wire.pods import HostAlias, Pod, PodOS, PodSpec, PodStatus, PodTemplate, Template
from auditor.wire.policies import Parameter, PolicyObject, decode_parameter
from auditor.wire.resource import Object, Resource
from auditor.wire.resources import (
    ALL_CONFIGMAPS,
    BY_NAME,
    PROTOBUF,
    RESOURCES,
    RULE_CONFIGMAPS,
    SECRET_TYPES,
    WATCHED,
    WORKLOADS,
)
from auditor.wire.services import (
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Service,
    ServicePort,
    ServiceSpec,
)
from auditor.wire.volumes import CSIVolume, HostPath, ImageVolume, Projected, ProjectedSource, SecretVolume, Volume
from auditor.wire.vulnerabilityreports import (
    ReportContent,
    ReportSummary,
    ReportVulnerability,
    VulnerabilityReport,
    resource_name,
)
from auditor.wire.watching import ConfigMap, WatchedObject
from auditor.wire.workloads import JobSpec, JobTemplate, Workload, WorkloadSpec, WorkloadStatus

__all__ = [
    "ADMISSION",
    "ALL_CONFIGMAPS",
    "BY_NAME",
    "CONFIGMAPS",
    "CONSTRAINTS",
    "FOUND",
    "NOTHING",
    "PARAMETERS",
    "PROTOBUF",
    "RESOURCES",
    "RULE_CONFIGMAPS",
    "SECRET_TYPES",
    "SETTINGS",
    "WATCHED",
    "WORKLOADS",
    "Annotations",
    "CSIVolume",
    "ConfigMap",
    "Container",
    "ContainerState",
    "ContainerStatus",
    "Endpoint",
    "EndpointConditions",
    "EndpointPort",
    "EndpointSlice",
    "Env",
    "EnvFrom",
    "EphemeralState",
    "EphemeralStatus",
    "HostAlias",
    "HostPath",
    "ImageVolume",
    "JobSpec",
    "JobTemplate",
    "ListMeta",
    "LocalReference",
    "ManagedFields",
    "Manager",
    "Metadata",
    "Namespace",
    "Node",
    "NodeImage",
    "NodeInfo",
    "NodeSpec",
    "NodeStatus",
    "Object",
    "OwnerReference",
    "Page",
    "Parameter",
    "Partial",
    "Pod",
    "PodMetadata",
    "PodOS",
    "PodSpec",
    "PodStatus",
    "PodTemplate",
    "PolicyObject",
    "Projected",
    "ProjectedSource",
    "ReportContent",
    "ReportSummary",
    "ReportVulnerability",
    "Resource",
    "Running",
    "RunningSince",
    "Secret",
    "SecretMetadata",
    "SecretVolume",
    "SecurityContext",
    "Service",
    "ServiceAccount",
    "ServicePort",
    "ServiceSpec",
    "Status",
    "Template",
    "TouchedFields",
    "ValueFrom",
    "Volume",
    "VolumeMount",
    "VulnerabilityReport",
    "Waiting",
    "WatchedObject",
    "Wire",
    "Workload",
    "WorkloadSpec",
    "WorkloadStatus",
    "annotation_keys",
    "decode_object",
    "decode_page",
    "decode_parameter",
    "holds",
    "known_annotations",
    "present",
    "resource_name",
    "words",
]
