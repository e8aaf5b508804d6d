"""ConfigMaps with rules: of the namespaces where something loads rules, or of the whole cluster where asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from auditor import wire
from auditor.sources import workers
from auditor.sources.lists import Lists, Outcome

_MOST_NAMESPACES = 100
_RULES, _ALL = wire.RULE_CONFIGMAPS, wire.ALL_CONFIGMAPS


def look_up(
    lists: Lists, names: Collection[str], outcomes: Sequence[Outcome], namespaces: Sequence[str], threads: int
) -> None:
    """Reads what `names` (in coverage) asks for; `outcomes` are those of the lists of pods, `namespaces` those that
    the scan is limited to, if any. What a pod loads lies in its own namespace: so the pods tell where to look."""
    inventory = lists.inventory
    if _ALL.name in names and _everything(lists, namespaces):
        if _RULES.name in names:
            inventory.end(inventory.begin(_RULES), detail="read with all configmaps")
        return
    if _RULES.name not in names:
        return
    found = [name for name in inventory.watcher_namespaces() if not namespaces or name in namespaces]
    pods = [outcome for outcome in outcomes if outcome.resource.name == "pods"]
    unread = next((outcome for outcome in pods if outcome.state != "read"), None)
    if unread or not pods:
        detail = "pods were not all read, which tell where they lie"
        inventory.cover(_RULES.name, unread.state if unread else "excluded", detail=detail)
    elif not found:
        inventory.end(inventory.begin(_RULES), detail="nothing was seen to run that loads rules")
    if len(found) > _MOST_NAMESPACES:
        left = len(found) - _MOST_NAMESPACES
        inventory.cover(_RULES.name, "failed", detail=f"those of {left} further namespaces were not asked for")
    tasks = [partial(lists.read, _RULES, name) for name in found[:_MOST_NAMESPACES]]
    workers.run(tasks, threads, lists.reader.stop)


def _everything(lists: Lists, namespaces: Sequence[str]) -> bool:
    """Whether all ConfigMaps, of the namespaces that were asked for or of all, could be read."""
    outcomes = [lists.read(_ALL, name) for name in dict.fromkeys(namespaces)] or [lists.read(_ALL)]
    return not namespaces and all(outcome.state == "read" for outcome in outcomes)
