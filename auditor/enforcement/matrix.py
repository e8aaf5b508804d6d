"""The matrix: for each namespace and goal what enforces it, out of all mechanisms, and which could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import Protocol

import msgspec
from msgspec import Struct

from auditor.enforcement.chain import Answer, Goal, ImagePolicy, Link, answer
from auditor.enforcement.world import Unread, World


class Mechanism(Protocol):
    """A module of this package that reads one mechanism; RESOURCES are the names in coverage that it needs."""

    @property
    def RESOURCES(self) -> tuple[str, ...]: ...

    @property
    def __name__(self) -> str: ...

    def image_policies(self, world: World) -> Iterator[ImagePolicy]: ...


Attempt = Callable[[Callable[[], object]], Exception | None]
"""Makes a call and hands back what it raised, if it takes that upon itself."""


def attempt_to_read(call: Callable[[], object]) -> Unread | None:
    """Hands back that something was not read; whatever else is raised goes on its way."""
    try:
        call()
    except Unread as gap:
        return gap
    return None


class Unreadable(Struct, frozen=True):
    """A mechanism that may enforce more than is known: a resource of its own was not read (with the state and detail of
    coverage), or reading it broke (`state` is error, `detail` the kind of error, `resource` the mechanism again)."""

    mechanism: str
    resource: str
    state: str
    detail: str = ""


class Enforcement(Struct, frozen=True, dict=True):
    """`answers` are by namespace, then goal; `policies` all that say something about images."""

    answers: tuple[Answer, ...] = ()
    policies: tuple[ImagePolicy, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    @cached_property
    def _by_place(self) -> dict[tuple[str, Goal], Answer]:
        return {(found.namespace, found.goal): found for found in self.answers}

    def answer(self, namespace: str, goal: Goal) -> Answer:
        """The answer for a namespace; for one that is not known, that nothing enforces the goal there."""
        return self._by_place.get((namespace, goal)) or Answer(namespace, goal, "not-enforced")

    def enforced(self, goal: Goal) -> tuple[str, ...]:
        """The namespaces in which the goal is enforced."""
        return tuple(found.namespace for found in self.answers if found.goal == goal and found.verdict == "enforced")


def enforcement(world: World, mechanisms: Iterable[Mechanism], attempt: Attempt = attempt_to_read) -> Enforcement:
    """What all mechanisms together come to. One whose objects were not read is named, and what it told before counts:
    what is seen to be enforced stays so. One that raises anything else is named alike, if `attempt` hands that back."""
    policies: list[ImagePolicy] = []
    unreadable: list[Unreadable] = []
    for mechanism in mechanisms:
        raised = attempt(partial(_read, mechanism, world, policies))
        if raised is not None:
            unreadable.append(_unreadable(mechanism.__name__.rpartition(".")[2], raised))
    answers = _answers(policies, [namespace.name for namespace in world.namespaces])
    return Enforcement(tuple(answers), tuple(policies), tuple(unreadable))


def _read(mechanism: Mechanism, world: World, policies: list[ImagePolicy]) -> None:
    """What is told before something is raised counts: extending a list adds one by one."""
    policies.extend(mechanism.image_policies(world))


def _unreadable(name: str, raised: Exception) -> Unreadable:
    if isinstance(raised, Unread):
        return Unreadable(name, raised.resource, raised.state, raised.detail)
    return Unreadable(name, name, "error", type(raised).__name__)


def _answers(policies: list[ImagePolicy], namespaces: list[str]) -> Iterator[Answer]:
    """Namespaces in which every policy has the same links get the same answer, found once."""
    known: dict[tuple[int, ...], dict[Goal, Answer]] = {}
    numbers: dict[tuple[Link, ...], int] = {}
    by_identity: dict[int, int] = {}
    for namespace in namespaces:
        kind = []
        for policy in policies:
            links = policy.by_namespace.get(namespace, ())
            # Most chains are one object for many namespaces: its identity spares hashing it.
            number = by_identity.get(id(links))
            if number is None:
                number = by_identity[id(links)] = numbers.setdefault(links, len(numbers))
            kind.append(number)
        key = tuple(kind)
        if key not in known:
            known[key] = {goal: answer(policies, namespace, goal) for goal in Goal}
        for found in known[key].values():
            yield found if found.namespace == namespace else msgspec.structs.replace(found, namespace=namespace)
