"""What watches a cluster: network policies, the Prometheus operator's objects, and ConfigMaps. By JSON alone."""

from __future__ import annotations

from typing import Any

from auditor.wire.fields import Wire
from auditor.wire.metadata import Metadata


class WatchedObject(Wire):
    """A NetworkPolicy, PrometheusRule, Prometheus or ThanosRuler; its spec is kept as far as it is read."""

    kind: str | None = None
    api_version: str | None = None
    metadata: Metadata | None = None
    spec: dict[str, Any] | None = None


class ConfigMap(Wire):
    """Its values may be anything: see auditor.configmaps for what is kept of them."""

    metadata: Metadata | None = None
    data: dict[str, Any] | None = None
