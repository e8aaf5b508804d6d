"""Whether a selector picks a namespace, also where only the namespace's name is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from auditor.enforcement.selectors import matches
from auditor.enforcement.world import World

_NAME = "kubernetes.io/metadata.name"


class Namespaces:
    """The namespaces of a world, for questions about their labels. Equal questions are answered once."""

    def __init__(self, world: World) -> None:
        self._labels = {namespace.name: namespace.labels for namespace in world.namespaces}
        self._read = {namespace.name for namespace in world.snapshot.namespaces}
        self._asked: dict[tuple[bytes, str], bool | None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._labels)

    def labels(self, namespace: str) -> Mapping[str, str]:
        return self._labels.get(namespace) or {_NAME: namespace}

    def labels_read(self, namespace: str) -> Mapping[str, str] | None:
        """The labels, None where they were not read."""
        return self._labels[namespace] if namespace in self._read else None

    def selected(self, selector: Any, namespace: str) -> bool | None:
        """Whether a LabelSelector picks the namespace; None where it is malformed, or turns on labels not read.

        The label that carries the name is set by the API server on every namespace, so a selector of that label alone
        is always decided (k8s pkg/registry/core/namespace/strategy.go).
        """
        if not selector:
            return matches(selector, {})
        key = (_bytes(selector), namespace)
        if key not in self._asked:
            self._asked[key] = self._select(selector, namespace)
        return self._asked[key]

    def _select(self, selector: Any, namespace: str) -> bool | None:
        if namespace in self._read:
            return matches(selector, self.labels(namespace))
        if not isinstance(selector, dict):
            return None
        labels = {_NAME: namespace}
        parts = _requirements(selector)
        decided = [matches(part, labels) if key == _NAME else None for key, part in parts]
        return False if False in decided else None if None in decided else matches(selector, labels)


def _requirements(selector: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    labels, expressions = selector.get("matchLabels"), selector.get("matchExpressions")
    found: list[tuple[Any, dict[str, Any]]] = []
    if isinstance(labels, dict):
        found += [(key, {"matchLabels": {key: value}}) for key, value in labels.items()]
    for part in expressions if isinstance(expressions, list) else ():
        found.append((part.get("key") if isinstance(part, dict) else None, {"matchExpressions": [part]}))
    return found


_encoder = msgspec.json.Encoder(order="deterministic")


def _bytes(selector: Any) -> bytes:
    return _encoder.encode(selector)
