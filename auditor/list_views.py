"""What was read of secrets, accounts, nodes, image uses and the control plane, as checks ask for it. Asking for what
was not read raises Unread: see coverage.Gaps."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import credentials as kubelet
from auditor.coverage import Unread
from auditor.credentials import AuthEntry
from auditor.image import Reference
from auditor.model import ControlPlanePod, Node, NodeImage, OtherSecret, Owner, PullSecret, ServiceAccount, Shape
from auditor.plugins import admission_plugins
from auditor.subjects import ImageUse
from auditor.wire import WORKLOADS

if TYPE_CHECKING:
    from auditor.views import Views


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
        self._gap = views.gaps.gap("pods", everywhere=True)

    def use(self, image: NodeImage) -> bool:
        """Whether a pod of the node names the image or runs it; Unread where only unread pods could."""
        if not image.used and self._gap:
            raise self._gap
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
        self._serving: dict[tuple[str, tuple[str, ...], str], tuple[Served, ...]] = {}  # several checks ask alike

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
        key = (namespace, tuple(names), image.name)
        if key not in self._serving:
            self._serving[key] = self._find_serving(namespace, names, image)
        return self._serving[key]

    def _find_serving(self, namespace: str, names: Collection[str], image: Reference) -> tuple[Served, ...]:
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
