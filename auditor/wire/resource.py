"""A list that can be asked for."""

from __future__ import annotations

from msgspec import Struct

from auditor.wire.metadata import Partial
from auditor.wire.namespaces import Namespace, Secret, ServiceAccount
from auditor.wire.nodes import Node
from auditor.wire.pods import Pod, PodTemplate
from auditor.wire.policies import Parameter, PolicyObject
from auditor.wire.services import EndpointSlice, Service
from auditor.wire.vulnerabilityreports import VulnerabilityReport
from auditor.wire.watching import ConfigMap, WatchedObject
from auditor.wire.workloads import Workload

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
    | VulnerabilityReport
    | WatchedObject
    | ConfigMap
    | Partial
)


class Resource(Struct, frozen=True):
    """A list that can be asked for. `name` is what coverage calls it: the plural, and the group where the plural is not
    the core's. `selectors` make several lists of one; `versions` are tried in turn where `version` is not served.
    `covered_as` is what coverage calls several lists together; `listed_as` is the plural where the name does not begin
    with it. `protobuf`: the fields of its type are numbered, and it
    can be read in that encoding too, which only built-in kinds have.
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
    page_size: int = 0
    protobuf: bool = False
    listed_as: str = ""

    @property
    def coverage(self) -> str:
        """Its name in coverage."""
        return self.covered_as or self.name

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def plural(self) -> str:
        return self.listed_as or self.name.partition(".")[0]

    def path(self, namespace: str = "") -> str:
        """The request path of the list, over all namespaces or in one."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if namespace else f"{root}/{self.plural}"
