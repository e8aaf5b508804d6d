from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from auditor.check import About
from auditor.coverage import Unread
from auditor.enforcement import admission_policy
from auditor.enforcement.chain import Goal, ImagePolicy, Link, verdict
from auditor.enforcement.matrix import Mechanism, Unreadable, enforcement
from auditor.enforcement.world import World
from auditor.report import Subject
from tests.enforcement.admission_worlds import (
    CONFIGMAP,
    DIGESTS,
    EVERYWHERE,
    PARAM,
    Object,
    binding,
    configmap,
    policy,
    world,
)

HOLDS = (Link("all", "holds"),)
BROKEN = (Link("one", "broken", "it is off"),)
UNKNOWN = (Link("one", "unknown"),)


class Told:
    """A mechanism that says what it is told to say, then perhaps that it could not read on."""

    RESOURCES = ("things.example",)
    __name__ = "auditor.enforcement.told"

    def __init__(self, *policies: ImagePolicy, gap: Exception | None = None) -> None:
        self.policies = policies
        self.gap = gap

    def image_policies(self, world: World) -> Iterator[ImagePolicy]:
        yield from self.policies
        if self.gap:
            raise self.gap


def says(name: str, **by_namespace: tuple[Link, ...]) -> ImagePolicy:
    return ImagePolicy("Told", About(None, Subject("Told", name)), frozenset({Goal.REGISTRIES}), (), by_namespace)


def test_the_strongest_policy_answers_in_each_namespace() -> None:
    one = says("one", prod=HOLDS, dev=BROKEN, test=UNKNOWN)
    other = says("other", prod=BROKEN, dev=UNKNOWN, test=BROKEN)
    names: dict[str, dict[str, str]] = {"prod": {}, "dev": {}, "test": {}}
    found = enforcement(world([], names), [Told(one), Told(other)])
    answers = {name: found.answer(name, Goal.REGISTRIES) for name in names}
    assert {name: answer.verdict for name, answer in answers.items()} == {
        "prod": "enforced",
        "dev": "unknown",
        "test": "unknown",
    }
    assert {name: answer.policy for name, answer in answers.items()} == {"prod": one, "dev": other, "test": one}
    assert all(answer.namespace == name for name, answer in answers.items())
    assert found.enforced(Goal.REGISTRIES) == ("prod",)
    assert found.policies == (one, other)
    assert len(found.answers) == len(names) * len(Goal)


def test_nothing_enforces_what_no_policy_serves() -> None:
    found = enforcement(world([]), [Told(says("one", prod=HOLDS))])
    assert found.answer("prod", Goal.SIGNATURES).verdict == "not-enforced"
    assert found.answer("nowhere", Goal.REGISTRIES).verdict == "not-enforced"
    assert enforcement(world([]), []).answer("prod", Goal.REGISTRIES).policy is None


def test_a_mechanism_that_was_not_read_is_named_and_what_it_told_counts() -> None:
    gap = Unread("things.example", None, "forbidden", "no right")
    found = enforcement(world([]), [Told(says("one", prod=HOLDS, dev=BROKEN), gap=gap)])
    assert found.unreadable == (Unreadable("told", "things.example", "forbidden", "no right"),)
    assert found.answer("prod", Goal.REGISTRIES).verdict == "enforced"
    assert found.answer("dev", Goal.REGISTRIES).verdict == "not-enforced"


def swallow(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except LookupError as error:
        return error
    return None


def test_a_mechanism_that_breaks_hides_no_other() -> None:
    broken = Told(says("one", prod=HOLDS), gap=KeyError("hunter2-secret"))
    found = enforcement(world([]), [broken, Told(says("other", dev=HOLDS))], swallow)
    assert found.unreadable == (Unreadable("told", "told", "error", "KeyError"),)
    assert found.enforced(Goal.REGISTRIES) == ("dev", "prod")


def test_a_fault_goes_on_its_way_where_nobody_takes_it() -> None:
    with pytest.raises(KeyError):
        enforcement(world([]), [Told(gap=KeyError("x"))])


def test_a_policy_without_a_link_enforces_nothing_and_is_the_last_to_be_named() -> None:
    assert verdict(()) == "not-enforced"
    assert verdict((Link("UPDATE", "holds", essential=False),)) == "not-enforced"
    silent, broken = says("silent"), says("broken", prod=(*BROKEN, *BROKEN))
    found = enforcement(world([]), [Told(silent, broken)])
    assert found.answer("prod", Goal.REGISTRIES).policy is broken
    alone = found.answer("dev", Goal.REGISTRIES)
    assert (alone.policy, alone.verdict) == (silent, "not-enforced")
    assert alone.weakest is not None
    assert alone.weakest.state == "broken"


def test_a_module_is_a_mechanism() -> None:
    mechanisms: list[Mechanism] = [admission_policy]
    found = enforcement(world([policy(), binding()]), mechanisms)
    assert found.enforced(Goal.REGISTRIES) == ("dev", "prod")
    hidden = enforcement(world([policy(), binding()], unread=[admission_policy.BINDINGS]), mechanisms)
    assert [gap.mechanism for gap in hidden.unreadable] == ["admission_policy"]
    assert not hidden.enforced(Goal.REGISTRIES)


def test_five_hundred_namespaces_and_sixty_policies() -> None:
    """A tenth of the policies reads the namespace's labels, a tenth has params in each namespace."""
    names = {f"n{number}": {"team": f"t{number % 20}"} for number in range(500)}
    objects: list[Object] = [configmap(name, {"prefix": "registry.example/"}) for name in list(names)[::2]]
    for number in range(60):
        expression = DIGESTS if number % 2 else EVERYWHERE
        spec = {}
        if number % 10 == 0:
            expression = f"namespaceObject.metadata.labels.team == 't1' || {EVERYWHERE}"
        if number % 10 == 1:
            expression, spec = PARAM, {"paramKind": CONFIGMAP}
        selector = {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": [f"t{number % 7}"]}]}
        made = policy(expression, matching={"namespaceSelector": selector}, **spec)
        bound = binding(paramRef={"name": "allowed", "parameterNotFoundAction": "Allow"}, policyName=f"p{number}")
        made["metadata"]["name"], bound["metadata"]["name"] = f"p{number}", f"b{number}"
        objects += [made, bound]
    found = world(objects, names)
    started = time.process_time()
    matrix = enforcement(found, [admission_policy])
    # Two seconds are allowed on an idle machine; it takes a fraction of one.
    assert time.process_time() - started < 4
    assert len(matrix.answers) == 500 * len(Goal)
    assert len(matrix.enforced(Goal.DIGESTS)) == 500
