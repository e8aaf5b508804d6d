"""The Kubernetes fields that Auditor reads, and nothing else: what is not declared here never becomes a Python object.

Names follow the API (camelCase on the wire). Every field may be missing or null, as Go encodes zero values either way.
Values that must not be held (annotations, command lines of ordinary containers) are declared as `Raw`: presence can be
tested, the text stays in the page's buffer and goes with it.
"""

from __future__ import annotations

import threading
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct, field

T = TypeVar("T")
NOTHING = Raw()


def present(raw: Raw) -> bool:
    """Whether a field that is not decoded was there and not null."""
    return bytes(raw) not in (b"", b"null")


class Wire(Struct, rename="camel", gc=False):
    """A part of an API object."""


class Annotations(Wire, rename=None):
    """Annotations whose presence says something; their values are not decoded. Metadata holds them undecoded: see
    `known_annotations` and `annotation_keys`."""

    mirror: Raw = field(default=NOTHING, name="kubernetes.io/config.mirror")
    service_account: Raw = field(default=NOTHING, name="kubernetes.io/service-account.name")
    openshift_service_account: Raw = field(
        default=NOTHING, name="openshift.io/internal-registry-auth-token.service-account"
    )
    openshift_token_secret: Raw = field(default=NOTHING, name="openshift.io/token-secret.name")


class OwnerReference(Wire):
    kind: str | None = None
    name: str | None = None
    uid: str | None = None
    api_version: str | None = None
    controller: bool | None = None


class TouchedFields(Wire, rename=None):
    """A managedFields entry's field set, as far as it says that a Secret's data was written."""

    data: Raw = field(default=NOTHING, name="f:data")
    string_data: Raw = field(default=NOTHING, name="f:stringData")


class ManagedFields(Wire):
    time: str | None = None
    fields_v1: TouchedFields | None = field(default=None, name="fieldsV1")


class Metadata(Wire):
    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    generation: int | None = None
    creation_timestamp: str | None = None
    labels: dict[str, str | None] | None = None
    annotations: Raw = NOTHING
    owner_references: list[OwnerReference] | None = None


class SecretMetadata(Metadata):
    managed_fields: list[ManagedFields] | None = None


class Manager(Wire):
    """Which program last wrote through which subresource, and when."""

    manager: str | None = None
    subresource: str | None = None
    time: str | None = None


class PodMetadata(Metadata):
    managed_fields: list[Manager] | None = None


def known_annotations(metadata: Metadata) -> Annotations:
    """The annotations that say something by being there; none where they are malformed."""
    if not present(metadata.annotations):
        return Annotations()
    try:
        return decode_object(Annotations, metadata.annotations)
    except msgspec.MsgspecError:
        return Annotations()


def annotation_keys(metadata: Metadata, part: str) -> tuple[str, ...]:
    """The keys that hold a text, in order. It is looked for in the bytes first, since hardly any object has such."""
    if part.encode() not in bytes(metadata.annotations):
        return ()
    try:
        keys = msgspec.json.decode(metadata.annotations, type=dict[str, Raw])
    except msgspec.MsgspecError:
        return ()
    return tuple(sorted(key for key in keys if part in key))


class LocalReference(Wire):
    name: str | None = None


class ValueFrom(Wire):
    secret_key_ref: LocalReference | None = None


class Env(Wire):
    value_from: ValueFrom | None = None


class EnvFrom(Wire):
    secret_ref: LocalReference | None = None


class SecurityContext(Wire):
    run_as_user: int | None = None
    run_as_non_root: bool | None = None


class VolumeMount(Wire):
    name: str | None = None
    mount_path: str | None = None
    sub_path: str | None = None
    sub_path_expr: str | None = None


class Container(Wire):
    name: str | None = None
    image: str | None = None
    image_pull_policy: str | None = None
    restart_policy: str | None = None
    security_context: SecurityContext | None = None
    env: list[Env] | None = None
    env_from: list[EnvFrom] | None = None
    volume_mounts: list[VolumeMount] | None = None
    working_dir: str | None = None
    command: Raw = NOTHING
    args: Raw = NOTHING
    target_container_name: str | None = None


class HostAlias(Wire):
    hostnames: list[str | None] | None = None


class ImageVolume(Wire):
    reference: str | None = None
    pull_policy: str | None = None


class SecretVolume(Wire):
    secret_name: str | None = None


class ProjectedSource(Wire):
    secret: LocalReference | None = None


class Projected(Wire):
    sources: list[ProjectedSource] | None = None


class CSIVolume(Wire):
    node_publish_secret_ref: LocalReference | None = None


class HostPath(Wire):
    path: str | None = None


class Volume(Wire):
    name: str | None = None
    image: ImageVolume | None = None
    secret: SecretVolume | None = None
    projected: Projected | None = None
    csi: CSIVolume | None = None
    host_path: HostPath | None = None


class PodOS(Wire):
    name: str | None = None


class PodSpec(Wire):
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    volumes: list[Volume] | None = None
    image_pull_secrets: list[LocalReference] | None = None
    service_account_name: str | None = None
    service_account: str | None = None
    node_name: str | None = None
    node_selector: dict[str, str | None] | None = None
    security_context: SecurityContext | None = None
    host_users: bool | None = None
    host_network: bool | None = None
    dns_policy: str | None = None
    host_aliases: list[HostAlias] | None = None
    os: PodOS | None = None


class Waiting(Wire):
    reason: str | None = None
    message: str | None = None


class Running(Wire):
    started_at: str | None = None


class ContainerState(Wire):
    waiting: Waiting | None = None
    running: Running | None = None


class ContainerStatus(Wire):
    name: str | None = None
    image_id: str | None = field(default=None, name="imageID")
    ready: bool | None = None
    state: ContainerState | None = None


class PodStatus(Wire):
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class Pod(Wire):
    metadata: PodMetadata | None = None
    spec: PodSpec | None = None
    status: PodStatus | None = None


class Template(Wire):
    metadata: Metadata | None = None
    spec: PodSpec | None = None


class JobSpec(Wire):
    template: Template | None = None


class JobTemplate(Wire):
    spec: JobSpec | None = None


class WorkloadSpec(Wire):
    replicas: int | None = None
    suspend: bool | None = None
    template: Template | None = None
    job_template: JobTemplate | None = None


class WorkloadStatus(Wire):
    """As far as it says which revision a workload's pods are of."""

    observed_generation: int | None = None
    update_revision: str | None = None
    desired_number_scheduled: int | None = None
    updated_number_scheduled: int | None = None


class Workload(Wire):
    """Any controller with a pod template: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob, Rollout …"""

    metadata: Metadata | None = None
    spec: WorkloadSpec | None = None
    status: WorkloadStatus | None = None


class PodTemplate(Wire):
    """The core kind of this name: a template that nobody has instantiated."""

    metadata: Metadata | None = None
    template: Template | None = None


class NodeImage(Wire):
    names: list[str] | None = None
    size_bytes: int | None = None


class NodeInfo(Wire):
    kubelet_version: str | None = None
    container_runtime_version: str | None = None
    operating_system: str | None = None
    architecture: str | None = None


class NodeSpec(Wire):
    unschedulable: bool | None = None
    provider_id: str | None = field(default=None, name="providerID")


class NodeStatus(Wire):
    images: list[NodeImage] | None = None
    node_info: NodeInfo | None = None


class Node(Wire):
    metadata: Metadata | None = None
    spec: NodeSpec | None = None
    status: NodeStatus | None = None


class Namespace(Wire):
    metadata: Metadata | None = None


class ServiceAccount(Wire):
    metadata: Metadata | None = None
    secrets: list[LocalReference] | None = None
    image_pull_secrets: list[LocalReference] | None = None


class Secret(Wire):
    metadata: SecretMetadata | None = None
    type: str | None = None
    data: dict[str, str | None] | None = None
    string_data: dict[str, str | None] | None = None


class ServicePort(Wire):
    name: str | None = None
    port: int | None = None
    node_port: int | None = None


class ServiceSpec(Wire):
    type: str | None = None
    cluster_ip: str | None = field(default=None, name="clusterIP")
    ports: list[ServicePort] | None = None
    selector: dict[str, str | None] | None = None


class Service(Wire):
    metadata: Metadata | None = None
    spec: ServiceSpec | None = None


class EndpointConditions(Wire):
    ready: bool | None = None


class Endpoint(Wire):
    conditions: EndpointConditions | None = None


class EndpointPort(Wire):
    name: str | None = None


class EndpointSlice(Wire):
    metadata: Metadata | None = None
    address_type: str | None = None
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None


class PolicyObject(Wire):
    """An object that takes part in admission: a policy, a binding, a webhook configuration, an engine's own settings.

    These say what is allowed and hold no credentials; `data` is that of the few ConfigMaps that are read by name.
    """

    kind: str | None = None
    api_version: str | None = None
    metadata: Metadata | None = None
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None
    webhooks: list[dict[str, Any]] | None = None
    data: dict[str, Any] | None = None


class Parameter(Wire):
    """An object of any kind that a policy takes its parameters from; `fields` are all others, as the API gives them."""

    kind: str | None = None
    api_version: str | None = None
    metadata: Metadata | None = None
    fields: dict[str, Any] = {}


class Partial(Wire):
    """PartialObjectMetadata: that an object exists, and who owns it."""

    metadata: Metadata | None = None


class ListMeta(Wire):
    continue_: str | None = field(default=None, name="continue")
    resource_version: str | None = None
    remaining_item_count: int | None = None


class Page(Wire, Generic[T]):
    """One page of a list. `kind` is `…List`; items of built-in kinds carry neither kind nor apiVersion."""

    kind: str | None = None
    metadata: ListMeta | None = None
    items: list[T] | None = None


class Status(Wire):
    """The API's error object; a body may be plain text instead."""

    kind: str | None = None
    message: str | None = None
    reason: str | None = None
    code: int | None = None
    metadata: ListMeta | None = None


Object = (
    Pod
    | Workload
    | PodTemplate
    | Node
    | Namespace
    | ServiceAccount
    | Secret
    | Service
    | EndpointSlice
    | PolicyObject
    | Parameter
    | Partial
)


class Resource(Struct, frozen=True):
    """A list that can be asked for. `name` is what coverage calls it: the plural, and the group where the plural is not
    the core's. `selectors` make several lists of one; `versions` are tried in turn where `version` is not served.
    `covered_as` is what coverage calls several lists together.
    """

    name: str
    kind: str
    type: type[Object]
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    selectors: tuple[str, ...] = ("",)
    versions: tuple[str, ...] = ()
    covered_as: str = ""

    @property
    def coverage(self) -> str:
        """Its name in coverage."""
        return self.covered_as or self.name

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def plural(self) -> str:
        return self.name.partition(".")[0]

    def path(self, namespace: str = "") -> str:
        """The request path of the list, over all namespaces or in one."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if namespace else f"{root}/{self.plural}"


SECRET_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")

_REGISTRATION = "admissionregistration.k8s.io"
_KYVERNO = "policies.kyverno.io"
_KUBEWARDEN = "policies.kubewarden.io"
_OPENSHIFT = "config.openshift.io"


def _policy(
    plural: str, kind: str, group: str, version: str = "v1", *versions: str, namespaced: bool = False
) -> Resource:
    return Resource(f"{plural}.{group}", kind, PolicyObject, group, version, namespaced, versions=versions)


ADMISSION: tuple[Resource, ...] = (
    Resource("services", "Service", Service),
    Resource("endpointslices.discovery.k8s.io", "EndpointSlice", EndpointSlice, group="discovery.k8s.io"),
    _policy("validatingwebhookconfigurations", "ValidatingWebhookConfiguration", _REGISTRATION),
    _policy("mutatingwebhookconfigurations", "MutatingWebhookConfiguration", _REGISTRATION),
    _policy("validatingadmissionpolicies", "ValidatingAdmissionPolicy", _REGISTRATION, "v1", "v1beta1"),
    _policy("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", _REGISTRATION, "v1", "v1beta1"),
    _policy("mutatingadmissionpolicies", "MutatingAdmissionPolicy", _REGISTRATION, "v1", "v1beta1"),
    _policy("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", _REGISTRATION, "v1", "v1beta1"),
    _policy("constrainttemplates", "ConstraintTemplate", "templates.gatekeeper.sh", "v1", "v1beta1"),
    _policy("configs", "Config", "config.gatekeeper.sh", "v1alpha1", namespaced=True),
    _policy("clusterpolicies", "ClusterPolicy", "kyverno.io"),
    _policy("policies", "Policy", "kyverno.io", namespaced=True),
    _policy("policyexceptions", "PolicyException", "kyverno.io", "v2", "v2beta1", namespaced=True),
    _policy("validatingpolicies", "ValidatingPolicy", _KYVERNO, "v1", "v1beta1", "v1alpha1"),
    _policy("imagevalidatingpolicies", "ImageValidatingPolicy", _KYVERNO, "v1", "v1beta1", "v1alpha1"),
    _policy("namespacedvalidatingpolicies", "NamespacedValidatingPolicy", _KYVERNO, "v1", "v1beta1", namespaced=True),
    _policy(
        "namespacedimagevalidatingpolicies",
        "NamespacedImageValidatingPolicy",
        _KYVERNO,
        "v1",
        "v1beta1",
        namespaced=True,
    ),
    _policy("policyexceptions", "PolicyException", _KYVERNO, "v1", "v1beta1", "v1alpha1", namespaced=True),
    _policy("clusterimagepolicies", "ClusterImagePolicy", "policy.sigstore.dev", "v1beta1", "v1alpha1"),
    _policy("clusteradmissionpolicies", "ClusterAdmissionPolicy", _KUBEWARDEN, "v1", "v1alpha2"),
    _policy("admissionpolicies", "AdmissionPolicy", _KUBEWARDEN, "v1", "v1alpha2", namespaced=True),
    _policy("clusteradmissionpolicygroups", "ClusterAdmissionPolicyGroup", _KUBEWARDEN),
    _policy("admissionpolicygroups", "AdmissionPolicyGroup", _KUBEWARDEN, namespaced=True),
    _policy("policyservers", "PolicyServer", _KUBEWARDEN, "v1", "v1alpha2"),
    _policy("images", "Image", _OPENSHIFT),
    _policy("clusterimagepolicies", "ClusterImagePolicy", _OPENSHIFT, "v1", "v1alpha1"),
    _policy("imagepolicies", "ImagePolicy", _OPENSHIFT, "v1", "v1alpha1", namespaced=True),
)
"""What takes part in admission; those of groups that a cluster does not serve are absent."""

CONSTRAINTS = "constraints.gatekeeper.sh"
"""The group whose kinds ConstraintTemplates make: found by discovery, covered under this name."""

CONFIGMAPS = (
    ("kyverno", "kyverno"),
    ("cosign-system", "config-policy-controller"),
    ("connaisseur", "connaisseur-app-config"),
    ("connaisseur", "connaisseur-env"),
)
"""(namespace, name) of the ConfigMaps in which engines keep what decides about enforcement, as their charts do."""

SETTINGS = Resource("configmaps", "ConfigMap", PolicyObject)
"""ConfigMaps of CONFIGMAPS' names: read one by one, where the engine is."""

PARAMETERS = Resource("params", "", Parameter, namespaced=False)
"""What ValidatingAdmissionPolicies take their parameters from, of whatever kind: found by their spec.paramKind."""

FOUND = (
    Resource(CONSTRAINTS, "", PolicyObject, CONSTRAINTS, "v1beta1", namespaced=False),
    SETTINGS,
    PARAMETERS,
)
"""What is found through other objects or discovery, and is no one list."""

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


_BUILDING = threading.RLock()
_decoders: dict[Any, Any] = {}


def _decoder(kind: Any) -> Any:
    """The decoder of a type, made once. Lists are read in threads, and msgspec hands a Struct out to others before it
    has filled in what it knows of its fields: one decoder is made at a time."""
    found = _decoders.get(kind)
    if found is None:
        with _BUILDING:
            found = _decoders.setdefault(kind, msgspec.json.Decoder(kind))
    return found


def decode_page(kind: type[T], body: bytes) -> Page[T]:
    """One page of a JSON list; raises msgspec.MsgspecError where it is not one."""
    return _decoder(Page[kind]).decode(body)  # type: ignore[valid-type, no-any-return]


def decode_object(kind: type[T], body: bytes | Raw) -> T:
    """One object from its JSON; raises msgspec.ValidationError with the path of the field that does not fit."""
    return _decoder(kind).decode(body)  # type: ignore[no-any-return]


def decode_parameter(body: bytes | Raw) -> Parameter:
    """An object whose shape nobody knows; raises msgspec.MsgspecError where it is no object with metadata."""
    fields: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    _decoder(Metadata)  # see there: convert makes one, too
    kind, api_version = fields.pop("kind", None), fields.pop("apiVersion", None)
    return Parameter(
        kind if isinstance(kind, str) else None,
        api_version if isinstance(api_version, str) else None,
        msgspec.convert(fields.pop("metadata", None), Metadata | None),
        fields,
    )
