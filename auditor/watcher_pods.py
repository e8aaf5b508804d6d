"""Which pods watch: Falco's, and those that evaluate Prometheus' rules; recognised by label or image."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from auditor.image import MalformedReference, parse
from auditor.model import Shape

_LABEL = "app.kubernetes.io/name"
FALCO = frozenset({"falco", "falco-no-driver", "falco-distroless", "falco-debian"})
RULERS = frozenset({"prometheus", "thanos", "vmalert", "mimir", "cortex", "prometheus-ui"})
SIDECARS = frozenset({"k8s-sidecar"})
API_SERVERS = frozenset({"kube-apiserver", "hyperkube"})
POLICY_SIDECARS = frozenset({"kube-mgmt"})
"""Programs that take ConfigMaps from the API server without a mount."""


def is_watcher(shape: Shape, labels: Mapping[str, str | None]) -> bool:
    """Whether pods of the shape load rules."""
    return runs_any(shape, FALCO | RULERS) or labels.get(_LABEL) in FALCO | RULERS


def runs_any(shape: Shape, names: Collection[str]) -> bool:
    """Whether a container's image is called by one of the names, wherever it is kept."""
    return any(last_segment(container.image) in names for container in shape.containers)


def runs(shapes: Iterable[Shape], labels: Mapping[str, str | None], names: Collection[str]) -> bool:
    """Whether an owner's pods or template are of one of the programs."""
    return labels.get(_LABEL) in names or any(runs_any(shape, names) for shape in shapes)


def last_segment(image: str) -> str:
    """The last word of an image's repository; empty where it is no image."""
    try:
        return parse(image).name.rpartition("/")[2]
    except MalformedReference:
        return ""
