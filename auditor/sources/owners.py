"""Controllers that are named by what they own and are in no list: found as metadata, one list for each kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from auditor import wire
from auditor.inventory import Inventory
from auditor.model import State
from auditor.owners import WantedOwner
from auditor.sources import workers
from auditor.sources.discovery import Discovery, Served
from auditor.sources.faults import Fault
from auditor.sources.listing import Refused, Restart, Walk, decode, pages
from auditor.sources.progress import Progress
from auditor.sources.reader import Reader
from auditor.sources.transport import PARTIAL_LIST

_ROUNDS = 5
_RESTARTS = 3
_NAMED = "owners of this kind are named by reference"


class Owners(Struct, frozen=True):
    """What the search for owners needs of a scan."""

    reader: Reader
    discovery: Discovery
    inventory: Inventory
    progress: Progress
    page_size: int
    everywhere: bool  # or only in the namespaces where they are wanted

    def follow(self, threads: int) -> None:
        """Asks for owners, then for their owners, until nobody new is named. Each owner is looked for once."""
        asked: set[WantedOwner] = set()
        for _ in range(_ROUNDS):
            kinds: dict[tuple[str, str], list[WantedOwner]] = {}
            for wanted in self.inventory.wanted_owners():
                if wanted not in asked:
                    kinds.setdefault((wanted.api_version, wanted.kind), []).append(wanted)
                    asked.add(wanted)
            if not kinds:
                return
            workers.run([self._task(key, kinds[key]) for key in sorted(kinds)], threads, self.reader.stop)

    def _task(self, key: tuple[str, str], wanted: Sequence[WantedOwner]) -> Callable[[], None]:
        return lambda: self._look_up(*key, wanted)

    def _look_up(self, api_version: str, kind: str, wanted: Sequence[WantedOwner]) -> None:
        served = self.discovery.find(api_version, kind)
        if not isinstance(served, Served):
            group = api_version.rpartition("/")[0]
            name = kind.lower() + (f".{group}" if group else "")
            state: State = "failed" if served is None else "absent"
            reason = "discovery does not say how it is listed" if served is None else "the cluster does not serve it"
            self.inventory.cover(name, state, detail=f"{reason}; {_NAMED}")
            return
        scopes = sorted({owner.namespace for owner in wanted}) if served.namespaced and not self.everywhere else [""]
        for namespace in scopes:
            here = {owner.uid: owner for owner in wanted if not namespace or owner.namespace == namespace}
            self._list(served, namespace, here)

    def _list(self, served: Served, namespace: str, wanted: dict[str, WantedOwner]) -> None:
        """Matches by uid, since names are used again. Stops when all are found."""
        resource = served.as_resource()
        name = served.plural + (f".{served.group}" if served.group else "")
        try:
            self._match(resource, name, namespace, wanted)
        except Refused as refused:
            state: State = {403: "forbidden", 404: "absent"}.get(refused.status, "failed")  # type: ignore[assignment]
            reason = refused.reason or f"it answered {refused.status}"
            self.inventory.cover(name, state, namespace=namespace, detail=f"{reason}; {_NAMED}")
        except Fault as fault:
            self.inventory.cover(name, "failed", namespace=namespace, detail=f"{fault.reason}; {_NAMED}")

    def _match(self, resource: wire.Resource, name: str, namespace: str, wanted: dict[str, WantedOwner]) -> None:
        left = dict(wanted)
        for _ in range(_RESTARTS + 1):
            walk = Walk(self.reader, resource.path(namespace), limit=self.page_size, accept=PARTIAL_LIST)
            try:
                for page in pages(walk):
                    items, _, _ = decode(wire.Partial, page, walk)
                    self.progress.advance(name, len(items))
                    for item in items:
                        owner = left.pop((item.metadata and item.metadata.uid) or "", None)
                        if owner is not None and item.metadata is not None:
                            self.inventory.add_owner(owner, item.metadata)
                    if not left:
                        return
            except Restart:
                continue
            return
        raise Fault("server", f"the list expired before its end ({_RESTARTS + 1} tries)")
