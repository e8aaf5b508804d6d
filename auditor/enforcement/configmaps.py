"""The ConfigMaps in which engines keep their settings: found, absent, or not known."""

from __future__ import annotations

from msgspec import Struct

from auditor.coverage import Unread
from auditor.enforcement.world import World
from auditor.model import PolicyObject


class Settings(Struct, frozen=True):
    """`known` is False where the ConfigMap may exist and was not read; `found` is None then, and where it is absent."""

    found: PolicyObject | None
    known: bool = True


def settings(world: World, namespace: str, name: str) -> Settings:
    """A ConfigMap by name, one of those that are asked for."""
    try:
        return Settings(world.configmap(namespace, name))
    except Unread:
        return Settings(None, known=False)
