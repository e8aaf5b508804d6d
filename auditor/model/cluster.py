"""Which cluster was read, how far, and its namespaces."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from auditor.model.value import Value

State = Literal["read", "forbidden", "absent", "failed", "excluded"]

# Evidence from beside the cluster's own lists, as coverage calls it.
REGISTRY = "registry"
SCAN_RESULTS = ("vulnerabilityreports.aquasecurity.github.io", "scan results")


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
    labels: dict[str, str] = field(default_factory=dict)
    origin: str = ""
