"""What Kyverno's policies have in common before its webhooks come into it: where they apply, and whether they block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from auditor.check import About
from auditor.enforcement.chain import Fact, Flaw, Goal, Link, State
from auditor.enforcement.fields import condition, mapping, strings
from auditor.enforcement.readings import Reading
from auditor.model import PolicyObject
from auditor.report import Subject

_MOST_NAMES = 3


class Draft(Struct, frozen=True):
    """A policy about images with its own links. `webhooks` are globs of the names of the webhooks that carry it: of
    each group the first that there is."""

    object: PolicyObject
    goals: frozenset[Goal]
    by_namespace: Mapping[str, tuple[Link, ...]]
    links: tuple[Link, ...] = ()
    facts: tuple[Fact, ...] = ()
    allowed: tuple[str, ...] | None = None
    webhooks: tuple[tuple[str, ...], ...] = ()

    @property
    def about(self) -> About:
        return About(self.object.namespace or None, Subject(self.object.kind, self.object.name))


class Stage(Struct, frozen=True):
    """A policy's readings in one namespace: with its rules as they match there, and as they block there."""

    matched: Reading
    blocking: Reading
    anything: bool = True


def staged(base: Reading, goal: Goal, stage: Stage) -> tuple[Link, ...]:
    """The links of a goal in a namespace: what the policy makes of images, whether it is for the namespace, and whether
    it blocks there."""
    state, detail = base.goals[goal]
    matched, blocking = (found.goals.get(goal, ("broken", ""))[0] for found in (stage.matched, stage.blocking))
    match = _kept(state, matched) if stage.anything else "broken"
    action = _kept(matched, blocking) if stage.anything else "holds"
    if state != "holds" and goal in stage.matched.goals:
        # What could not be said of everywhere may be said of one namespace.
        (state, detail), match = stage.matched.goals[goal], "holds"
    return (
        Link("match", match, _MATCH[match]),
        Link("action", action, _ACTION[action]),
        Link("images", state, detail),
        *base.places,
    )


def _kept(before: State, after: State) -> State:
    if after in ("holds", before):
        return "holds"
    return "unknown" if after == "unknown" else "broken"


_MATCH = {
    "holds": "its rules are for pods there",
    "broken": "its rules leave pods there out",
    "unknown": "whether its rules are for pods there cannot be decided",
}
_ACTION = {
    "holds": "a failure blocks",
    "broken": "a failure is only reported: the action is Audit",
    "unknown": "whether a failure blocks cannot be decided",
}


def alike(
    base: Reading, names: Iterable[str], stage: Callable[[str], Stage]
) -> Iterator[tuple[frozenset[Goal], dict[str, tuple[Link, ...]]]]:
    """Goals with their links by namespace; goals that fare alike everywhere go together."""
    known = list(names)
    stages = {name: stage(name) for name in known}
    cache: dict[tuple[Goal, int], tuple[Link, ...]] = {}
    grouped: dict[tuple[tuple[str, State], ...], tuple[set[Goal], dict[str, tuple[Link, ...]]]] = {}
    for goal in sorted(base.goals):
        links: dict[str, tuple[Link, ...]] = {}
        for name in known:
            key = (goal, id(stages[name]))
            if key not in cache:
                cache[key] = staged(base, goal, stages[name])
            links[name] = cache[key]
        states = tuple((name, link.state) for name in known for link in links[name])
        grouped.setdefault(states, (set(), links))[0].add(goal)
    yield from ((frozenset(goals), links) for goals, links in grouped.values())


def lenient(by_namespace: Mapping[str, tuple[Link, ...]]) -> Iterator[Fact]:
    """The fact that a policy does not block in some namespaces, or in none."""
    names = [name for name, links in by_namespace.items() if _state(links, "action") == "broken"]
    if names and all(_state(links, "match") != "broken" for links in (by_namespace[name] for name in names)):
        told = ", ".join(names[:_MOST_NAMES]) + (
            f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        )
        where = "anywhere" if len(names) == len(by_namespace) else f"in {told}"
        yield Fact(Flaw.NON_BLOCKING, f"it does not block {where}: failures are only reported.", part="action")


def doubted(reading: Reading) -> Reading:
    """A reading that may not hold: the policy may not be for these pods."""
    goals: dict[Goal, tuple[State, str]] = {
        goal: ("unknown" if state == "holds" else state, said) for goal, (state, said) in reading.goals.items()
    }
    return Reading(goals)


def _state(links: Iterable[Link], name: str) -> State | None:
    return next((link.state for link in links if link.name == name), None)


def ready(found: PolicyObject) -> tuple[Link, tuple[Fact, ...]]:
    """Whether Kyverno says that it has taken the policy in: the condition Ready, or in the newer kinds
    status.conditionStatus.ready."""
    said = condition(found.status, "Ready")
    newer = mapping(found.status.get("conditionStatus")).get("ready", found.status.get("ready"))
    if said == "True" or (not said and newer is True):
        return Link("ready", "holds", "Kyverno says that it is ready"), ()
    if said == "False" or (not said and newer is False):
        detail = "Kyverno says that the policy is not ready"
        return Link("ready", "broken", detail), (Fact(Flaw.BROKEN, f"{detail}.", part="ready"),)
    if not found.status and found.generation is None:
        return Link("ready", "holds", "the manifest has no status"), ()
    return Link("ready", "unknown", "Kyverno has not said whether the policy is ready"), ()


def hints(words: Iterable[object]) -> list[str]:
    """The texts of a policy that may stand for images."""
    return [word for one in words for word in strings(one) if set("./:*") & set(word) and len(word) < 300]


def generated(found: PolicyObject) -> bool:
    """Whether Kyverno has made a ValidatingAdmissionPolicy of it, which then does the work."""
    old, new = found.status.get("validatingadmissionpolicy"), found.status.get("generated")
    return mapping(old).get("generated") is True or new is True
