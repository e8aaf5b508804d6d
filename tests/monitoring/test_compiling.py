"""What Falco does not compile or cannot read: fields, operators, values, exceptions, and changes of earlier rules."""

from __future__ import annotations

import pytest

from auditor.monitoring.engine import Engine
from tests.monitoring.judging import faults, kinds, rule

AUDIT = "  source: k8s_audit\n"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("evt.type = execve and proc.pid > 1", []),
        ("evt.type = execve and proc.pid startswith 1", ["refused"]),
        ("evt.type = execve and user.uid = root", ["refused"]),
        ("evt.type = execve and user.uid in (0, -1, 0x10)", []),
        ("evt.type = image_pull", ["refused"]),
        ("evt.type in (execve, exec)", ["refused"]),
        ("evt.type = execve and evt.type startswith exec", ["refused"]),
        ("evt.type = execve and container.privileged = yes", ["refused"]),
        ("evt.type = execve and container.privileged in (true, false)", []),
        ("evt.type = connect and fd.sip = 192.0.2.1 and fd.sip != ::1", []),
        ("evt.type = connect and fd.sip = registry.example", ["refused"]),
        ("evt.type = connect and fd.sip = 192.0.2.0/24", ["refused"]),
        ("evt.type = connect and fd.snet in (192.0.2.0/24)", []),
        ("evt.type = connect and fd.snet = 192.0.2.1", ["refused"]),
        ("evt.type = connect and fd.sport = 443 and fd.sport = https", []),  # one and the same
        ("evt.type = connect and proc.pid = 1 and proc.pid = 0x1", []),
        ("evt.type = execve and container.image.repository[0] = a", ["refused"]),
        ("evt.type = execve and tolower(container.image.repository) = val(proc.nam)", ["refused"]),
        ("evt.type = execve and join('/', (container.image, proc.nam)) = a", ["refused"]),
        ("evt.type = execve and container.image.repository != '' and container.image.tag != <NA>", []),
        ("evt.type = execve and not proc.name != a and not proc.name != b", []),  # where an event has no name
        ("evt.type = execve and proc.name = a and not proc.name != b", ["never"]),
    ],
)
def test_system_calls(condition: str, expected: list[str]) -> None:
    assert kinds(rule(f'"{condition}"')) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("kevt and ka.req.pod.containers.image intersects (a.example/b)", []),
        ("kevt and ka.req.pod.containers.image[0] in (a.example/b)", []),
        ("kevt and ka.req.pod.containers.image exists", []),
        ("kevt and ka.req.pod.containers.image = a.example/b", ["refused"]),
        ("kevt and ka.req.pod.containers.image[0] startswith a", ["refused"]),
        ("kevt and ka.req.pod.containers.image[first] in (a)", ["refused"]),
        ("kevt and ka.user.groups startswith oneof (a, b)", ["refused"]),
        ("kevt and ka.req.container.image startswith a", []),
        ("kevt and jevt.value startswith a", ["refused"]),
        ("kevt and jevt.value[/requestObject/spec/containers/0/image] startswith a", []),
        ("kevt and ka.verb[0] = get", ["refused"]),
        ("kevt and ka.uri.param[watch] = a", []),
    ],
)
def test_audit_events(condition: str, expected: list[str]) -> None:
    assert kinds(rule(condition, AUDIT)) == expected


def test_an_event_type_of_a_plugin_and_one_that_is_skipped() -> None:
    own = Engine(plugins=("container", "ours"))
    assert kinds(rule("evt.type = ours_event"), engine=own) == ["doubt"]
    skipping = "  skip-if-unknown-filter: true\n"
    assert kinds(rule("evt.type = ours_event", skipping)) == ["skipped"]
    assert kinds(rule("evt.type = execve and proc.pid startswith 1", skipping)) == ["refused"]
    assert kinds(rule("evt.type = execve and nowhere", skipping), engine=Engine(all_files=True)) == ["refused"]


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        ("{name: e, fields: proc.name, values: [a, b]}", []),
        ("{name: e, fields: proc.name, comps: pmatch, values: [a]}", []),
        ("{name: e, fields: proc.name, comps: startswith oneof, values: [a]}", []),
        ("{name: e, fields: proc.name, comps: startswith, values: [a]}", ["refused"]),
        ("{name: e, fields: proc.name, values: [[a]]}", ["refused"]),
        ("{name: e, fields: [proc.name], values: [a]}", ["refused"]),
        ("{name: e, fields: [proc.name, fd.name], values: [[a]]}", ["refused"]),
        ("{name: e, fields: [proc.name], comps: startswith, values: [[a]]}", ["refused"]),
        ("{name: e, fields: [proc.name, fd.name], comps: [in, '= '], values: [[[a, b], c], [d, e f]]}", []),
        ("{name: e, fields: [proc.pid], comps: [startswith], values: [[1]]}", ["refused"]),
        ("{name: e, fields: [proc.nam], comps: [=]}", ["refused"]),
        ("{name: e, fields: container.image.repository, values: [a.example]}", ["unequal"]),
        ("{name: e, fields: [container.image.repository], values: [[a.example/*]]}", ["unequal"]),
        ("{name: e, fields: container.image.repository, comps: pmatch, values: [a.example]}", []),
        ("{fields: proc.name}", ["refused"]),
        ("e", ["refused"]),
    ],
)
def test_exceptions(exception: str, expected: list[str]) -> None:
    assert kinds(rule("spawned_process", f"  exceptions:\n    - {exception}\n")) == expected


BASE = rule("spawned_process", "  exceptions: [{name: e, fields: proc.name, values: [a]}]\n")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("append: true\n  condition: and container", []),
        ("append: true\n  output: y", ["refused"]),
        ("override: {condition: append}\n  condition: and container", []),
        ("override: {condition: append}\n  condition: and container\n  desc: d", ["refused"]),
        ("override: {condition: append}\n  output: y", ["refused"]),
        ("override: {priority: append}\n  priority: INFO", ["refused"]),
        ("override: {priority: replace}\n  priority: INFO", []),
        ("override: {priority: replace}\n  priority: HIGH", ["refused"]),
        ("override: {source: replace}\n  source: k8s_audit", ["refused"]),
        ("override: {enabled: replace}\n  enabled: maybe", ["refused"]),
        ("override: {condition: replace}\n  condition: spawned_process and proc.nam = a", ["refused"]),
        ("override: {condition: replace}\n  condition: container", ["every-event"]),
        ("override: {exceptions: append}\n  exceptions: [{name: e, values: [b]}]", []),
        ("override: {exceptions: append}\n  exceptions: [{name: e, fields: proc.name, values: [b]}]", ["refused"]),
        ("override: {exceptions: append}\n  exceptions: [{name: f, fields: proc.name}]", ["refused"]),
        ("override: {exceptions: append}\n  exceptions: [{name: f, fields: proc.name, values: [b]}]", []),
        ("enabled: false", []),
        ("condition: ''\n  output: y\n  desc: d\n  priority: INFO", ["refused"]),
        ("condition: container\n  output: y", ["refused"]),
        ("condition: spawned_process\n  output: y\n  desc: d\n  priority: INFO\n  tags: a", ["refused"]),
    ],
)
def test_changes(change: str, expected: list[str]) -> None:
    assert kinds(f"{BASE}- rule: R\n  {change}\n") == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [("10", []), ("0.57.0", []), ("'0.63.0'", []), ("99", ["doubt"]), ("1.0.0", ["doubt"]), ("v0.57", ["refused"])],
)
def test_required_engines(version: str, expected: list[str]) -> None:
    assert kinds(f"- required_engine_version: {version}\n{rule('spawned_process')}") == expected


def test_required_plugins() -> None:
    text = "- required_plugin_versions:\n"
    text += "    - {name: k8saudit, version: 0.1.0, alternatives: [{name: a, version: 1.0.0}]}\n"
    text += rule("spawned_process")
    assert kinds(text) == []
    assert kinds(text, engine=Engine(plugins=("container",))) == ["refused"]
    for loaded in ("k8saudit-eks", "a"):
        assert kinds(text, engine=Engine(plugins=(loaded,))) == []


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("evt.type=execve && container", "writes and for &&"),
        ("evt.type=execve AND container", "writes and for AND"),
        ("proc.name not in (a)", "not FIELD in"),
        ("kevt and k8s.ns.name = a", "ka.target.namespace"),
        ("evt.type = execve and container.image.repo = a", "container.image.repository does"),
    ],
)
def test_hints(condition: str, hint: str) -> None:
    ((_, kind, reason), *_) = faults(rule(f"'{condition}'", AUDIT if "kevt" in condition else ""))
    assert (kind, hint in reason) == ("refused", True), reason


def test_depth_is_no_fault_of_the_rule() -> None:
    assert kinds(rule("(" * 200 + "spawned_process" + ")" * 200)) == ["doubt"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("container.image.repository regex '^registry.example/'", ["unequal"]),
        ("container.image.repository regex '^registry.example/.*'", []),
        (r"container.image.repository regex '^registry\\.example/.*'", []),
        (r"container.image.repository regex '^registry\.example/.*'", ["refused"]),
        ("container.image.repository = Registry.Example/Shop", ["unequal"]),
        ("container.image.repository = $REGISTRY/shop", ["unequal"]),
        ("container.image.repository pmatch (registry.example)", []),
        ("container.image.repository iglob Registry.Example/Shop", []),
        ("container.image.repository glob registry.example", ["unequal"]),
        ("container.image.repository glob https://*", ["unequal"]),
    ],
)
def test_more_values_of_images(condition: str, expected: list[str]) -> None:
    assert kinds(rule(f"evt.type=execve and {condition}")) == expected
