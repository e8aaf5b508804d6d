"""Names and labels of what is installed."""

from __future__ import annotations

from typing import Any

from auditor.install.settings import Settings
from auditor.version import __version__

NAME = "auditor"
POLICY = "auditor-policy"
BASELINE = "auditor-baseline"
CLUSTERS = "auditor-clusters"
AUTHORITY = "auditor-registry-ca"


def selector(component: str) -> dict[str, str]:
    """Labels that stay from version to version."""
    return {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": component}


def labels(component: str) -> dict[str, str]:
    return {
        **selector(component),
        "app.kubernetes.io/version": __version__,
        "app.kubernetes.io/managed-by": NAME,
    }


def metadata(settings: Settings, component: str, name: str = NAME) -> dict[str, Any]:
    return {"name": name, "namespace": settings.namespace, "labels": labels(component)}


def cluster_wide(settings: Settings, component: str) -> dict[str, Any]:
    """With the namespace in the name, unless it is the usual one: two installations do not overwrite each other."""
    name = NAME if settings.namespace == NAME else f"{NAME}-{settings.namespace}"
    return {"name": name, "labels": labels(component)}
