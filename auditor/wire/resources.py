"""Every list that can be asked for."""

from __future__ import annotations

from auditor.wire.admission import ADMISSION, FOUND
from auditor.wire.namespaces import Namespace, Secret, ServiceAccount
from auditor.wire.nodes import Node
from auditor.wire.pods import Pod
from auditor.wire.resource import Resource
from auditor.wire.workloads import Workload

SECRET_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")

RESOURCES: tuple[Resource, ...] = (
    Resource("namespaces", "Namespace", Namespace, namespaced=False),
    Resource("nodes", "Node", Node, namespaced=False),
    Resource("pods", "Pod", Pod),
    Resource("serviceaccounts", "ServiceAccount", ServiceAccount),
    Resource("secrets", "Secret", Secret, selectors=tuple(f"type={kind}" for kind in SECRET_TYPES)),
    Resource("replicationcontrollers", "ReplicationController", Workload),
    Resource("deployments", "Deployment", Workload, group="apps"),
    Resource("replicasets", "ReplicaSet", Workload, group="apps"),
    Resource("statefulsets", "StatefulSet", Workload, group="apps"),
    Resource("daemonsets", "DaemonSet", Workload, group="apps"),
    Resource("jobs", "Job", Workload, group="batch"),
    Resource("cronjobs", "CronJob", Workload, group="batch"),
    Resource("rollouts", "Rollout", Workload, group="argoproj.io", version="v1alpha1"),
    *ADMISSION,
)
"""Every list that can be asked for by a path that is known beforehand."""

BY_NAME = {resource.name: resource for resource in (*RESOURCES, *FOUND)}

WORKLOADS = tuple(resource.name for resource in RESOURCES if resource.type is Workload)
