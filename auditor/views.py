"""What checks ask for beside their subject. Asking for what was not read raises Unread: see coverage.Gaps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from typing import Any

from auditor import units
from auditor.admission_views import (
    POLICY_LISTS,
    AdmissionWebhooks,
    Allowlists,
    Backends,
    NamespaceLabels,
    OwnNamespaces,
    PodAdmission,
)
from auditor.coverage import Gaps, Unread
from auditor.enforcement.backends import BACKENDS
from auditor.enforcement.chain import ImagePolicy
from auditor.enforcement.matrix import Attempt, Enforcement, attempt_to_read, enforcement
from auditor.enforcement.mechanisms import MECHANISMS
from auditor.enforcement.mechanisms import RESOURCES as ENFORCEMENT
from auditor.enforcement.partial import PartialWorld, world_of
from auditor.enforcement.webhooks import MUTATING, VALIDATING
from auditor.enforcement.world import World
from auditor.evidence import Evidence
from auditor.image_policy_files import BACKEND_NEEDS, ImagePolicyBackends, ImagePolicyFiles
from auditor.images import Image, images
from auditor.list_views import ControlPlane, Credentials, ImageUses, Nodes, PodsOnNodes, PullSecrets, ServiceAccounts
from auditor.model import SCAN_RESULTS, Namespace, Node, Owner, PullSecret, ServiceAccount, Snapshot
from auditor.policy import Policy
from auditor.scans.joins import Scans
from auditor.scans.judgement import VulnerabilityRules
from auditor.secret_index import NAMING, RegistryKeys, SecretUsers
from auditor.signatures.judgement import Signatures
from auditor.subjects import (
    ApiServer,
    Cluster,
    Credential,
    ImageUse,
    NodeRepository,
    NodeTag,
    image_uses,
    node_repositories,
)
from auditor.units import Unit
from auditor.watcher_loading import AlertLoading, FalcoLoading
from auditor.watcher_mounts import Mounts
from auditor.watcher_nodes import RuntimeDetection
from auditor.watchers import (
    ALERTS,
    CONFIGMAPS,
    EVERY_CONFIGMAP,
    POLICIES,
    PROMETHEUSES,
    THANOS,
    AlertRules,
    EgressPolicy,
    FalcoRules,
    NamespaceSelection,
    StoredRules,
)
from auditor.wire import BY_NAME, WORKLOADS


class NotVisible(Exception):
    """What a check runs on cannot be seen through the API, though everything was read: a person has to look."""


class Views:
    """A snapshot as checks see it: units to run on, and what they may ask for. Each is made once."""

    def __init__(
        self,
        snapshot: Snapshot,
        policy: Policy,
        scope: Collection[str] = (),
        holds: Callable[[str], bool] = lambda namespace: True,
        attempt: Attempt = attempt_to_read,
    ) -> None:
        self.holds = holds
        self._attempt = attempt
        self.snapshot = snapshot
        self.policy = policy
        self.gaps = Gaps(snapshot, scope)
        self._made: dict[type, Any] = {Policy: policy}
        self._units: dict[type, tuple[Unit, ...]] = {}

    def of(self, kind: type[Any]) -> Any:
        """The one view of a type in PARAMETERS."""
        if kind not in self._made:
            self._made[kind] = PARAMETERS[kind][0](self)
        return self._made[kind]

    def units(self, subject: type[Any]) -> tuple[Unit, ...]:
        """What the checks of a subject in SUBJECTS are called with; raises what enumerating raises, each time."""
        if subject not in self._units:
            self._units[subject] = tuple(SUBJECTS[subject][0](self))
        return self._units[subject]

    @cached_property
    def image_uses(self) -> tuple[ImageUse, ...]:
        return tuple(use for owner in self.snapshot.owners for use in image_uses(owner))

    @cached_property
    def images(self) -> tuple[Image, ...]:
        """The images of the namespaces that are judged."""
        return images(use for use in self.image_uses if self.holds(use.namespace))

    @cached_property
    def repositories(self) -> tuple[NodeRepository, ...]:
        return node_repositories(self.snapshot)

    def apiserver(self) -> ApiServer:
        """The API server; NotVisible where pods were read and none is its."""
        pods = self.of(ControlPlane).apiservers
        if not pods:
            raise NotVisible("No kube-apiserver pod is to be seen: the control plane is managed, or not visible.")
        return ApiServer(pods, self.snapshot.control_plane, self.snapshot.cluster.version)

    @cached_property
    def world(self) -> World:
        """What the mechanisms of admission look at."""
        return World(self.snapshot, self.policy, self.gaps)

    @cached_property
    def enforcement(self) -> Enforcement:
        """What every mechanism says, and what of them could not be read."""
        world = world_of(self.snapshot, self.policy, self.gaps)
        found = enforcement(world, MECHANISMS, self._attempt)
        return world.doubted(found) if isinstance(world, PartialWorld) else found

    def broken(self, subject: type[Any]) -> Iterator[Unread]:
        """Of what reading units of a subject broke: there may be more of them than `units` tells."""
        if subject is ImagePolicy:
            for found in self.enforcement.unreadable:
                if found.state == "error":
                    yield Unread(found.resource, None, found.state, found.detail)

    def optional(self, kind: type[Any]) -> Any:
        """The view, or None where what it rests on was not read."""
        for resource in PARAMETERS[kind][1]:
            if self.gaps.gap(resource):
                return None
        return self.of(kind)


_WORKLOAD_LISTS = ("pods", *WORKLOADS)

PARAMETERS: dict[type, tuple[Callable[[Views], Any], tuple[str, ...]]] = {
    Policy: (lambda views: views.policy, ()),
    Cluster: (units.cluster, ()),
    PullSecrets: (PullSecrets, ("secrets",)),
    ServiceAccounts: (ServiceAccounts, ("serviceaccounts",)),
    Credentials: (Credentials, ("secrets", "serviceaccounts")),
    Nodes: (Nodes, ("nodes",)),
    PodsOnNodes: (PodsOnNodes, ("pods",)),
    ImageUses: (ImageUses, _WORKLOAD_LISTS),
    ControlPlane: (ControlPlane, ("pods",)),
    ImagePolicyFiles: (ImagePolicyFiles, ()),
    ImagePolicyBackends: (ImagePolicyBackends, BACKEND_NEEDS),
    Enforcement: (lambda views: views.enforcement, ENFORCEMENT),
    NamespaceLabels: (lambda views: NamespaceLabels(views.world, views.snapshot, views.gaps), ("namespaces",)),
    Allowlists: (lambda views: Allowlists(views.world, views.enforcement), ENFORCEMENT),
    OwnNamespaces: (lambda views: OwnNamespaces(views.world, views.enforcement), ENFORCEMENT),
    Backends: (lambda views: Backends(views.world, views.gaps), BACKENDS),
    PodAdmission: (lambda views: PodAdmission(views.world), ENFORCEMENT),
    SecretUsers: (lambda views: SecretUsers(views.snapshot, views.gaps, views.image_uses), NAMING),
    Evidence: (lambda views: Evidence(views.snapshot.images), ()),
    Signatures: (lambda views: Signatures(views.policy, views.of(Evidence)), ()),
    Scans: (lambda views: Scans(views.snapshot, views.gaps, views.of(Evidence)), SCAN_RESULTS[:1]),
    VulnerabilityRules: (lambda views: VulnerabilityRules(views.policy, views.snapshot.cluster.collected_at), ()),
    FalcoLoading: (FalcoLoading, (CONFIGMAPS,)),
    AlertLoading: (AlertLoading, (ALERTS, PROMETHEUSES, THANOS, "namespaces")),
    Mounts: (Mounts, _WORKLOAD_LISTS),
    NamespaceSelection: (NamespaceSelection, ("namespaces",)),
    RuntimeDetection: (RuntimeDetection, ("pods", "daemonsets")),
    RegistryKeys: (lambda views: RegistryKeys(views.snapshot, views.image_uses), ("secrets", *_WORKLOAD_LISTS)),
}


SUBJECTS: dict[type, tuple[Callable[[Views], Iterator[Unit]], tuple[str, ...]]] = {
    ImageUse: (units.image_units, _WORKLOAD_LISTS),
    Owner: (units.owner_units, _WORKLOAD_LISTS),
    PullSecret: (units.secret_units, ("secrets",)),
    Credential: (units.credential_units, ("secrets",)),
    ServiceAccount: (units.account_units, ("serviceaccounts",)),
    NodeRepository: (units.repository_units, ("nodes",)),
    NodeTag: (units.tag_units, ("nodes",)),
    Image: (units.content_units, _WORKLOAD_LISTS),
    Cluster: (units.cluster_units, ()),
    ApiServer: (units.apiserver_units, ("pods",)),
    Namespace: (units.namespace_units, ("namespaces", *_WORKLOAD_LISTS)),
    ImagePolicy: (units.policy_units, POLICY_LISTS),
    AdmissionWebhooks: (units.webhook_units, (VALIDATING, MUTATING)),
    Node: (units.node_units, ("nodes",)),
    FalcoRules: (units.falco_units, (CONFIGMAPS,)),
    AlertRules: (units.alert_units, (CONFIGMAPS, ALERTS)),
    StoredRules: (units.stored_units, (EVERY_CONFIGMAP,)),
    EgressPolicy: (units.egress_units, (POLICIES,)),
}


def needs(subject: type, parameters: Collection[type]) -> tuple[str, ...]:
    """The resources that a check on this subject with these parameters may read, in the order of the API."""
    wanted = set(SUBJECTS[subject][1])
    for kind in parameters:
        wanted |= set(PARAMETERS[kind][1])
    order = dict.fromkeys(("namespaces", "nodes", "serviceaccounts", "secrets", *_WORKLOAD_LISTS, *BY_NAME))
    return tuple(resource for resource in order if resource in wanted)
