"""Nodes, and the control plane's pods on them."""

from __future__ import annotations

import re

from auditor.model.value import Value

_MINOR = re.compile(r"v?([0-9]+)\.([0-9]+)", re.ASCII)


class NodeImage(Value, frozen=True):
    """An entry of a node's image list. `used`: a pod on that node names it, or runs it by its digest."""

    names: tuple[str, ...] = ()
    size_bytes: int = 0
    used: bool = False


class Node(Value, frozen=True):
    """A node; `images` is what its kubelet lists: at most 50 by default, the largest first.

    `daemons` are the DaemonSets, as `namespace/name`, of which a pod runs there with all its containers; `works`: some
    pod runs there that is neither a DaemonSet's nor static.
    """

    name: str
    os: str = ""
    architecture: str = ""
    kubelet_version: str = ""
    runtime_version: str = ""
    provider_id: str = ""
    schedulable: bool = True
    images: tuple[NodeImage, ...] = ()
    origin: str = ""
    daemons: tuple[str, ...] = ()
    works: bool = False

    @property
    def platform(self) -> str:
        return f"{self.os}/{self.architecture}" if self.os and self.architecture else ""

    @property
    def verifies_pulls(self) -> bool | None:
        """Whether its kubelet by default lets only pods that may pull a cached image use it; None: version unknown.

        The feature gate KubeletEnsureSecretPulledImages is on by default from 1.35 (k8s pkg/features/kube_features.go).
        """
        version = _MINOR.match(self.kubelet_version)
        return (int(version[1]), int(version[2])) >= (1, 35) if version else None


class Mount(Value, frozen=True):
    """A volume mount; `host_path` is None where the volume is not a hostPath."""

    path: str
    host_path: str | None = None
    sub_path: str = ""


class Flag(Value, frozen=True):
    """A flag of a command line, in order; `dashes` tells `-flag` from `--flag`."""

    name: str
    value: str
    dashes: int = 2


class ControlPlanePod(Value, frozen=True):
    """A control-plane component's pod. Only the flags that checks read are kept."""

    name: str
    component: str
    node: str = ""
    image: str = ""
    ready: bool | None = None
    flags: tuple[Flag, ...] = ()
    mounts: tuple[Mount, ...] = ()
    host_network: bool = False
    dns_policy: str = ""
    working_dir: str = ""
    host_aliases: tuple[str, ...] = ()
    origin: str = ""
