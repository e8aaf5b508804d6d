"""What takes part in admission and is in no list known beforehand: constraints, backends, engines' settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial

import msgspec
from msgspec import Struct

from auditor import wire
from auditor.engine_settings import MUTATING, VALIDATING, backend_namespaces, places
from auditor.model import State
from auditor.sources import workers
from auditor.sources.discovery import Served
from auditor.sources.faults import Fault
from auditor.sources.lists import NOT_SERVED, Lists, Outcome
from auditor.sources.reader import HURRIED, message, not_found

BACKENDS = ("services", "endpointslices.discovery.k8s.io")
_MOST_NAMESPACES = 100


class Admission(Struct, frozen=True):
    """What the search needs: the lists of a scan, which resources were asked for, and in which namespaces, if not in
    all."""

    lists: Lists
    resources: Collection[str]
    namespaces: tuple[str, ...] = ()

    def constraints(self) -> list[Callable[[], Outcome]]:
        """A task for every kind of constraint that the cluster serves; notes what it comes to where there is none."""
        if wire.CONSTRAINTS not in self.resources:
            return []
        kinds = self.lists.discovery.group_kinds(wire.CONSTRAINTS)
        if kinds:
            return [partial(self.lists.read, _constraint(kind)) for kind in kinds]
        inventory = self.lists.inventory
        if kinds is None:
            self._unknown(wire.CONSTRAINTS, "discovery does not say which kinds there are")
        elif self.lists.discovery.has(wire.CONSTRAINTS):
            inventory.end(inventory.begin(wire.BY_NAME[wire.CONSTRAINTS]))
        else:
            inventory.cover(wire.CONSTRAINTS, "absent", detail=NOT_SERVED)
        return []

    def follow(self, outcomes: Iterable[Outcome], threads: int) -> None:
        """Reads what the webhook configurations lead to, once these were read; `outcomes` say what became of them."""
        tasks: list[Callable[[], object]] = []
        if self.namespaces:
            tasks += self._backends()
        if wire.SETTINGS.name in self.resources:
            read = any(o.resource.name == MUTATING and o.state in ("read", "absent") for o in outcomes)
            tasks += self._settings(hooks_known=read)
        workers.run(tasks, threads, self.lists.reader.stop)

    def _backends(self) -> Iterator[Callable[[], object]]:
        """The Services that webhooks call, where only some namespaces were asked for."""
        hooks = self.lists.inventory.policies(VALIDATING, MUTATING)
        named = {namespace for found in hooks for namespace in backend_namespaces(found)} - set(self.namespaces)
        for namespace in sorted(named)[:_MOST_NAMESPACES]:
            for name in BACKENDS:
                if name in self.resources:
                    yield partial(self.lists.read, wire.BY_NAME[name], namespace)

    def _settings(self, *, hooks_known: bool) -> Iterator[Callable[[], object]]:
        inventory = self.lists.inventory
        hooks = inventory.policies(VALIDATING, MUTATING)
        for place in places(self.lists.discovery.groups, hooks, hooks_known=hooks_known):
            if not place.namespaces:
                inventory.cover(wire.SETTINGS.name, "absent", namespace=place.usual, detail="its engine is not there")
            for namespace in place.namespaces:
                yield partial(self._read_settings, namespace, place.name)

    def _read_settings(self, namespace: str, name: str) -> None:
        """One ConfigMap by its name: that it is not there is an answer."""
        inventory = self.lists.inventory
        try:
            answer = self.lists.reader.get(f"{wire.SETTINGS.path(namespace)}/{name}", patience=HURRIED)
            listing = inventory.begin(wire.SETTINGS)
            if answer.status == 200:
                listing.add([wire.decode_object(wire.PolicyObject, answer.body)])
            elif not not_found(answer):
                state: State = "forbidden" if answer.status == 403 else "failed"
                reason = message(answer) or f"it answered {answer.status}"
                inventory.cover(wire.SETTINGS.name, state, namespace=namespace, detail=reason)
                return
        except Fault as fault:
            inventory.cover(wire.SETTINGS.name, "failed", namespace=namespace, detail=fault.reason)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            inventory.cover(wire.SETTINGS.name, "failed", namespace=namespace, detail=f"{name} cannot be read")
        else:
            inventory.end(listing, namespace=namespace)

    def _unknown(self, resource: str, detail: str) -> None:
        state: State = "forbidden" if self.lists.discovery.forbidden else "failed"
        self.lists.inventory.cover(resource, state, detail=detail)


def _constraint(kind: Served) -> wire.Resource:
    """The list of one kind of constraint, all of which coverage calls by their group."""
    name = f"{kind.plural}.{kind.group}"
    return wire.Resource(
        name, kind.kind, wire.PolicyObject, kind.group, kind.version, kind.namespaced, covered_as=wire.CONSTRAINTS
    )
