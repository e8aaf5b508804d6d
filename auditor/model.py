"""The Snapshot: everything that was read of a cluster, folded, redacted, and with its gaps.

All of it is frozen and ordered, so that the same cluster gives the same bytes. A subject's `origin` is `path:line`
where it came from a file, and empty where it came from an API server.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import Struct

from auditor.credentials import SecretContent
from auditor.evidence import ImageEvidence
from auditor.hostfacts import HostFacts
from auditor.monitoring.facts import PrometheusRule, RuleConfigMap
from auditor.scans.results import ScanResults

State = Literal["read", "forbidden", "absent", "failed", "excluded"]
Role = Literal["container", "init", "sidecar", "ephemeral", "volume"]
SCHEMA = "auditor.snapshot/v1"

# Evidence from beside the cluster's own lists, as coverage calls it.
REGISTRY = "registry"
SCAN_RESULTS = ("vulnerabilityreports.aquasecurity.github.io", "scan results")
_MINOR = re.compile(r"v?([0-9]+)\.([0-9]+)", re.ASCII)


class Value(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of the Snapshot."""


class Coverage(Value, frozen=True):
    """What became of one list. No namespaces: everywhere. `complete`: what is not in it does not exist."""

    resource: str
    state: State
    namespaces: tuple[str, ...] = ()
    count: int = 0
    detail: str = ""
    complete: bool = True


class ClusterInfo(Value, frozen=True):
    """Which cluster, and when. `collected_at` is RFC 3339 in UTC, or None where the input does not say.

    `only` and `exclude` are the namespaces that the user asked for and left out when it was read.
    """

    name: str = ""
    uid: str | None = None
    version: str = ""
    collected_at: str | None = None
    source: Literal["live", "files"] = "live"
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Namespace(Value, frozen=True):
    name: str
    labels: dict[str, str] = {}
    origin: str = ""


class Container(Value, frozen=True):
    """An image of a pod: of a container, or of an image volume (named `volume:<name>`).

    `pull_policy` is as stored, empty where a manifest leaves it to the API server. `run_as_*` are the container's, else
    the pod's. `secrets` are the names of Secrets that it reads into its environment or mounts. `allowlist` are the
    registries that its command line tells a backend of image policies to allow.
    """

    name: str
    role: Role
    image: str
    pull_policy: str = ""
    run_as_user: int | None = None
    run_as_non_root: bool | None = None
    secrets: tuple[str, ...] = ()
    allowlist: tuple[str, ...] = ()


class RunningImage(Value, frozen=True):
    """Running containers of one name that report one imageID; `platform` is the nodes' `os/architecture`, if known."""

    container: str
    image_id: str
    platform: str = ""
    pods: int = 1


class WaitingImage(Value, frozen=True):
    """Containers of one name that wait for one reason; the message is one of theirs."""

    container: str
    reason: str
    message: str = ""
    pods: int = 1


class DebugContainer(Value, frozen=True):
    """An ephemeral container: in which pod, since when it runs, and the program that added it (its field manager)."""

    container: str
    pod: str
    started_at: str = ""
    manager: str = ""


class Shape(Value, frozen=True):
    """Pods of one owner that are alike in all that is read, or the template that they are made from.

    `pull_secrets` and `service_account` are as stored: in a template the service account's list is not yet injected.
    `declared` are the containers of the very template that made these pods, None where it could not be read.
    `review_annotations` are the keys of annotations that ImagePolicyWebhook forwards to its backend; `volume_secrets`
    the Secrets that volumes name, mounted by a container or not; `configmaps` likewise, without those that hold the
    cluster's certificates.
    """

    source: Literal["template", "pods"]
    containers: tuple[Container, ...] = ()
    service_account: str = ""
    pull_secrets: tuple[str, ...] = ()
    revision: str = ""
    os: str = ""
    host_users: bool = True
    static: bool = False
    declared: tuple[str, ...] | None = None
    pods: int = 0
    examples: tuple[str, ...] = ()
    running: tuple[RunningImage, ...] = ()
    waiting: tuple[WaitingImage, ...] = ()
    debug: tuple[DebugContainer, ...] = ()
    review_annotations: tuple[str, ...] = ()
    volume_secrets: tuple[str, ...] = ()
    configmaps: tuple[str, ...] = ()


class Owner(Value, frozen=True):
    """A root owner of pods: what an engineer can change. Its name is its generateName where it was generated.

    `known` is False where only an ownerReference names it. `labels` are its template's, else those that all its pods
    have: what a Service selects by.
    """

    namespace: str
    kind: str
    name: str
    api_version: str = ""
    known: bool = True
    replicas: int | None = None
    suspended: bool = False
    shapes: tuple[Shape, ...] = ()
    labels: dict[str, str] = {}
    origin: str = ""


class PullSecret(Value, frozen=True):
    """A registry secret, without its secrets. `made_by` names the controller that keeps it, if one does."""

    namespace: str
    name: str
    type: str
    content: SecretContent
    written_at: str | None = None
    made_by: str = ""
    origin: str = ""


class OtherSecret(Value, frozen=True):
    """A Secret that something names as a pull secret: `missing`, or of a type that the kubelet ignores."""

    namespace: str
    name: str
    type: str = ""
    missing: bool = False


class ServiceAccount(Value, frozen=True):
    """`secrets` are those that its pods may mount, and that builders push with."""

    namespace: str
    name: str
    pull_secrets: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    origin: str = ""


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


class ServicePort(Value, frozen=True):
    port: int
    name: str = ""
    node_port: int = 0


class Service(Value, frozen=True):
    """A Service; `ready` counts the ready endpoints of its slices, None where it has no slices."""

    namespace: str
    name: str
    type: str = "ClusterIP"
    cluster_ip: str = ""
    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] = {}
    ready: int | None = None
    origin: str = ""


class PolicyObject(Value, frozen=True):
    """An object that takes part in admission. `resource` is its name in coverage; the rest is as the API gives it,
    less what nobody reads (managedFields, annotations) or may keep (values of environments and headers); of a caBundle
    there is only whether it holds something. `rest` are the other fields of an object that policies take parameters
    from."""

    resource: str
    kind: str
    name: str
    namespace: str = ""
    labels: dict[str, str] = {}
    generation: int | None = None
    spec: dict[str, Any] = {}
    status: dict[str, Any] = {}
    webhooks: tuple[dict[str, Any], ...] = ()
    data: dict[str, Any] = {}
    origin: str = ""
    api_version: str = ""
    rest: dict[str, Any] = {}


class WatchedObject(Value, frozen=True):
    """A network policy, or an object of the Prometheus operator; its spec as far as it is read, `rules` those of a
    PrometheusRule."""

    resource: str
    kind: str
    namespace: str
    name: str
    labels: dict[str, str] = {}
    spec: dict[str, Any] = {}
    rules: tuple[PrometheusRule, ...] = ()
    origin: str = ""


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
