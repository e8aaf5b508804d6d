"""Series that are never there, and expressions over those that are."""

from __future__ import annotations

import pytest

from auditor.monitoring.series import asks_for_pulls, dead_series, empty_records, unknown_series

WAITING = "kube_pod_container_status_waiting_reason"


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        (f'{WAITING}{{reason="ImagePullBackoff"}}', "ImagePullBackOff"),
        (f'{WAITING}{{reason="ErrImagePull|ImagePullBackOff"}}', "=~"),
        (f'{WAITING}{{reason=~"ErrImagePull,ImagePullBackOff"}}', "=~"),
        (f'{WAITING}{{reason=~"(errimagepull|imagepullbackoff)"}}', "ErrImagePull"),
        (f'{WAITING}{{reason="FailedToRetrieveImagePullSecret"}}', "events"),
        (f'{WAITING}{{reason="ErrImagePull", image=~"a.*"}}', "kube_pod_container_info"),
        ('kube_pod_container_info{image_tag="latest"}', "image_spec"),
        ('kube_pod_container_status_waiting{reason="ErrImagePull"}', WAITING),
        ('kube_pod_status_phase{phase="ImagePullBackOff"}', "Pending"),
        ('kube_pod_status_reason{reason=~"ErrImagePull|ImagePullBackOff"}', "evicted"),
        ('kubelet_runtime_operations_errors_total{operation="pull_image"}', "operation_type"),
        ('kubelet_runtime_operations_errors{operation_type="pull_image"}', "kubelet_runtime_operations_errors_total"),
        ('kubelet_runtime_operations_total{operation_type=~"image_pull|pull"}', "pull_image"),
        ("kubelet_image_pulls_total", "nothing exports"),
    ],
)
def test_what_is_never_there(expression: str, told: str) -> None:
    assert asks_for_pulls(expression) or "image_tag" in expression
    (reason,) = dead_series(expression, ())
    assert told in reason


@pytest.mark.parametrize(
    "expression",
    [
        f'{WAITING}{{reason=~"ErrImagePull|ImagePullBackoff"}} > 0',  # one of the two is right
        f'{WAITING}{{reason=~".*Image.*"}} > 0',
        f'{WAITING}{{reason!="ContainerCreating"}}',
        'kube_pod_init_container_status_waiting_reason{reason="ImagePullBackOff"}',
        'kube_pod_container_info{image!~"registry[.]example/.*", image_spec!=""}',
        'kubelet_runtime_operations_errors_total{operation_type=~"pull.*"}',
        "kubelet_image_pull_duration_seconds_bucket",
        'containerd_cri_sandboxed_image_pulls_total{status="failure"}',
        "kube_pod_info * on (pod) group_left (node) kube_pod_status_ready_time",
        "container_memory_working_set_bytes + kubelet_volume_stats_used_bytes",
    ],
)
def test_what_is_there(expression: str) -> None:
    assert not list(dead_series(expression, ()))
    assert not list(unknown_series(expression, ()))


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("kube_pod_container_image_info", "kube_pod_container_image_info"),
        (f"{WAITING}s", f"{WAITING}s ({WAITING} is)"),
        ("container_image_size_bytes", "container_image_size_bytes"),
        (f'{WAITING}{{reason="ImagePullError"}}', "ErrImagePull"),
        ("corp_kubelet_image_pull_duration_seconds_count", "corp_"),
    ],
)
def test_what_is_not_known(expression: str, told: str) -> None:
    names = list(unknown_series(expression, ()))
    assert len(names) == 1
    assert told in names[0]


def test_names_that_are_recorded_from_nothing() -> None:
    recorders = {
        "a:pulls": ("rate(container_image_pulls_total[5m])",),
        "b:pulls": ("sum(a:pulls)",),
        "c:pulls": ("sum(a:pulls)", "kubelet_image_pull_duration_seconds_count"),
        "d:pulls": ("a:pulls or vector(0)",),
        "e:pulls": ("e:pulls",),
    }
    assert empty_records(recorders) == {"a:pulls", "b:pulls"}
    assert list(dead_series("b:pulls > 1", recorders, {"a:pulls", "b:pulls"}))
    assert not list(dead_series("c:pulls > 1", recorders, {"a:pulls", "b:pulls"}))
