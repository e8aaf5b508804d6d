"""Rules in every shape that people give them: other orders of keys, wrapped in mappings, as plain files."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import wire
from auditor.configmaps import MAX_VALUE, rules_in
from auditor.inventory import Inventory
from auditor.monitoring.engine import Engine
from auditor.monitoring.facts import MAX_FACTS, FalcoItem, RuleConfigMap
from auditor.monitoring.falco import RuleSet
from auditor.sources.files import collect
from tests.auditing import audit, read

RULE = "condition: evt.type=execve and image.repository=a\n  output: x\n  priority: INFO\n"


def kept(text: str) -> RuleConfigMap:
    found = rules_in(wire.ConfigMap(wire.Metadata(name="rules", namespace="falco"), {"rules.yaml": text}))
    assert found is not None
    return found


def items(text: str) -> list[FalcoItem]:
    return [item for key in kept(text).keys for item in key.falco]


def faults(text: str, engine: Engine | None = None) -> list[tuple[str, str]]:
    return [(fault.kind, fault.reason) for _, fault in RuleSet([items(text)], engine).faults()]


def kinds(text: str, engine: Engine | None = None) -> list[str]:
    return [kind for kind, _ in faults(text, engine)]


def rule(condition: str, more: str = "") -> str:
    return f"- rule: R\n  desc: d\n  condition: {condition}\n  output: x\n  priority: ERROR\n{more}"


@pytest.mark.parametrize(
    "text",
    [
        f"- desc: d\n  rule: R\n  {RULE}",
        f"\ufeff- rule: R\n  desc: d\n  {RULE}",
        f"-\n  rule: R\n  desc: d\n  {RULE}",
        f"- &x\n  rule: R\n  desc: d\n  {RULE}",
        f"- condition: x\n  macro: M\n- desc: d\n  'rule' : R\n  {RULE}",
        "- {desc: d, priority: INFO, output: x, condition: image.repository = a, rule: R}\n",
        '[{"desc":"d","rule":"R","condition":"image.repository = a","output":"x","priority":"INFO"}]',
        f"rules:\n- rule: R\n  desc: d\n  {RULE}",
        "rule: R\ndesc: d\ncondition: image.repository = a\noutput: x\npriority: INFO\n",
        "customRules:\n  ours.yaml: |-\n    - {desc: d, rule: R, condition: foo.a = 1, output: x, priority: INFO}\n",
        "falco:\n  customRules:\n    a.yaml: '- {rule: R, desc: d, condition: foo.a = 1, output: x, priority: INFO}'\n",
    ],
)
def test_the_rule_is_seen(text: str) -> None:
    assert "refused" in kinds(text)


def test_rules_in_a_mapping_are_refused_as_they_are() -> None:
    for text in (f"rules:\n- rule: R\n  desc: d\n  {RULE}", "macro: M\ncondition: evt.type=open\n"):
        assert "mapping" in kept(text).keys[0].fault
    assert kept(f"customRules:\n  a.yaml: |\n    - rule: R\n      desc: d\n      {RULE}").keys[0].fault == ""


@pytest.mark.parametrize("text", ["- name: a\n  rule: b\n", "spec:\n  list: a\n", "rule: a\n", "rules:\n- rule: a\n"])
def test_other_programs_rules_are_none_of_falcos(text: str) -> None:
    assert rules_in(wire.ConfigMap(wire.Metadata(name="c"), {"a.yaml": text})) is None


def test_values_within_values_are_opened_once() -> None:
    inner = "customRules:\n  b: |\n    - rule: R\n      condition: x\n"
    text = "customRules:\n  a: |\n" + "".join(f"    {line}\n" for line in inner.splitlines())
    assert rules_in(wire.ConfigMap(wire.Metadata(name="c"), {"values.yaml": text})) is None


def test_references_and_policies_keep_no_password() -> None:
    text = "artifact:\n  install:\n    refs: ['https://user:fake-secret@ghcr.io/x/falco-rules:3', 'a b fake-secret',\n"
    text += "      'ghcr.io/x/falco-rules@sha256:abc']\n"
    (key,) = kept(text).keys
    assert key.settings is not None
    assert key.settings.artifacts == ("ghcr.io/x/falco-rules:3", "", "ghcr.io/x/falco-rules@sha256:abc")
    found = kept("kind: Policy\napiVersion: FAKE-secret\nmetadata: {name: Fake secret}\n")
    assert "ecret" not in repr(found)
    (policy,) = kept("kind: ClusterPolicy\napiVersion: kyverno.io/v1\nmetadata: {name: a-b}\n").keys[0].policies
    assert (policy.api_version, policy.name) == ("kyverno.io/v1", "a-b")


def test_a_policy_may_be_json() -> None:
    text = '{"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{"name":"a"}}'
    assert [policy.kind for policy in kept(text).keys[0].policies] == ["ClusterPolicy"]


WEBHOOK = {
    "admission.json": '{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration",\n'
    '\t"plugins": [{"name": "ImagePolicyWebhook", "path": "fake-secret-1"}]}',
    "kubeconfig": "kind: Config\nclusters: [{name: fake-secret-2}]\nusers: [{user: {token: fake-secret-3}}]\n",
    "list.yaml": "kind: List\nitems:\n- kind: ClusterPolicy\n  apiVersion: kyverno.io/v1\n  spec: fake-secret-4\n"
    "- kind: Secret\n  data: {a: fake-secret-5}\n---\n---\nkind: K8sRepos\napiVersion: constraints.gatekeeper.sh/v1\n",
    "rules.rego": "package p\n\ndefault allow := false\n\nallow if input.fake-secret-6\n",
}


def test_of_policies_only_the_kinds_are_kept() -> None:
    found = rules_in(wire.ConfigMap(wire.Metadata(name="c"), WEBHOOK))
    assert found is not None
    assert "fake-secret" not in repr(found)
    assert {key.key: [policy.kind for policy in key.policies] for key in found.keys} == {
        "admission.json": ["AdmissionConfiguration"],
        "kubeconfig": ["kubeconfig"],
        "list.yaml": ["ClusterPolicy", "K8sRepos"],
        "rules.rego": ["Rego"],
    }


def test_a_kubeconfig_alone_is_anybodys() -> None:
    assert rules_in(wire.ConfigMap(wire.Metadata(name="c"), {"a": WEBHOOK["kubeconfig"]})) is None


def test_items_of_a_list_without_its_dash() -> None:
    ((item,),) = (key.falco for key in kept("list: trusted\nitems: [a, b]\n").keys)
    assert item.items == ("a", "b")


def test_plain_files_are_judged(tmp_path: Path) -> None:
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "ours.yaml").write_text(f"- desc: d\n  rule: R\n  {RULE}")
    (tmp_path / "alerts.yml").write_text("groups:\n- name: g\n  rules:\n  - {alert: A, expr: up == 0}\n")
    (tmp_path / "values.yaml").write_text("replicas: 1\n")
    (tmp_path / "pod.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    found = {c.name: c for c in read(tmp_path).configmaps}
    assert {name: (c.kind, c.namespace, c.keys[0].form) for name, c in found.items()} == {
        "rules.d/ours.yaml": ("File", "", "falco rules"),
        "./alerts.yml": ("File", "", "prometheus rules"),
    }
    assert collect(str(tmp_path), Inventory()).files.foreign == 1


def test_a_plain_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(f"- desc: d\n  rule: R\n  {RULE}")
    assert collect(str(path), Inventory()).documents == 1


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("container.image in (registry.example/, docker.io/library)", ["unequal"]),
        ("container.image = registry.example/app:1", []),
        ("container.image.repository in (quay.io/org, ghcr.io/org)", ["unequal"]),
        ("container.image.repository in (quay.io/org/app)", []),
        ("container.image.repository in (docker.io/bitnami)", ["doubt"]),
        ("container.image.repository startswith https://registry.example/", ["unequal"]),
        ("container.image.repository startswith registry.example:5000/app", []),
        ("container.image.repository startswith registry.example/app:1", ["unequal"]),
        ('container.image.repository endswith ":latest"', ["unequal"]),
        ("container.image.repository glob registry.example", ["unequal"]),
        ("container.image.repository glob registry.example/*", []),
        ("container.image.repository in (trusted_imags)", ["doubt"]),
        ("(container.image.repository != a/b or container.image.repository != c/d)", ["always"]),
        ("(container.image.repository = a/b or container.image.repository = c/d)", []),
    ],
)
def test_values_of_images(condition: str, expected: list[str]) -> None:
    assert kinds(rule(f"'evt.type=execve and {condition}'")) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("not ka.req.pod.containers.image in (registry.example/, gcr.io/corp)", ["unequal"]),
        ("not ka.req.pod.containers.image in (nginx, docker.io/nginx)", []),
        ("ka.req.container.image.repository startswith registry.example:5000/", ["unequal"]),
        ("ka.req.container.image startswith registry.example:5000/", []),
    ],
)
def test_values_of_audited_images(condition: str, expected: list[str]) -> None:
    assert kinds(rule(f"'kevt and pod and {condition}'", "  source: k8s_audit\n")) == expected


def test_what_is_too_much_is_told_as_unread() -> None:
    many = kept("".join(f"- list: l{number}\n  items: [a]\n" for number in range(MAX_FACTS + 1)))
    assert [(key.fault, key.unread[:11], len(key.falco)) for key in many.keys] == [("", "it has more", MAX_FACTS)]
    large = kept(rule("spawned_process") + "#" * MAX_VALUE)
    assert [(key.fault, key.unread[:12]) for key in large.keys] == [("", "it is larger")]


def test_more_alerts_than_are_read_are_told(tmp_path: Path) -> None:
    alerts = "".join(f"  - {{alert: A{number}, expr: up}}\n" for number in range(MAX_FACTS + 1))
    (tmp_path / "alerts.yml").write_text(f"groups:\n- name: g\n  rules:\n{alerts}")
    (finding,) = audit(read(tmp_path), None, ["dead-image-alert"]).findings
    assert (finding.status, str(MAX_FACTS) in finding.message) == ("manual", True)


def test_a_disabled_rule_can_only_be_refused() -> None:
    assert kinds(rule("container", "  enabled: false\n")) == []
    assert kinds(rule("container") + "- rule: R\n  enabled: false\n") == []
    assert kinds(rule("container and image.repository = a", "  enabled: false\n")) == ["refused"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- list: trusted\n", ["refused"]),
        ("- list: trusted\n  items: a\n", ["refused"]),
        ("- list: trusted\n  items: []\n", []),
        ("- macro: m\n  condition: or evt.type=open\n  override: {condition: merge}\n", ["refused"]),
        ("- list: a\n  items: [b]\n  append: true\n  override: {items: append}\n", ["refused"]),
        ("- list: a\n  items: [b]\n  append: true\n", ["doubt"]),
        ("- rule: Nobody's\n  append: true\n  condition: and container\n", ["doubt"]),
        ("- macro: nobodys\n  condition: or container\n  override: {condition: append}\n", ["doubt"]),
        ("- rule: Terminal shell in container\n  condition: and container\n  append: true\n", []),
        ("- macro: user_trusted_containers\n  condition: (image.repository startswith a)\n", ["refused"]),
        ("- macro: ours\n  condition: (image.repository startswith a)\n", ["doubt"]),
        ("- macro: user_trusted_containers\n  condition: (container.image.repository in (a.example))\n", ["unequal"]),
        (rule("spawned_process", "  exceptions: [{name: e, fields: [proc.name], comps: [begins]}]\n"), ["refused"]),
        (rule("spawned_process", "  exceptions: [{fields: [proc.name]}]\n"), ["refused"]),
        (rule("spawned_process", "  exceptions: [{name: e}]\n"), ["refused"]),
        (rule("spawned_process", "  exceptions: [{name: e, fields: proc.name, comps: in}]\n"), []),
    ],
)
def test_what_cannot_be_put_together(text: str, expected: list[str]) -> None:
    found = set(kinds(text))
    assert set(expected) <= found if expected else not found


def test_all_files_seen_leaves_no_doubt() -> None:
    text = "- rule: Nobody's\n  append: true\n  condition: and container\n"
    assert "refused" in kinds(text, Engine(all_files=True))


def test_a_near_macro_is_named() -> None:
    ((_, reason),) = faults(rule("spawned_proces and container"))
    assert "spawned_process" in reason


def chain(macros: int, rules: int) -> str:
    text = "- macro: m0\n  condition: (evt.type=execve)\n- macro: m1\n  condition: (evt.type=execve)\n"
    text += "".join(f"- macro: m{i}\n  condition: (m{i - 1} or m{i - 2})\n" for i in range(2, macros))
    for i in range(rules):
        text += f"- {{rule: R{i}, desc: d, condition: m{macros - 1}, output: x, priority: INFO}}\n"
    return text


def test_too_deep_is_a_doubt_and_nothing_else() -> None:
    assert kinds(chain(300, 3)) == ["doubt"] * 3
    assert kinds(chain(50, 3)) == []


def test_the_work_on_all_rules_is_bounded() -> None:
    text = "- macro: m\n  condition: (evt.type=execve" + " or proc.name=a" * 3000 + ")\n"
    text += "".join(
        f"- {{rule: R{i}, desc: d, condition: m and evt.type=execve, output: x, priority: INFO}}\n" for i in range(1000)
    )
    assert "doubt" in kinds(text)
