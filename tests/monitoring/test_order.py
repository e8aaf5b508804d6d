"""In what order macros, lists and files see one another, and what another ConfigMap may change."""

from __future__ import annotations

import json
import sys
from types import FrameType
from typing import Any

import pytest

from auditor import wire
from auditor.configmaps import rules_in
from auditor.monitoring.engine import Engine
from auditor.watcher_loading import FalcoFiles
from auditor.watchers import FalcoRules
from tests.monitoring.judging import faults, kinds, rule

FOREIGN = "- macro: foreign\n  condition: (container and not approved)\n"
APPROVED = "- macro: approved\n  condition: (container.image.repository startswith registry.example/)\n"
USE = rule("spawned_process and foreign")


def test_a_macro_sees_those_before_it_and_a_rule_all_of_its_file() -> None:
    assert kinds(APPROVED + FOREIGN + USE) == []
    assert kinds(USE + APPROVED + FOREIGN) == []
    assert kinds(FOREIGN + APPROVED + USE) == ["refused"]
    redefined = "- macro: foreign\n  condition: (container and not approved)\n"
    assert kinds(FOREIGN + APPROVED + redefined + USE) == []  # its last definition comes after
    appended = "- macro: foreign\n  condition: and proc.name != a\n  append: true\n"
    assert kinds(FOREIGN + APPROVED + appended + USE) == []


def test_a_file_sees_those_before_it() -> None:
    ordered = Engine(ordered=True)
    assert kinds(APPROVED, FOREIGN, USE, engine=ordered) == []
    assert kinds(USE, APPROVED + FOREIGN, engine=ordered) == ["refused"]
    assert kinds(USE, APPROVED + FOREIGN) == ["doubt"]
    later = "- rule: R\n  condition: and foreign\n  override: {condition: append}\n"
    assert kinds(rule("spawned_process"), APPROVED + FOREIGN, later, engine=ordered) == []
    assert kinds(rule("spawned_process"), later, APPROVED + FOREIGN, engine=ordered) == ["refused"]


def test_a_file_is_compiled_before_the_next_is_read() -> None:
    mends = "- rule: R\n  condition: spawned_process\n  override: {condition: replace}\n"
    broken = rule("spawned_process and proc.nam = a")
    assert kinds(broken + mends) == []
    assert kinds(broken, mends, engine=Engine(ordered=True)) == ["refused"]
    assert kinds(broken, mends) == ["doubt"]
    assert kinds(rule("spawned_process and container"), mends) == []


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["/etc/falco/falco_rules.yaml", "/etc/falco/rules.d"], ["refused"]),
        (["/etc/falco/b.yaml", "/etc/falco/a.yaml"], []),
        (["/etc/falco/rules.d", "/etc/falco/b.yaml"], ["refused"]),
        (["/etc/falco/b.yaml", "/etc/falco/rules.d"], []),
        (["/etc/falco/x.d", "/etc/falco/a.yaml", "/etc/falco/rules.d"], ["doubt"]),
        ([], ["doubt"]),
    ],
)
def test_the_order_that_falco_is_told(paths: list[str], expected: list[str]) -> None:
    data = {"a.yaml": USE, "b.yaml": APPROVED + FOREIGN, "falco.yaml": f"rules_files: {json.dumps(paths)}\n"}
    found = rules_in(wire.ConfigMap(wire.Metadata(name="c", namespace="falco"), data))
    assert found is not None
    files = FalcoFiles([found], listed=False)
    assert [fault.kind for _, fault in files.rules(FalcoRules(found)).faults()] == expected


EXACT = "spawned_process and container.image.repository in (known)"


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ("- list: known\n  items: [a.example/b]\n", []),
        ("- list: known\n  items: [a.example]\n", ["unequal"]),
        ("- list: inner\n  items: [a.example]\n- list: known\n  items: [inner]\n", ["unequal"]),
        ("- list: known\n  items: [inner]\n- list: inner\n  items: [a.example]\n", ["unequal"]),
        ("- list: known\n  items: ['\"a.example\"']\n", ["unequal"]),
        # Opened one level deep, and further only where the inner one comes later.
        (
            "- list: in_1\n  items: [a.example]\n- list: in_2\n  items: [in_1]\n- list: known\n  items: [in_2]\n",
            ["doubt"],
        ),
        ("- list: known\n  items: [in_2]\n- list: in_2\n  items: [in_1]\n- list: in_1\n  items: [a.b]\n", ["unequal"]),
        ("- list: known\n  items: [known]\n", ["doubt"]),
        ("- list: known\n  items: [trusted_images]\n- list: trusted_images\n  items: [a.example]\n", ["unequal"]),
    ],
)
def test_lists_in_lists(lists: str, expected: list[str]) -> None:
    assert kinds(lists + rule(EXACT)) == expected
    assert kinds(rule(EXACT) + lists) == expected  # lists may come later


def test_words_in_quotes_are_no_lists() -> None:
    known = "- list: known\n  items: [a.example]\n"
    assert kinds(known + rule("""'spawned_process and container.image.repository in ("known")'""")) == []


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("proc.name in shells", ["refused"]),
        ("proc.name = shells", ["refused"]),
        ("proc.name = one", []),
        ("proc.name in (shells, one)", []),
        ("not shells", ["refused"]),
        ("proc.name = shell_binaries", []),  # a stock list, whose items were not read
    ],
)
def test_lists_are_put_into_the_text(condition: str, expected: list[str]) -> None:
    lists = "- list: shells\n  items: [sh, bash]\n- list: one\n  items: [sh]\n"
    assert kinds(lists + rule(f"spawned_process and {condition}")) == expected


def test_what_was_not_read_as_a_whole_decides_nothing() -> None:
    never = "spawned_process and proc.name in (shell_binaries) and proc.name in (fish)"
    assert kinds(rule(never)) == []
    assert kinds("- list: shell_binaries\n  items: [zsh]\n  append: true\n" + rule(never)) == []
    assert kinds("- list: shell_binaries\n  items: [zsh]\n" + rule(never)) == ["never"]


def test_another_configmap_with_the_same_name_leaves_it_open() -> None:
    never = rule("spawned_process and proc.name = a and ours")
    ours = "- macro: ours\n  condition: (proc.name = b)\n"
    assert kinds(ours + never) == ["never"]
    assert kinds(never, beside={"x": ours}) == ["never"]
    assert kinds(ours + never, beside={"x": ours}) == []
    assert kinds(never, beside={"x": ours, "y": "- macro: ours\n  condition: (proc.name = a)\n"}) == []
    assert kinds(never, beside={"own": ours}, engine=Engine(all_files=True)) == ["refused"]  # not beside itself
    known = "- list: known\n  items: [b]\n"
    listed = rule("spawned_process and proc.name = a and proc.name in (known)")
    assert kinds(known + listed) == ["never"]
    assert kinds(known + listed, beside={"x": known}) == []


def test_changes_of_what_another_configmap_has() -> None:
    base = "- macro: ours\n  condition: (proc.name = b)\n"
    more = "- macro: ours\n  condition: or proc.name = c\n  append: true\n"
    assert kinds(more + rule("spawned_process and proc.name = a and ours"), beside={"x": base}) == ["never"]
    assert kinds(more + rule("spawned_process and proc.name = c and ours"), beside={"x": base}) == []
    assert kinds(more + rule("spawned_process and ours and proc.nam = a"), beside={"x": base}) == ["refused"]
    assert kinds(more) == ["doubt"]
    assert kinds("- macro: spawned_process\n  condition: and proc.name = c\n  append: true\n") == []


def test_a_rule_is_defined_again_with_another_source() -> None:
    again = rule("kevt", "  source: k8s_audit\n")
    assert [kind for name, kind, _ in faults(rule("spawned_process") + again)] == ["refused"]
    assert kinds(rule("spawned_process") + rule("spawned_process and container")) == []


def work(configmaps: int) -> int:
    """How many functions are called to judge so many ConfigMaps of one namespace."""
    found = []
    for index in range(configmaps):
        text = f"- macro: approved\n  condition: (proc.name = a{index})\n- macro: m{index}\n  condition: (approved)\n"
        text += rule(f"spawned_process and m{index} and approved and proc.name in (l{index})", name=f"R{index}")
        text += f"- list: l{index}\n  items: [a, b]\n"
        kept = rules_in(wire.ConfigMap(wire.Metadata(name=f"c{index}", namespace="falco"), {"r.yaml": text}))
        assert kept is not None
        found.append(kept)
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    files = FalcoFiles(found, listed=True)
    sys.setprofile(count)
    try:
        assert sum(len(list(files.rules(FalcoRules(kept)).faults())) for kept in found) == 0
    finally:
        sys.setprofile(None)
    return calls


def test_a_namespace_costs_what_its_configmaps_cost() -> None:
    work(2)
    assert work(200) < 4.5 * work(50)
