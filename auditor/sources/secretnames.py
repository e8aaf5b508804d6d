"""Pull secrets that are named and in no list of registry secrets: of another type, or missing? Metadata says which."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from auditor.inventory import Inventory
from auditor.sources import workers
from auditor.sources.faults import Fault
from auditor.sources.reader import HURRIED, Reader
from auditor.sources.transport import PARTIAL

LIMIT = 2000
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def look_up(
    reader: Reader, inventory: Inventory, readable: Callable[[str], bool], threads: int, limit: int = LIMIT
) -> None:
    """Asks for each such secret in the namespaces whose lists of secrets were read whole (`readable`)."""
    wanted = [key for key in inventory.wanted_secrets() if readable(key[0])]
    for namespace, name in wanted:
        if not _possible(name):
            inventory.secret_missing(namespace, name)
    asked = [key for key in wanted if _possible(key[1])]
    left = asked[limit:]
    for namespace in sorted({namespace for namespace, _ in left}):
        count = sum(1 for there, _ in left if there == namespace)
        detail = f"{count} named pull secrets were not looked up: more than {limit} in all"
        inventory.cover("secrets", "failed", namespace=namespace, detail=detail)
    workers.run([_task(reader, inventory, *key) for key in asked[:limit]], threads, reader.stop)


def _possible(name: str) -> bool:
    """Whether a Secret can have this name at all: a DNS subdomain."""
    return len(name) <= 253 and _SUBDOMAIN.fullmatch(name) is not None


def _task(reader: Reader, inventory: Inventory, namespace: str, name: str) -> Callable[[], None]:
    def ask() -> None:
        # No plain JSON as a second choice: a server that cannot leave the data out shall send nothing.
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/secrets/{name}"
        try:
            status = reader.get(path, PARTIAL, HURRIED).status
        except Fault as fault:
            detail = f"a named pull secret could not be looked up: {fault.reason}"
            inventory.cover("secrets", "failed", namespace=namespace, detail=detail)
            return
        if status == 200:
            inventory.secret_found(namespace, name)
        elif status == 404:
            inventory.secret_missing(namespace, name)

    return ask
