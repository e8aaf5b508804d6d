"""Predictions: what the links of every mechanism let one expect of an image in each place."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from auditor.check import About
from auditor.enforcement import connaisseur, image_policy_webhook, kubewarden, openshift, policy_controller, readings
from auditor.enforcement.admission_places import PLACES
from auditor.enforcement.chain import Answer, Goal, ImagePolicy, Link, State
from auditor.enforcement.matrix import Enforcement, Unreadable
from auditor.prediction import predict
from auditor.probe import Place, Probe
from auditor.proof import Outcome
from auditor.report import Subject

DIGEST = "sha256:" + "b" * 64
REGISTRIES = frozenset({Goal.REGISTRIES})
ABOUT = About(None, Subject("Policy", "p"))


def link(name: str, state: State = "holds") -> Link:
    return Link(name, state, essential=False)


def policy(*links: Link, goals: Iterable[Goal] = REGISTRIES, allowed: tuple[str, ...] | None = None) -> ImagePolicy:
    chain = (Link("binding", "holds"), *links)
    return ImagePolicy("x", ABOUT, frozenset(goals), by_namespace={"shop": chain}, allowed=allowed)


def seen(*policies: ImagePolicy, unreadable: bool = False) -> Enforcement:
    gaps = (Unreadable("kyverno", "clusterpolicies.kyverno.io", "forbidden"),) if unreadable else ()
    return Enforcement((Answer("shop", Goal.REGISTRIES, "unknown"),), policies, gaps)


def forbidden(found: Enforcement, place: Place = "container", namespace: str = "shop") -> Outcome | None:
    return predict(found, Probe(namespace, place, f"auditor-probe.invalid/x@{DIGEST}", True))


def allowed(found: Enforcement, image: str = "registry.example/team/app") -> Outcome | None:
    return predict(found, Probe("shop", "container", f"{image}@{DIGEST}", False))


NAMES: list[tuple[Place, tuple[str, ...]]] = [
    ("init container", ("init containers",)),
    ("init container", ("reads init containers",)),
    ("image volume", ("image volumes",)),
    ("image volume", ("reads image volumes",)),
    ("update", ("pods updated",)),
    ("update", ("operations",)),
    ("ephemeral container", ("ephemeral containers",)),
    ("ephemeral container", ("webhook", "ephemeral containers", "reads ephemeral containers")),
]


@pytest.mark.parametrize(("place", "names"), NAMES)
def test_a_place_is_denied_admitted_or_open_as_its_last_link(place: Place, names: tuple[str, ...]) -> None:
    first = [link(name) for name in names[:-1]]
    expected: dict[State, Outcome | None] = {"holds": "denied", "broken": "admitted", "unknown": None}
    for state, outcome in expected.items():
        found = seen(policy(*first, link(names[-1], state)))
        assert forbidden(found, place) == outcome, (names, state)
    assert forbidden(seen(policy()), place) is None


def test_the_rules_of_a_webhook_do_not_say_what_its_engine_reads() -> None:
    covered = (link("webhook"), link("ephemeral containers"))
    assert forbidden(seen(policy(*covered)), "ephemeral container") is None
    assert forbidden(seen(policy(link("webhook"), link("ephemeral containers", "broken"))), "ephemeral container") == (
        "admitted"
    )


@pytest.mark.parametrize("name", ["matches updates of pods", "template operations"])
def test_updates_that_are_left_out_are_admitted(name: str) -> None:
    assert forbidden(seen(policy(link("pods updated"), link(name, "broken"))), "update") == "admitted"


def test_one_policy_that_reads_a_place_is_enough() -> None:
    found = seen(policy(link("init containers", "broken")), policy(link("reads init containers")))
    assert forbidden(found, "init container") == "denied"


def test_a_broken_chain_admits_and_an_unknown_one_says_nothing() -> None:
    assert forbidden(seen()) == "admitted"
    assert forbidden(seen(policy(Link("action", "broken")))) == "admitted"
    assert forbidden(seen(policy(Link("action", "unknown")))) is None
    assert forbidden(seen(policy(Link("action", "broken")), policy())) == "denied"


def test_what_was_not_read_may_be_what_denies() -> None:
    assert forbidden(seen(unreadable=True)) is None
    assert forbidden(seen(policy(), unreadable=True)) == "denied"
    assert allowed(seen(unreadable=True)) is None


def test_nothing_is_predicted_of_a_namespace_that_is_not_known() -> None:
    assert forbidden(seen(policy()), namespace="elsewhere") is None


def test_a_policy_without_a_link_in_the_namespace_does_not_apply() -> None:
    empty = ImagePolicy("x", ABOUT, REGISTRIES)
    assert forbidden(seen(empty)) == "admitted"


def test_policies_about_digests_say_nothing_of_images_by_digest() -> None:
    assert forbidden(seen(policy(goals={Goal.DIGESTS}))) == "admitted"
    assert allowed(seen(policy(goals={Goal.DIGESTS}))) == "admitted"


def test_a_policy_about_signatures_may_deny_anything() -> None:
    found = seen(policy(goals={Goal.SIGNATURES}))
    assert forbidden(found) is None
    assert allowed(found) is None


def test_openshift_enforces_at_the_node_so_the_api_admits() -> None:
    found = seen(policy(link("admission", "broken"), link("init containers")))
    assert forbidden(found) == "admitted"
    assert forbidden(found, "init container") == "admitted"
    assert allowed(found) == "admitted"


def test_an_allowed_image_is_admitted_by_lists_that_cover_it() -> None:
    assert allowed(seen(policy(allowed=("registry.example",)))) == "admitted"
    assert allowed(seen(policy(allowed=("other.example",)))) is None
    assert allowed(seen(policy(allowed=None))) is None
    assert allowed(seen(policy(allowed=("registry.example",)), policy(allowed=("other.example",)))) is None
    assert allowed(seen(policy(Link("action", "unknown"), allowed=("registry.example",)))) is None
    assert allowed(seen(policy(Link("action", "broken")))) == "admitted"


def test_the_names_of_places_are_those_that_the_mechanisms_give() -> None:
    """A mechanism that renames its links would silently be left without a prediction."""
    known = {name for _, names in NAMES for name in names}
    assert set(PLACES) <= known
    for module in (connaisseur, image_policy_webhook, kubewarden, openshift, policy_controller, readings):
        constants = {text for text in _texts(module.__file__ or "") if text.endswith((" containers", " volumes"))}
        assert {text for text in constants if text in known}, module.__name__


def _texts(path: str) -> set[str]:
    import ast
    from pathlib import Path

    tree = ast.parse(Path(path).read_text())
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
