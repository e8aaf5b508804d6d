"""Objects that ValidatingAdmissionPolicies take their parameters from: one by name, or a bounded list by selector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from auditor import wire
from auditor.listed import Listing
from auditor.model import State
from auditor.parameters import BINDINGS, POLICIES, SECRET, ParameterRef, parameter_refs, unserved
from auditor.sources import workers
from auditor.sources.discovery import Discovery, Served
from auditor.sources.faults import Fault
from auditor.sources.listing import Refused, Restart, Walk, decode, pages
from auditor.sources.lists import NOT_SERVED, Lists, Outcome
from auditor.sources.reader import HURRIED, not_found

_MOST_REFS = 200
_MOST_OBJECTS = 1000
_RESTARTS = 3
_UNNAMED = "the policies and bindings that name them were not all read"
_NAME = wire.PARAMETERS.coverage


def look_up(lists: Lists, outcomes: Sequence[Outcome], threads: int) -> None:
    """Reads what the policies and bindings refer to that were read; notes why not, where they were not.

    Everything stands in coverage as one resource, since nobody knows beforehand of which kinds it is.
    """
    inventory = lists.inventory
    states = {outcome.resource.name: outcome.state for outcome in outcomes}
    for name in (POLICIES, BINDINGS):
        state = states.get(name, "excluded")
        if state != "read":
            inventory.cover(_NAME, state, detail=NOT_SERVED if state == "absent" else _UNNAMED)
    refs = parameter_refs(inventory.policies(POLICIES, BINDINGS))
    if len(refs) > _MOST_REFS:
        inventory.cover(_NAME, "failed", detail=f"{len(refs) - _MOST_REFS} of {len(refs)} references not followed")
    if not refs and states.get(POLICIES) == states.get(BINDINGS) == "read":
        inventory.end(inventory.begin(wire.PARAMETERS))
    tasks = [_task(lists, ref) for ref in refs[:_MOST_REFS]]
    workers.run([task for task in tasks if task], threads, lists.reader.stop)


def _task(lists: Lists, ref: ParameterRef) -> Callable[[], None] | None:
    if (ref.api_version, ref.kind) == SECRET:
        lists.inventory.cover(_NAME, "excluded", detail="Secrets are not read as parameters")
        return None
    return partial(_Reading(lists, ref).run)


class _Reading(Struct, frozen=True):
    """One reference and the way to it."""

    lists: Lists
    ref: ParameterRef

    def run(self) -> None:
        served = _served(self.lists.discovery, self.ref)
        if served is None:
            self._nothing("failed", "discovery does not say how it is listed")
        elif not isinstance(served, Served):
            self.lists.inventory.cover(_NAME, "absent", detail=unserved(self.ref.api_version, self.ref.kind))
        else:
            self._read(served)

    def _read(self, served: Served) -> None:
        inventory, ref = self.lists.inventory, self.ref
        namespace = ref.namespace if served.namespaced else ""
        path = served.as_resource().path(quote(namespace, safe=""))
        try:
            if ref.name and (namespace or not served.namespaced):
                listing, reason = self._one(f"{path}/{quote(ref.name, safe='')}")
            else:
                listing, reason = self._several(path)
        except Refused as refused:
            state: State = "forbidden" if refused.status == 403 else "failed"
            self._nothing(state, refused.reason or f"it answered {refused.status}")
            return
        except Fault as fault:
            self._nothing("failed", fault.reason)
            return
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._nothing("failed", "it cannot be read")
            return
        if reason:
            inventory.end(listing, state="failed", detail=self._about(reason), complete=False)
        else:
            inventory.end(listing)

    def _one(self, path: str) -> tuple[Listing, str]:
        listing = self.lists.inventory.begin(wire.PARAMETERS)
        answer = self.lists.reader.get(path, patience=HURRIED)
        if answer.status == 200:
            self._add(listing, Raw(answer.body))
        elif not not_found(answer):
            raise Refused(answer)
        return listing, ""

    def _several(self, path: str) -> tuple[Listing, str]:
        """By label selector, or by name in every namespace. What a name leads to in a namespace that nobody asked for
        is read all the same: the policy judges by it there."""
        fields = f"metadata.name={self.ref.name}" if self.ref.name else ""
        for _ in range(_RESTARTS + 1):
            listing = self.lists.inventory.begin(wire.PARAMETERS)
            walk = Walk(self.lists.reader, path, selector=fields, labels=self.ref.selector, limit=self.lists.page_size)
            try:
                for page in pages(walk):
                    items, _, _ = decode(Raw, page, walk)
                    room = _MOST_OBJECTS - listing.count
                    for item in items[:room]:
                        self._add(listing, item)
                    self.lists.progress.advance(_NAME, len(items))
                    if len(items) > room:
                        return listing, f"only {_MOST_OBJECTS:,} of them were read"
            except Restart:
                continue
            return listing, ""
        raise Fault("server", f"the list expired before its end ({_RESTARTS + 1} tries)")

    def _add(self, listing: Listing, body: Raw) -> None:
        """Items of built-in kinds carry neither kind nor apiVersion."""
        item = wire.decode_parameter(body)
        item.kind, item.api_version = self.ref.kind, self.ref.api_version
        listing.add([item])

    def _nothing(self, state: State, reason: str) -> None:
        self.lists.inventory.cover(_NAME, state, detail=self._about(reason))

    def _about(self, reason: str) -> str:
        return f"{self.ref.api_version} {self.ref.kind}: {reason}"


def _served(discovery: Discovery, ref: ParameterRef) -> Served | bool | None:
    """The kind in the very version that the policy names: the API server takes no other for it."""
    found = discovery.find(ref.api_version, ref.kind)
    if isinstance(found, Served) and found.version != ref.api_version.rpartition("/")[2]:
        return False
    return found
