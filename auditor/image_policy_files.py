"""What checks ask about ImagePolicyWebhook: the API servers' files as facts, and where the backend is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import webhook_backend
from auditor.hostfacts import Backend, PluginSettings, ServerFiles
from auditor.model import ControlPlanePod, Owner, Service
from auditor.plugins import admission_plugins, last_value
from auditor.webhook_backend import Place
from auditor.wire import WORKLOADS

if TYPE_CHECKING:
    from auditor.subjects import ApiServer
    from auditor.views import Views

PLUGIN = "ImagePolicyWebhook"
CONFIG_FLAG = "admission-control-config-file"
BACKEND_NEEDS = ("services", "endpointslices.discovery.k8s.io", "pods", *WORKLOADS)


class PluginFiles(Struct, frozen=True):
    """One API server's files: `path` is what its flag names, `facts` is None where no files were given."""

    pod: ControlPlanePod
    path: str
    enabled: bool
    facts: ServerFiles | None

    @property
    def settings(self) -> PluginSettings | None:
        return self.facts.settings if self.facts else None

    @property
    def backend(self) -> Backend | None:
        return self.facts.backend if self.facts else None

    @property
    def to_look_at(self) -> tuple[str, str]:
        """(path, why) of the file that was not read or is not as it should be, where something is not known."""
        if self.facts is None:
            return self.path, f"was not given (--{CONFIG_FLAG} names it)"
        unread = next((file for file in self.facts.files if file.state == "unread"), None)
        if unread:
            return unread.path, f"could not be read: {unread.detail}"
        fault = next(iter(self.facts.faults), None)
        return (fault.path, f"cannot be used: {fault.reason}") if fault else (self.path, "does not say it")


class ImagePolicyFiles:
    """The admission files of the API servers."""

    def __init__(self, views: Views) -> None:
        self._host = views.snapshot.host
        self._servers = [pod for pod in views.snapshot.control_plane if pod.component == "kube-apiserver"]

    @property
    def plugin_runs(self) -> bool | None:
        """Whether an API server runs the plugin; None where none is to be seen."""
        return any(admission_plugins(pod.flags).enabled(PLUGIN) for pod in self._servers) if self._servers else None

    def of(self, server: ApiServer) -> Iterator[PluginFiles]:
        """Of each API server that names an admission configuration."""
        for pod in server.pods:
            path = last_value(pod.flags, CONFIG_FLAG)
            if path:
                facts = self._host.of(pod.name) if self._host else None
                yield PluginFiles(pod, path, admission_plugins(pod.flags).enabled(PLUGIN), facts)

    def in_use(self, server: ApiServer) -> Iterator[PluginFiles]:
        """Of each API server that runs the plugin."""
        return (files for files in self.of(server) if files.enabled)


class ImagePolicyBackends:
    """The cluster's objects that the address of an image policy's backend leads to."""

    def __init__(self, views: Views) -> None:
        self._snapshot = views.snapshot
        self._gaps = views.gaps

    def places(self, backend: Backend) -> tuple[Place, ...]:
        """The Services that the backend's address leads to; Unread where unread ones might be among them."""
        found = webhook_backend.places(backend, self._snapshot.services)
        if not found:
            self._gaps.require("services", everywhere=True)
        return found

    def ready(self, service: Service) -> int | None:
        """How many of its endpoints are ready, None where that was not read or nobody knows."""
        if service.ready is not None or service.type == "ExternalName":
            return service.ready
        return None if self._gaps.gap("endpointslices.discovery.k8s.io", everywhere=True) else 0

    def workloads(self, service: Service) -> tuple[Owner, ...]:
        """The root owners of its pods; Unread where none is seen and unread ones might be."""
        found = webhook_backend.workloads(service, self._snapshot.owners)
        if not found and service.selector:
            for resource in ("pods", *WORKLOADS):
                self._gaps.require(resource, service.namespace)
        return found
