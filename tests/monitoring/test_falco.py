"""What Falco makes of rules: each fault for its true reason, and none where there is none."""

from __future__ import annotations

import textwrap
import tracemalloc

import pytest

from auditor import wire
from auditor.configmaps import MAX_VALUE, rules_in
from auditor.inventory import Inventory
from auditor.model import Snapshot
from auditor.monitoring.engine import Engine
from auditor.monitoring.facts import FalcoItem, RuleConfigMap
from auditor.monitoring.falco import RuleSet
from auditor.packs import load_packs
from tests.auditing import FIXTURES, read


def items(text: str) -> tuple[FalcoItem, ...]:
    found = rules_in(wire.ConfigMap(wire.Metadata(name="rules", namespace="falco"), {"rules.yaml": text}))
    assert found is not None
    return tuple(item for key in found.keys for item in key.falco)


def rule(condition: str, output: str = "x", **more: str) -> str:
    lines = [f"- rule: R\n  desc: d\n  condition: {condition}\n  output: {output}\n  priority: ERROR\n"]
    return "".join([*lines, *(f"  {key.replace('_', '-')}: {value}\n" for key, value in more.items())])


def kinds(text: str, engine: Engine | None = None) -> list[str]:
    return [fault.kind for _, fault in RuleSet([items(text)], engine).faults()]


AUDIT = {"source": "k8s_audit"}


@pytest.mark.parametrize(
    ("condition", "more", "expected"),
    [
        ("spawned_process and container", {}, []),
        ("evt.type=execve and proc.env[HOME] = x", {}, []),
        ("evt.type in (execve, execveat) and evt.arg.filename startswith /tmp", {}, []),
        ("not evt.type=execve and container", {}, ["every-event"]),
        ("evt.type=execve or container", {}, ["every-event"]),
        ("(evt.type=open or evt.type=openat) and container", {}, []),
        ("container", {"warn_evttypes": "false"}, ["every-event"]),  # it is spelled with an underscore
        ("evt.type=execve and proc.nam = x", {}, ["refused"]),
        ("evt.type=execve and foo.bar = x", {}, ["refused"]),
        ("evt.type=execve and k8smeta.pod.name = x", {}, []),
        ("evt.type=execve and ct.user = x", {}, []),
        ("evt.type=execve and no_such_macro", {}, ["doubt"]),
        ("evt.type=execve and syscall", {}, ["refused"]),
        ("kevt and pod and proc.name = x", AUDIT, ["refused"]),
        ("kevt and ka.req.pod.ephemeralContainers.image in (x)", AUDIT, []),
        ("kevt and ka.verb=delete and kcreate", AUDIT, []),  # what a stock macro says is not kept
        ("ka.verb in (create, update) and ka.verb in (delete)", AUDIT, ["never"]),
        ("ka.verb in (create, update) and not ka.verb in (create, update)", AUDIT, ["never"]),
        ("ka.verb=create or (ka.verb=get and ka.verb=list)", AUDIT, []),
        ("not (ka.verb=create or ka.verb!=create)", AUDIT, ["never"]),
        ("ka.verb=CREATE", AUDIT, ["never"]),
        ("ka.target.resource=pod", AUDIT, ["never"]),
        ("ka.req.pod.containers.image intersects (a) and ka.req.pod.containers.image intersects (b)", AUDIT, []),
        ("ka.req.pod.containers.image.repository in (reg.example:5000/app)", AUDIT, ["unequal"]),
        ("evt.type=execve and container.image.repository in (reg.example:5000/app)", {}, []),
        ("evt.type=execve and container.image.repository in (nginx:1.25)", {}, ["unequal"]),
        ("evt.type=execve and container.image.repository = gcr.io/corp/*", {}, ["unequal"]),
        ("evt.type=execve and container.image.repository startswith gcr.io", {}, []),
        ("evt.type=execve and container.image.repository = gcr.io/corp", {}, ["unequal"]),  # a project
        ("evt.type=execve and container.image.repository = gcr.io/corp/app", {}, []),
        ("ct.name = x", {"source": "aws_cloudtrail"}, []),
        ("our.name = x", {"source": "ours"}, ["doubt"]),
    ],
)
def test_faults(condition: str, more: dict[str, str], expected: list[str]) -> None:
    assert kinds(rule(f"'{condition}'", **more)) == expected


def test_output_and_exceptions_are_read() -> None:
    assert kinds(rule("spawned_process", "'%proc.name %container.image.repository %evt.arg.flags 100%'")) == []
    assert kinds(rule("spawned_process", "'%proc.nam'")) == ["refused"]
    exception = "  exceptions:\n    - {name: e, fields: [proc.name, fd.nam], comps: [=, =], values: [[a, b]]}\n"
    assert kinds(rule("spawned_process") + exception) == ["refused"]


def test_what_the_engine_is_known_to_lack() -> None:
    audit = rule("kevt and ka.req.pod.initContainers.image in (x)", source="k8s_audit")
    assert kinds(audit, Engine(plugins=("container",))) == ["skipped"]
    assert kinds(audit, Engine(artifacts=("k8saudit:0.16.0",))) == ["refused"]
    assert kinds(audit, Engine(plugins=("k8saudit", "json"), artifacts=("k8saudit:0.18.1",))) == []
    assert kinds(rule("evt.type=execve and ours.x = y"), Engine(plugins=("ours",))) == ["doubt"]
    assert kinds(rule("evt.type=execve and nowhere"), Engine(all_files=True)) == ["refused"]


def test_lists_macros_and_changes() -> None:
    lists = "- list: inner\n  items: [gcr.io]\n- list: outer\n  items: [inner, quay.io/a/b]\n"
    exact = rule("evt.type=execve and container.image.repository in (outer)")
    assert kinds(lists + exact) == ["unequal"]
    assert kinds(exact + "- list: outer\n  items: [quay.io/a/b]\n") == []  # lists may come later
    circle = "- macro: one\n  condition: (two)\n- macro: two\n  condition: (one)\n"
    assert kinds(circle + rule("evt.type=execve and one")) == ["refused"]
    appended = rule("evt.type=execve") + "- rule: R\n  condition: and proc.nam=x\n  append: true\n"
    assert kinds(appended) == ["refused"]
    assert kinds("- rule: Terminal shell in container\n  condition: and proc.name=x\n  append: true\n") == []
    assert kinds("- rule: R\n  condition: evt.type=execve\n  output: x\n") == ["refused"]  # without desc and priority


def test_macros_in_macros_do_not_multiply() -> None:
    text = "- macro: m0\n  condition: (proc.name=a)\n"
    text += "".join(f"- macro: m{i}\n  condition: (m{i - 1} and m{i - 1} or m{i - 1})\n" for i in range(1, 60))
    assert kinds(text + rule("evt.type=execve and m59")) == []


def keys(name: str, text: str) -> RuleConfigMap | None:
    return rules_in(wire.ConfigMap(wire.Metadata(name="c", namespace="n"), {name: text}))


def test_only_facts_are_kept() -> None:
    text = f"# fake-secret-1\n{rule('spawned_process')}  tags: [fake-secret-2]\n- unknown: fake-secret-3\n"
    configmap = wire.ConfigMap(
        wire.Metadata(name="c", namespace="n", labels={"a": "fake-secret-4"}),
        {"rules.yaml": text, "password": "fake-secret-5", "n": 5, "alerts": "groups: [fake-secret-6]\n"},
    )
    found = rules_in(configmap)
    assert found is not None
    assert [key.key for key in found.keys] == ["rules.yaml"]
    assert "fake-secret" not in repr(found)
    assert keys("app.yaml", "server: {password: fake-secret}\nkind: Deployment\n") is None


@pytest.mark.parametrize(
    "text",
    [
        "- rule: &a [" + "x," * 1000 + "]\n" + "".join(f"- list: &b{i} [*a, *a, *a]\n" for i in range(20)),
        "a0: &a0 [x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 8)}]\n" for i in range(1, 12))
        + "groups: *a11\n",
        "- rule: R\n  condition: " + "(" * 5000 + "\n",
        "- rule: R\n  desc: " + "[" * 5000 + "\n",
        "groups:\n" + "- {rules: [{alert: a, expr: '" + "(" * 50_000 + "'}]}\n",
        "- rule: " + "x" * (MAX_VALUE + 1),
    ],
    ids=["aliases", "bomb", "parentheses", "depth", "expression", "size"],
)  # fmt: skip
def test_hostile_values_are_bounded(text: str) -> None:
    found = keys("rules.yaml", text)
    if found:
        assert len(repr(found)) < 100_000 + len(text)
        list(RuleSet([key.falco for key in found.keys]).faults())


def test_the_rules_that_the_check_proposes_work() -> None:
    (check,) = [check for check in load_packs(()) if check.id == "broken-falco-rule"]
    rules = check.remediation[check.remediation.index("    - macro") :].partition("\n\nThe second")[0]
    proposed = textwrap.dedent(rules)
    assert len(items(proposed)) == 4
    assert kinds(proposed, Engine(all_files=True)) == []


def test_ordinary_configmaps_leave_nothing_behind() -> None:
    """Ten thousand of them, of 20 kB each, as the pages of a list bring them."""
    inventory = Inventory()
    listing = inventory.begin(wire.ALL_CONFIGMAPS)
    text = "server:\n  port: 8080\n" * 1000
    tracemalloc.start()
    for page in range(500):
        names = [f"c{page}-{number}" for number in range(20)]
        listing.add([wire.ConfigMap(wire.Metadata(name=name), {"app.yaml": text + name}) for name in names])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert listing.count == 10_000
    assert peak < 4 << 20


def story(name: str) -> Snapshot:
    return read(FIXTURES / "clusters" / name)


def test_the_rules_of_the_story_fail_for_their_reasons() -> None:
    (found,) = [c for c in story("seed-image-security").configmaps if c.name == "falco-image-rules"]
    reasons: dict[str, list[str]] = {}
    for name, fault in RuleSet([key.falco for key in found.keys]).faults():
        reasons.setdefault(name, []).append(fault.reason)
    (first, second) = (" | ".join(told) for told in reasons.values())
    for part in ("k8s_audit as a macro", "ka.target.image, a field that does not exist", "needs `source: k8s_audit`"):
        assert part in first
    for part in ("image.repository, a field that does not exist", "cr.harvest.example, docker.io/library", "evt.type"):
        assert part in second
