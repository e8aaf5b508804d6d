"""Every list that can be asked for."""

from __future__ import annotations

from auditor.wire.admission import ADMISSION, FOUND
from auditor.wire.namespaces import Namespace, Secret, ServiceAccount
from auditor.wire.nodes import Node
from auditor.wire.pods import Pod
from auditor.wire.resource import Resource
from auditor.wire.vulnerabilityreports import VulnerabilityReport
from auditor.wire.workloads import Workload

SECRET_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")

RESOURCES: tuple[Resource, ...] = (
    Resource("namespaces", "Namespace", Namespace, namespaced=False, protobuf=True),
    Resource("nodes", "Node", Node, namespaced=False, protobuf=True),
    Resource("pods", "Pod", Pod, protobuf=True),
    Resource("serviceaccounts", "ServiceAccount", ServiceAccount, protobuf=True),
    Resource("secrets", "Secret", Secret, selectors=tuple(f"type={kind}" for kind in SECRET_TYPES), protobuf=True),
    Resource("replicationcontrollers", "ReplicationController", Workload, protobuf=True),
    Resource("deployments", "Deployment", Workload, group="apps", protobuf=True),
    Resource("replicasets", "ReplicaSet", Workload, group="apps", protobuf=True),
    Resource("statefulsets", "StatefulSet", Workload, group="apps", protobuf=True),
    Resource("daemonsets", "DaemonSet", Workload, group="apps", protobuf=True),
    Resource("jobs", "Job", Workload, group="batch", protobuf=True),
    Resource("cronjobs", "CronJob", Workload, group="batch", protobuf=True),
    Resource("rollouts", "Rollout", Workload, group="argoproj.io", version="v1alpha1"),
    *ADMISSION,
    # A report is up to a megabyte, most of it text that nobody reads.
    Resource(
        "vulnerabilityreports.aquasecurity.github.io",
        "VulnerabilityReport",
        VulnerabilityReport,
        group="aquasecurity.github.io",
        version="v1alpha1",
        page_size=20,
    ),
)
"""Every list that can be asked for by a path that is known beforehand."""

BY_NAME = {resource.name: resource for resource in (*RESOURCES, *FOUND)}

WORKLOADS = tuple(resource.name for resource in RESOURCES if resource.type is Workload)

PROTOBUF = tuple(resource for resource in RESOURCES if resource.protobuf)
