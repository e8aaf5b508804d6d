"""Values that Falco's repository fields can never equal: registries, prefixes, tags, globs."""

from __future__ import annotations

import re
from collections.abc import Iterable

REPOSITORIES = frozenset({"container.image.repository"})
_AUDITED = re.compile(r"ka\.req\.(?:pod\.\w+|container)\.image\.repository")
_EXACT = frozenset({"=", "==", "!=", "in", "intersects"})
_HOST = re.compile(r"[^/]*[.:][^/]*|localhost")


def is_repository(field: str) -> bool:
    return field in REPOSITORIES or _AUDITED.fullmatch(field) is not None


def unequalled(field: str, operator: str, values: Iterable[str]) -> tuple[str, ...]:
    """Those of the values that no repository is, where an operator compares whole values.

    The container plugin gives the full repository, without tag or digest; k8saudit the text of the spec up to the first
    colon, so that a registry with a port never comes through.
    """
    if operator.partition(" ")[0] not in _EXACT or not is_repository(field):
        return ()
    return tuple(value for value in values if _impossible(value, audited=field not in REPOSITORIES))


def _impossible(value: str, *, audited: bool) -> bool:
    if not value or value.endswith("/") or any(char in value for char in "*@ "):
        return True
    host, slash, path = value.partition("/")
    if ":" in path or (audited and ":" in host):
        return True
    if not slash:  # a name alone may be an image of Docker Hub; with a dot or a port it is a registry
        return _HOST.fullmatch(host) is not None
    return value in ("docker.io/library", "index.docker.io/library") or "://" in value
