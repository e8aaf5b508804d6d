"""Which metrics about image pulls there are: what the kubelet, containerd and CRI-O export, and nobody else."""

from __future__ import annotations

import difflib
import re

from auditor.monitoring.metric_names import CADVISOR, KUBE_STATE_METRICS, KUBELET

# kubelet: k8s pkg/kubelet/metrics, pkg/kubelet/images; containerd: internal/cri/server/metrics.go (go-metrics puts the
# namespace before, a unit and _total behind); CRI-O: server/metrics/collectors.
_PULLS = frozenset(
    """
    kubelet_image_pull_duration_seconds kubelet_image_manager_ensure_image_requests_total
    kubelet_imagemanager_image_mustpull_checks_total kubelet_imagemanager_ondisk_pullintents
    kubelet_imagemanager_ondisk_pulledrecords kubelet_imagemanager_inmemory_pullintents_usage_percent
    kubelet_imagemanager_inmemory_pulledrecords_usage_percent kubelet_image_garbage_collected_total
    containerd_cri_sandboxed_image_pulls_total containerd_cri_sandboxed_in_progress_image_pulls_total
    containerd_cri_sandboxed_image_pulling_throughput containerd_cri_sandboxed_image_pulling_throughput_mibps
    containerd_cri_image_pulls_total containerd_cri_in_progress_image_pulls_total
    containerd_cri_image_pulling_throughput
    container_runtime_crio_image_pulls_success_total container_runtime_crio_image_pulls_failure_total
    container_runtime_crio_image_pulls_bytes_total container_runtime_crio_image_pulls_layer_size
    container_runtime_crio_image_pulls_skipped_bytes_total container_runtime_crio_image_layer_reuse_total
    container_runtime_crio_image_pulls_by_digest container_runtime_crio_image_pulls_by_name
    container_runtime_crio_image_pulls_by_name_skipped container_runtime_crio_image_pulls_failures
    container_runtime_crio_image_pulls_successes container_runtime_crio_image_pulls_layer_size_count
    """.split()
)
_FAMILIES = ("kubelet_image_volume_",)
_SUFFIXES = ("_bucket", "_sum", "_count")
_CLAIM = re.compile(r"image_?pull|pull(?:s|ed|ing)?_?image|pulled_images?", re.IGNORECASE)

# Other exporters that clusters commonly have, by the beginnings of their metrics' names.
_USUAL = (
    "containerd_", "container_runtime_crio_", "apiserver_", "node_", "scheduler_", "workqueue_", "rest_client_",
    "prometheus_", "alertmanager_", "falco_", "falcosecurity_", "falcosidekick_", "kyverno_", "gatekeeper_", "trivy_",
    "policy_controller_", "go_", "process_", "auditor_", "kube_customresource_",
)  # fmt: skip
_KNOWN = KUBE_STATE_METRICS | CADVISOR | KUBELET
_OPERATIONS = re.compile(r"kubelet_(?:runtime|docker)_operations_\w+", re.ASCII)
_PULL = "pull_image"
_ALWAYS = frozenset({"up", "ALERTS", "ALERTS_FOR_STATE", "scrape_samples_scraped", "scrape_duration_seconds"})


def claims_pulls(metric: str) -> bool:
    """Whether a metric's name says that it is about pulls of images."""
    return _CLAIM.search(metric) is not None


def exports_pulls(metric: str) -> bool:
    """Whether a kubelet or a runtime exports it."""
    return metric in _PULLS or metric.startswith(_FAMILIES) or _base(metric) in _PULLS


def is_usual(metric: str) -> bool:
    """Whether it is one of kube-state-metrics, cAdvisor or the kubelet, by its name, or of another exporter that
    clusters commonly have; that the latter exports this very metric is not said."""
    return metric in _ALWAYS or metric in _KNOWN or _base(metric) in _KNOWN or metric.startswith(_USUAL)


def near(metric: str) -> str:
    """The metric of kube-state-metrics, cAdvisor or the kubelet that was probably meant; empty where none is near."""
    return next(iter(difflib.get_close_matches(metric[:200], sorted(_KNOWN), 1, 0.9)), "")


def may_be_renamed(metric: str) -> bool:
    """Whether it is called as a relabelling or a proxy would call a metric of pulls: with more before its name."""
    return any(name.endswith((f"_{known}", f":{known}")) for name in (metric, _base(metric)) for known in _PULLS)


def counts_operations(metric: str) -> bool:
    """Whether it is one of the kubelet's about all calls of a runtime, by their type."""
    return _OPERATIONS.fullmatch(metric) is not None


def is_gone(metric: str) -> bool:
    """Whether kubelets had it until dockershim left them, in Kubernetes 1.24."""
    return metric.startswith("kubelet_docker_")


def is_no_operation(value: str) -> bool:
    """Whether a value of operation_type means pulls, and is not the one that they have."""
    return value != _PULL and _CLAIM.search(value) is not None


def _base(metric: str) -> str:
    return next((metric.removesuffix(suffix) for suffix in _SUFFIXES if metric.endswith(suffix)), metric)
