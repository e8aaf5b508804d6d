"""What checks ask for beside their subject. Asking for what was not read raises Unread: see coverage.Gaps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct

from auditor import credentials as kubelet
from auditor.admission_views import (
    POLICY_LISTS,
    AdmissionWebhooks,
    Allowlists,
    Backends,
    NamespaceLabels,
    OwnNamespaces,
    PodAdmission,
    webhook_configurations,
)
from auditor.check import CLUSTER, About
from auditor.coverage import Gaps, Unread
from auditor.credentials import AuthEntry
from auditor.enforcement.backends import BACKENDS
from auditor.enforcement.chain import ImagePolicy
from auditor.enforcement.matrix import Attempt, Enforcement, attempt_to_read, enforcement
from auditor.enforcement.mechanisms import MECHANISMS
from auditor.enforcement.mechanisms import RESOURCES as ENFORCEMENT
from auditor.enforcement.partial import PartialWorld, world_of
from auditor.enforcement.webhooks import MUTATING, VALIDATING
from auditor.enforcement.world import World
from auditor.evidence import Evidence
from auditor.image import Reference
from auditor.image_policy_files import BACKEND_NEEDS, ImagePolicyBackends, ImagePolicyFiles
from auditor.images import Image, identities, images
from auditor.model import (
    SCAN_RESULTS,
    ControlPlanePod,
    Namespace,
    Node,
    NodeImage,
    OtherSecret,
    Owner,
    PullSecret,
    ServiceAccount,
    Shape,
    Snapshot,
)
from auditor.plugins import AdmissionPlugins, admission_plugins
from auditor.policy import Policy
from auditor.report import Subject
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
    credentials,
    image_uses,
    node_repositories,
    node_tags,
)
from auditor.watchers import (
    ALERTS,
    CONFIGMAPS,
    EVERY_CONFIGMAP,
    POLICIES,
    PROMETHEUSES,
    THANOS,
    AlertLoading,
    AlertRules,
    EgressPolicy,
    FalcoLoading,
    FalcoRules,
    Mounts,
    NamespaceSelection,
    RuntimeDetection,
    StoredRules,
    alert_rules,
    falco_rules,
)
from auditor.wire import BY_NAME, WORKLOADS


class NotVisible(Exception):
    """What a check runs on cannot be seen through the API, though everything was read: a person has to look."""


class Unit(Struct, frozen=True):
    """One value that a check is called with, and the subject that it stands for. `known_as` is the name that its
    findings keep while the subject's own may change, empty where that is the same."""

    about: About
    value: Any
    image: str | None = None
    repository: str = ""
    origin: str = ""
    known_as: str = ""


class PullSecrets:
    """Registry secrets, and what is known of other names that are used as pull secrets."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._all = views.snapshot.secrets
        self._named = {(s.namespace, s.name): s for s in self._all}
        self._others = {(s.namespace, s.name): s for s in views.snapshot.other_secrets}

    def find(self, namespace: str, name: str) -> PullSecret | OtherSecret:
        """The registry secret of this name, or what stands there instead; Unread where that is not known."""
        found = self._named.get((namespace, name)) or self._others.get((namespace, name))
        if found:
            return found
        self._gaps.require("secrets", namespace)
        raise Unread("secrets", namespace, "forbidden", "whether it is missing or of another type was not to be seen")

    def seen(self, namespace: str, name: str) -> PullSecret | None:
        """The registry secret of this name if it was read; None proves nothing."""
        return self._named.get((namespace, name))

    def registry(self, namespace: str, name: str) -> PullSecret | None:
        """The registry secret of this name, None where there is none; Unread where not all could be listed."""
        found = self._named.get((namespace, name))
        if found is None:
            self._gaps.require("secrets", namespace)
        return found

    def all(self) -> tuple[PullSecret, ...]:
        """Every registry secret; Unread where not all could be listed."""
        self._gaps.require("secrets")
        return self._all

    def readable(self) -> tuple[PullSecret, ...]:
        """The registry secrets that were read, which may not be all: they prove presence, never absence."""
        return self._all


class ServiceAccounts:
    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._named = {(s.namespace, s.name): s for s in views.snapshot.service_accounts}

    def find(self, namespace: str, name: str) -> ServiceAccount | None:
        """The account, None where it does not exist; Unread where that is not known."""
        found = self._named.get((namespace, name))
        if found is None:
            self._gaps.require("serviceaccounts", namespace)
        return found

    def all(self) -> tuple[ServiceAccount, ...]:
        self._gaps.require("serviceaccounts")
        return tuple(self._named.values())


class Nodes:
    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._all = views.snapshot.nodes
        self._schedulable = tuple(node for node in self._all if node.schedulable)

    def all(self) -> tuple[Node, ...]:
        self._gaps.require("nodes")
        return self._all

    def readable(self) -> tuple[Node, ...]:
        """The nodes that were read, which may not be all."""
        return self._all

    def schedulable(self) -> tuple[Node, ...]:
        """The nodes that take pods: two that were read are proof of two, fewer only where all were read."""
        if len(self._schedulable) < 2:
            self._gaps.require("nodes")
        return self._schedulable


class PodsOnNodes:
    """Which of the images that nodes cache their pods use."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps

    def use(self, image: NodeImage) -> bool:
        """Whether a pod of the node names the image or runs it; Unread where only unread pods could."""
        if not image.used:
            self._gaps.require("pods", everywhere=True)
        return image.used


class ImageUses:
    """All image uses: of what was read by `readable`, of everything (or Unread) by `all`."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._all = views.image_uses

    def readable(self) -> tuple[ImageUse, ...]:
        return self._all

    def all(self, namespace: str | None = None) -> tuple[ImageUse, ...]:
        for resource in ("pods", *WORKLOADS):
            self._gaps.require(resource, namespace, everywhere=namespace is None)
        return self._all if namespace is None else tuple(use for use in self._all if use.namespace == namespace)


class ControlPlane:
    """The API server as its pods show it."""

    def __init__(self, views: Views) -> None:
        self._gaps = views.gaps
        self._pods = views.snapshot.control_plane

    @cached_property
    def apiservers(self) -> tuple[ControlPlanePod, ...]:
        """Its pods, none where the control plane is managed or hidden; Unread where pods were not read."""
        found = tuple(pod for pod in self._pods if pod.component == "kube-apiserver")
        if not found:
            self._gaps.require("pods", "kube-system")
        return found

    @cached_property
    def always_pull_images(self) -> bool | None:
        """Whether AlwaysPullImages is on in every API server that is seen; None where none is seen."""
        try:
            plugins = [admission_plugins(pod.flags) for pod in self.apiservers]
        except Unread:
            return None
        return all(plugin.enabled("AlwaysPullImages") for plugin in plugins) if plugins else None


class Credentials:
    """Which registry credentials a pod pulls with, by the kubelet's rules and the API server's injection."""

    def __init__(self, views: Views) -> None:
        self._accounts = views.of(ServiceAccounts)
        self._secrets = views.of(PullSecrets)

    def effective(self, owner: Owner, shape: Shape) -> tuple[str, ...]:
        """The names that count: a pod's as stored; a template's own, else those of its service account, unmerged."""
        if shape.pull_secrets or shape.source == "pods" or shape.static:
            return shape.pull_secrets
        account = self._accounts.find(owner.namespace, shape.service_account or "default")
        return account.pull_secrets if account else ()

    def inherited(self, owner: Owner, shape: Shape) -> bool:
        """Whether the effective names come from the service account by emulation."""
        return not shape.pull_secrets and shape.source == "template" and not shape.static

    def secrets(self, namespace: str, names: Collection[str]) -> tuple[PullSecret, ...]:
        """Those of the named secrets that are registry secrets, in order; Unread where that is not known."""
        found = (self._secrets.find(namespace, name) for name in names if name)
        return tuple(secret for secret in found if isinstance(secret, PullSecret))

    def serving(self, namespace: str, names: Collection[str], image: Reference) -> tuple[Served, ...]:
        """The entries that the kubelet offers for an image, in its order. A rejected secret among them breaks all:
        then there are none."""
        secrets = self.secrets(namespace, names)
        if any(secret.content.rejected for secret in secrets):
            return ()
        entries = [(secret, entry) for secret in secrets for entry in usable(secret)]
        order = kubelet.serving([entry.key for _, entry in entries], image)
        return tuple(Served(*entries[index]) for index in order)


class Served(Struct, frozen=True):
    """An auths entry of a secret that serves an image."""

    secret: PullSecret
    entry: AuthEntry


def usable(secret: PullSecret) -> tuple[AuthEntry, ...]:
    """The entries of a secret that can serve images at all."""
    if secret.content.rejected or secret.content.unusable:
        return ()
    return secret.content.entries


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


def _cluster(views: Views) -> Cluster:
    return Cluster(views.snapshot.cluster.version, views.snapshot.cluster.collected_at)


_WORKLOAD_LISTS = ("pods", *WORKLOADS)

PARAMETERS: dict[type, tuple[Callable[[Views], Any], tuple[str, ...]]] = {
    Policy: (lambda views: views.policy, ()),
    Cluster: (_cluster, ()),
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


def _image_units(views: Views) -> Iterator[Unit]:
    for use in views.image_uses:
        subject = Subject(use.owner.kind, use.owner.name, use.container)
        yield Unit(About(use.namespace, subject), use, use.normalised, use.repository, use.owner.origin)


def _owner_units(views: Views) -> Iterator[Unit]:
    for owner in views.snapshot.owners:
        yield Unit(About(owner.namespace, Subject(owner.kind, owner.name)), owner, origin=owner.origin)


def _secret_units(views: Views) -> Iterator[Unit]:
    for secret in views.snapshot.secrets:
        yield Unit(About(secret.namespace, Subject("Secret", secret.name)), secret, origin=secret.origin)


def _account_units(views: Views) -> Iterator[Unit]:
    for account in views.snapshot.service_accounts:
        about = About(account.namespace, Subject("ServiceAccount", account.name))
        yield Unit(about, account, origin=account.origin)


def _credential_units(views: Views) -> Iterator[Unit]:
    views.gaps.require("secrets")
    judged = tuple(secret for secret in views.snapshot.secrets if views.holds(secret.namespace))
    for credential in credentials(judged):
        first = credential.secrets[0]
        yield Unit(About(first.namespace, Subject("Secret", first.name)), credential, origin=first.origin)


def _repository_units(views: Views) -> Iterator[Unit]:
    for repository in views.repositories:
        yield Unit(About(None, Subject("Repository", repository.name)), repository, repository.name)


def _tag_units(views: Views) -> Iterator[Unit]:
    for tag in node_tags(views.repositories):
        yield Unit(About(None, Subject("Tag", tag.name)), tag, tag.name)


def _content_units(views: Views) -> Iterator[Unit]:
    for image, known_as in identities(views.images):
        about = About(None, Subject("Image", image.name))
        yield Unit(about, image, image.name, origin=image.uses[0].owner.origin, known_as=known_as)


def _cluster_units(views: Views) -> Iterator[Unit]:
    yield Unit(CLUSTER, _cluster(views))


def _apiserver_units(views: Views) -> Iterator[Unit]:
    apiserver = views.apiserver()
    about = About(None, Subject("APIServer", "kube-apiserver"))
    yield Unit(about, apiserver, origin=apiserver.pods[0].origin)


def _namespace_units(views: Views) -> Iterator[Unit]:
    for namespace in views.world.namespaces:
        yield Unit(About.of_namespace(namespace.name), namespace, origin=namespace.origin)


def _policy_units(views: Views) -> Iterator[Unit]:
    for policy in views.enforcement.policies:
        yield Unit(policy.about, policy, origin=policy.origin)


def _webhook_units(views: Views) -> Iterator[Unit]:
    for configuration, webhooks in webhook_configurations(views.world):
        about = About(None, Subject(configuration.kind, configuration.name))
        yield Unit(about, webhooks, origin=configuration.origin)


def _node_units(views: Views) -> Iterator[Unit]:
    for node in views.snapshot.nodes:
        yield Unit(About(None, Subject("Node", node.name)), node, origin=node.origin)


def _falco_units(views: Views) -> Iterator[Unit]:
    for found in falco_rules(views.snapshot):
        about = About(found.namespace, Subject("ConfigMap", found.name))
        yield Unit(about, found, origin=found.configmap.origin)


def _alert_units(views: Views) -> Iterator[Unit]:
    for found, origin in alert_rules(views.snapshot):
        yield Unit(About(found.namespace, Subject(found.kind, found.name)), found, origin=origin)


def _stored_units(views: Views) -> Iterator[Unit]:
    for found in views.snapshot.configmaps:
        about = About(found.namespace, Subject("ConfigMap", found.name))
        yield Unit(about, StoredRules(found), origin=found.origin)


def _egress_units(views: Views) -> Iterator[Unit]:
    for found in views.snapshot.watched:
        if found.resource == POLICIES:
            about = About(found.namespace, Subject(found.kind, found.name))
            yield Unit(about, EgressPolicy(found), origin=found.origin)


SUBJECTS: dict[type, tuple[Callable[[Views], Iterator[Unit]], tuple[str, ...]]] = {
    ImageUse: (_image_units, _WORKLOAD_LISTS),
    Owner: (_owner_units, _WORKLOAD_LISTS),
    PullSecret: (_secret_units, ("secrets",)),
    Credential: (_credential_units, ("secrets",)),
    ServiceAccount: (_account_units, ("serviceaccounts",)),
    NodeRepository: (_repository_units, ("nodes",)),
    NodeTag: (_tag_units, ("nodes",)),
    Image: (_content_units, _WORKLOAD_LISTS),
    Cluster: (_cluster_units, ()),
    ApiServer: (_apiserver_units, ("pods",)),
    Namespace: (_namespace_units, ("namespaces", *_WORKLOAD_LISTS)),
    ImagePolicy: (_policy_units, POLICY_LISTS),
    AdmissionWebhooks: (_webhook_units, (VALIDATING, MUTATING)),
    Node: (_node_units, ("nodes",)),
    FalcoRules: (_falco_units, (CONFIGMAPS,)),
    AlertRules: (_alert_units, (CONFIGMAPS, ALERTS)),
    StoredRules: (_stored_units, (EVERY_CONFIGMAP,)),
    EgressPolicy: (_egress_units, (POLICIES,)),
}


def needs(subject: type, parameters: Collection[type]) -> tuple[str, ...]:
    """The resources that a check on this subject with these parameters may read, in the order of the API."""
    wanted = set(SUBJECTS[subject][1])
    for kind in parameters:
        wanted |= set(PARAMETERS[kind][1])
    order = dict.fromkeys(("namespaces", "nodes", "serviceaccounts", "secrets", *_WORKLOAD_LISTS, *BY_NAME))
    return tuple(resource for resource in order if resource in wanted)


__all__ = ["PARAMETERS", "SUBJECTS", "AdmissionPlugins", "NotVisible", "Unit", "Views", "needs"]
