"""Every list that can be asked for."""

from __future__ import annotations

from auditor.wire.admission import ADMISSION, FOUND
from auditor.wire.namespaces import Namespace, Secret, ServiceAccount
from auditor.wire.nodes import Node
from auditor.wire.pods import Pod
from auditor.wire.resource import Resource
from auditor.wire.vulnerabilityreports import VulnerabilityReport
from auditor.wire.watching import ConfigMap, WatchedObject
from auditor.wire.workloads import Workload

SECRET_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")

_OPERATOR = "monitoring.coreos.com"
WATCHED: tuple[Resource, ...] = (
    Resource("networkpolicies.networking.k8s.io", "NetworkPolicy", WatchedObject, group="networking.k8s.io"),
    Resource(f"prometheusrules.{_OPERATOR}", "PrometheusRule", WatchedObject, group=_OPERATOR, page_size=100),
    Resource(f"prometheuses.{_OPERATOR}", "Prometheus", WatchedObject, group=_OPERATOR, page_size=100),
    Resource(f"thanosrulers.{_OPERATOR}", "ThanosRuler", WatchedObject, group=_OPERATOR, page_size=100),
)
"""Network policies, and the alerts of the Prometheus operator with what loads them."""

# A ConfigMap is up to a megabyte, and hardly one in a hundred holds rules.
RULE_CONFIGMAPS = Resource("watchers' configmaps", "ConfigMap", ConfigMap, page_size=20, listed_as="configmaps")
"""ConfigMaps of the namespaces in which Falco or a Prometheus runs: they load none of other namespaces."""

ALL_CONFIGMAPS = Resource("all configmaps", "ConfigMap", ConfigMap, page_size=20, listed_as="configmaps")
"""Those of the whole cluster, which only the search for what nobody loads needs."""

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
    *WATCHED,
)
"""Every list that can be asked for by a path that is known beforehand."""

BY_NAME = {resource.name: resource for resource in (*RESOURCES, *FOUND, RULE_CONFIGMAPS, ALL_CONFIGMAPS)}

WORKLOADS = tuple(resource.name for resource in RESOURCES if resource.type is Workload)

PROTOBUF = tuple(resource for resource in RESOURCES if resource.protobuf)
