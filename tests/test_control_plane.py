"""Which pods are the control plane, and what of their command lines is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor import wire
from auditor.control_plane import control_plane_pod, read_flags
from auditor.model import Flag


def pod(command: list[str], args: list[str] | None = None, **more: Any) -> wire.Pod:
    container = {"name": "kube-apiserver", "image": "registry.k8s.io/kube-apiserver:v1.36.2", "command": command}
    container |= {"args": args} if args is not None else {}
    metadata = {"name": "kube-apiserver-cp1", "namespace": "kube-system"} | more
    return wire.decode_object(
        wire.Pod, json.dumps({"metadata": metadata, "spec": {"containers": [container]}}).encode()
    )


ENABLE = Flag("enable-admission-plugins", "A,B")


@pytest.mark.parametrize(
    ("command", "args"),
    [
        (["kube-apiserver", "--enable-admission-plugins=A,B"], None),
        (["/usr/local/bin/kube-apiserver", "--enable-admission-plugins", "A,B"], None),
        (["kube-apiserver"], ["--v", "2", "--enable_admission_plugins=A,B"]),
        (
            [
                "sh",
                "-c",
                "exec kube-apiserver --enable-admission-plugins=A,B 2>&1 | tee --enable-admission-plugins=C",
            ],
            None,
        ),
        (["/bin/sh", "-ec", "wait-for etcd; kube-apiserver --enable-admission-plugins=A,B"], None),
    ],
)
def test_flags_are_read_wherever_they_stand(command: list[str], args: list[str] | None) -> None:
    found = control_plane_pod(pod(command, args))
    assert found
    assert (found.component, found.flags) == ("kube-apiserver", (ENABLE,))


@pytest.mark.parametrize(
    "command",
    [
        ["watchdog", "--component", "kube-apiserver"],
        ["/bin/sh", "-c", "sleep 9; crictl logs kube-apiserver --enable-admission-plugins=A"],
    ],
)
def test_a_name_among_arguments_runs_nothing(command: list[str]) -> None:
    assert control_plane_pod(pod(command)) is None


@pytest.mark.parametrize("command", [["/hyperkube", "apiserver"], ["hyperkube", "kube-apiserver"]])
def test_hyperkube_is_what_it_runs(command: list[str]) -> None:
    found = control_plane_pod(pod([*command, "--enable-admission-plugins=A,B"]))
    assert found
    assert (found.component, found.flags) == ("kube-apiserver", (ENABLE,))


def test_the_label_says_it_whatever_the_container_is_called() -> None:
    container = {"name": "apiserver", "args": ["--enable-admission-plugins=A,B"]}
    metadata = {"name": "x", "namespace": "kube-system", "labels": {"component": "kube-apiserver"}}
    found = control_plane_pod(
        wire.decode_object(wire.Pod, json.dumps({"metadata": metadata, "spec": {"containers": [container]}}).encode())
    )
    assert found
    assert found.flags == (ENABLE,)


def test_repeated_flags_stay_in_order_and_other_values_are_dropped() -> None:
    flags = read_flags(["--enable-admission-plugins=A", "--token-auth-file=/secret", "--enable-admission-plugins=B"])
    assert [flag.value for flag in flags] == ["A", "B"]


def test_nothing_after_the_terminator_is_a_flag() -> None:
    assert read_flags(["--", "--enable-admission-plugins=A"]) == ()


@pytest.mark.parametrize(
    ("word", "kept"), [("-enable-admission-plugins=A", True), ("-v=2", False), ("-v", False), ("-h", False)]
)
def test_a_long_flag_with_one_dash_is_noted_without_its_value(word: str, kept: bool) -> None:
    assert read_flags([word]) == ((Flag("enable-admission-plugins", "", 1),) if kept else ())


def test_a_label_is_enough_where_the_command_is_hidden() -> None:
    found = control_plane_pod(pod([], labels={"component": "kube-apiserver"}))
    assert found
    assert found.flags == ()


def test_other_namespaces_have_no_control_plane() -> None:
    assert control_plane_pod(pod(["kube-apiserver"], namespace="default")) is None
