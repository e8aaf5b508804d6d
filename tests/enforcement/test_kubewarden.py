"""Kubewarden: what its policies stop in which namespace, and each way in which they do not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.coverage import Unread
from auditor.enforcement.chain import Flaw, Goal, answer
from auditor.enforcement.kubewarden import image_policies
from auditor.enforcement.kubewarden_groups import evaluate
from auditor.enforcement.kubewarden_modules import allowed, decide, loose, module
from auditor.enforcement.outcomes import DIGEST, ELSEWHERE, Outcome
from tests.enforcement.mechanism_worlds import objects, service, verdicts, world

NAMESPACES: dict[str, dict[str, str]] = {"prod": {}, "dev": {"tier": "dev"}, "kubewarden": {}}
SERVICES = (service("kubewarden", "policy-server-default"),)
STORY = """
apiVersion: policies.kubewarden.io/v1
kind: ClusterAdmissionPolicy
metadata: {name: ours, generation: 1}
spec:
  module: registry://ghcr.io/kubewarden/policies/trusted-repos:v2.0.4
  mode: protect
  policyServer: default
  mutating: false
  rules: &rules
    - {apiGroups: [""], apiVersions: [v1], resources: [pods, pods/ephemeralcontainers], operations: [CREATE, UPDATE]}
  settings: {registries: {allow: [registry.example]}}
status: {policyStatus: active, mode: protect}
---
apiVersion: policies.kubewarden.io/v1
kind: PolicyServer
metadata: {name: default}
spec: {}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: clusterwide-ours, generation: 1}
webhooks:
  - name: clusterwide-ours.kubewarden.admission
    clientConfig: {service: {name: policy-server-default, namespace: kubewarden, path: /validate/clusterwide-ours}}
    failurePolicy: Fail
    namespaceSelector:
      matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kubewarden]}]
    rules:
      - {apiGroups: [""], apiVersions: [v1], resources: [pods, pods/ephemeralcontainers], operations: [CREATE, UPDATE]}
"""


def story(**spec: Any) -> list[dict[str, Any]]:
    manifests = objects(STORY)
    manifests[0]["spec"].update(spec)
    return manifests


def enforced(manifests: list[dict[str, Any]], goal: Goal = Goal.REGISTRIES, **options: Any) -> dict[str, str]:
    options.setdefault("services", SERVICES)
    return verdicts(image_policies, world(manifests, NAMESPACES, **options), goal)


def both(verdict: str) -> dict[str, str]:
    """Its own namespace is left out by the webhook."""
    return {"prod": verdict, "dev": verdict, "kubewarden": "not-enforced"}


def test_trusted_repos_enforces_registries_alone() -> None:
    assert enforced(story()) == both("enforced")
    assert enforced(story(), Goal.SIGNATURES) == both("not-enforced")


def test_signatures_of_what_is_allowed() -> None:
    settings = {"signatures": [{"image": "registry.example/*", "pubKeys": ["PUBLIC"]}]}
    manifests = story(module="ghcr.io/kubewarden/policies/verify-image-signatures:v1.0.5", settings=settings)
    assert enforced(manifests, Goal.SIGNATURES) == both("enforced")
    assert enforced(manifests, Goal.SIGNATURES, allowed=("registry.example", "quay.io")) == both("not-enforced")
    assert enforced(manifests) == both("not-enforced")


def status(**values: str) -> list[dict[str, Any]]:
    manifests = story()
    manifests[0]["status"] = values
    return manifests


def hook(key: str, value: Any) -> list[dict[str, Any]]:
    manifests = story()
    manifests[2]["webhooks"][0][key] = value
    return manifests


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        (story(mode="monitor"), both("not-enforced")),
        (status(policyStatus="active", mode="monitor"), both("not-enforced")),
        (status(policyStatus="active", mode="unknown"), both("unknown")),
        (status(policyStatus="pending", mode="protect"), both("not-enforced")),
        (status(), both("unknown")),
        (story(policyServer="other"), both("not-enforced")),
        (story(settings={}), both("not-enforced")),
        (story(settings={"registries": {"reject": ["quay.io"]}}), both("not-enforced")),
        (story(settings={"registries": {"allow": "registry.example"}}), both("unknown")),
        (story(settings={"images": {"allow": ["registry.example/app"]}}), both("enforced")),
        (story(module="ghcr.io/kubewarden/policies/pod-privileged:v1.0.10"), both("not-enforced")),
        (story(module="https://example.org/company-rules.wasm"), both("unknown")),
        (story(module="ghcr.io/kubewarden/policies/cel-policy:v1", settings={}), both("not-enforced")),
        (
            story(
                module="ghcr.io/kubewarden/policies/cel-policy:v1",
                settings={"validations": [{"expression": "object.spec.containers.all(c, c.image != '')"}]},
            ),
            both("unknown"),
        ),
        (hook("failurePolicy", "Ignore"), both("enforced")),
        (hook("rules", []), both("not-enforced")),
        (hook("objectSelector", {"matchLabels": {"checked": "yes"}}), both("not-enforced")),
        (hook("namespaceSelector", {"matchLabels": {"tier": "dev"}}), {**both("not-enforced"), "dev": "enforced"}),
        (story()[:2], dict.fromkeys(NAMESPACES, "not-enforced")),
    ],
    ids=range(19),
)
def test_one_field_changes_the_namespaces_concerned(manifests: list[dict[str, Any]], expected: dict[str, str]) -> None:
    assert enforced(manifests) == expected


def test_files_may_leave_the_webhook_out() -> None:
    dev = story(namespaceSelector={"matchLabels": {"tier": "dev"}})[:2]
    assert enforced(dev, source="files") == {"prod": "not-enforced", "dev": "unknown", "kubewarden": "not-enforced"}


def test_a_policy_of_a_namespace_is_for_that_namespace() -> None:
    manifests = story()
    manifests[0]["kind"], manifests[0]["metadata"]["namespace"] = "AdmissionPolicy", "dev"
    configuration = manifests[2]
    configuration["metadata"]["name"] = "namespaced-dev-ours"
    selector = {"matchLabels": {"kubernetes.io/metadata.name": "dev"}}
    configuration["webhooks"][0]["namespaceSelector"] = selector
    assert enforced(manifests) == {"prod": "not-enforced", "dev": "enforced", "kubewarden": "not-enforced"}
    said = answer(image_policies(world(manifests, NAMESPACES, services=SERVICES)), "dev", Goal.REGISTRIES)
    assert said.policy is not None
    assert (said.policy.about.namespace, said.policy.about.subject.kind) == ("dev", "AdmissionPolicy")


def group(expression: str) -> list[dict[str, Any]]:
    manifests = story()
    policy = manifests[0]
    trusted = {"module": policy["spec"].pop("module"), "settings": policy["spec"].pop("settings")}
    privileged = {"module": "ghcr.io/kubewarden/policies/pod-privileged:v1.0.10"}
    policy["kind"] = "ClusterAdmissionPolicyGroup"
    policy["spec"].update(policies={"trusted": trusted, "privileged": privileged}, expression=expression)
    manifests[2]["metadata"]["name"] = "clusterwide-group-ours"
    return manifests


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("trusted() && privileged()", "enforced"),
        ("trusted() || privileged()", "not-enforced"),
        ("!trusted()", "not-enforced"),
        ("trusted() ? true : false", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_group_is_what_its_expression_says(expression: str, verdict: str) -> None:
    assert enforced(group(expression)) == both(verdict)


def test_absent_and_unread() -> None:
    assert list(image_policies(world([], NAMESPACES))) == []
    unread = ["clusteradmissionpolicies.policies.kubewarden.io"]
    assert list(image_policies(world([], NAMESPACES, unread=unread))) == []
    with pytest.raises(Unread):
        list(image_policies(world(story(), NAMESPACES, unread=unread)))


def facts(manifests: list[dict[str, Any]]) -> set[tuple[Flaw, bool]]:
    seen = world(manifests, NAMESPACES, services=SERVICES)
    found = [fact for policy in image_policies(seen) for fact in policy.facts]
    assert [fact.part for fact in found if fact.flaw is Flaw.PARTIAL] == ["volumes"]
    return {(fact.flaw, fact.certain) for fact in found if fact.flaw is not Flaw.PARTIAL}


def test_flaws() -> None:
    assert facts(story()) == set()
    assert facts(story(mode="monitor")) == {(Flaw.NON_BLOCKING, True)}
    assert facts(story(policyServer="gone")) == {(Flaw.BROKEN, True)}
    assert facts(status(policyStatus="unscheduled")) == {(Flaw.BROKEN, True)}
    assert facts(story(settings={"images": {"allow": ["nginx"]}})) == {(Flaw.OPEN_ENDED, True)}
    assert facts(hook("failurePolicy", "Ignore")) == {(Flaw.FAIL_OPEN, True)}
    dead = world(story(), NAMESPACES, services=())
    assert Flaw.DEAD_BACKEND in {fact.flaw for policy in image_policies(dead) for fact in policy.facts}


def trusted(**settings: Any) -> dict[str, Any]:
    return {"module": "ghcr.io/kubewarden/policies/trusted-repos:v2", "settings": settings}


@pytest.mark.parametrize(
    ("settings", "image", "outcome"),
    [
        ({"registries": {"allow": ["docker.io"]}}, "docker.io/library/nginx", Outcome.LET_IN),
        ({"registries": {"allow": ["ghcr.io/org"]}}, "ghcr.io/org/app", Outcome.DENIED),
        ({"registries": {"reject": ["docker.io"]}}, "docker.io/library/nginx", Outcome.DENIED),
        ({"images": {"allow": ["nginx"]}}, "docker.io/library/nginx", Outcome.LET_IN),
        ({"images": {"allow": ["nginx"]}}, "evil.invalid/library/nginx", Outcome.LET_IN),
        ({"images": {"allow": ["quay.io/coreos/etcd"]}}, "evil.invalid/coreos/etcd", Outcome.DENIED),
        ({"images": {"allow": ["quay.io/coreos/etcd"]}}, "quay.io/coreos/etcd", Outcome.LET_IN),
        ({"images": {"reject": ["nginx"]}}, "docker.io/library/nginx", Outcome.DENIED),
        ({"registries": {"allow": [1]}}, "docker.io/library/nginx", Outcome.UNKNOWN),
    ],
)
def test_trusted_repos_compares_as_the_module_does(settings: dict[str, Any], image: str, outcome: Outcome) -> None:
    assert decide(module(trusted(**settings)), f"{image}{DIGEST}") is outcome


def test_allowlists_and_loose_images_are_read() -> None:
    assert allowed(module(trusted(registries={"allow": ["quay.io", "docker.io"]}))) == ("docker.io", "quay.io")
    assert allowed(module(trusted(images={"allow": ["quay.io/a:1"]}))) == ("quay.io/a",)
    assert allowed(module(trusted())) is None
    assert loose(module(trusted(images={"allow": ["nginx", "nginx:1", "quay.io/a"]}))) == ("nginx",)


@pytest.mark.parametrize(
    ("patterns", "image", "outcome"),
    [
        (["*"], "docker.io/library/nginx", Outcome.VERIFIED),
        (["docker.io/library/*"], "docker.io/library/nginx", Outcome.LET_IN),
        (["ghcr.io/org/*"], "ghcr.io/org/app", Outcome.VERIFIED),
        (["ghcr.io/org/*"], "ghcr.io/other/app", Outcome.LET_IN),
        ([], "ghcr.io/other/app", Outcome.UNKNOWN),
        ([None], "ghcr.io/other/app", Outcome.UNKNOWN),
    ],
)
def test_signatures_are_asked_for_what_the_text_matches(patterns: list[Any], image: str, outcome: Outcome) -> None:
    settings = {"signatures": [{"image": pattern, "pubKeys": []} for pattern in patterns]}
    used = module({"module": "registry://ghcr.io/kubewarden/policies/verify-image-signatures", "settings": settings})
    assert decide(used, f"{image}{DIGEST}") is outcome


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        ("a() && b()", Outcome.DENIED),
        ("a() || b()", Outcome.LET_IN),
        ("a() && (b() || v())", Outcome.VERIFIED),
        ("!(a() || b())", Outcome.DENIED),
        ("u() && v()", Outcome.VERIFIED),
        ("u() || v()", Outcome.UNKNOWN),
        ("true", Outcome.LET_IN),
        ("!v()", Outcome.UNKNOWN),
        ("a() &&", Outcome.UNKNOWN),
        ("(a()", Outcome.UNKNOWN),
        ("a() b()", Outcome.UNKNOWN),
        ("unknown()", Outcome.UNKNOWN),
        ("!" * 5000 + "a()", Outcome.UNKNOWN),
        ("(" * 5000, Outcome.UNKNOWN),
    ],
)
def test_expressions(expression: str, outcome: Outcome) -> None:
    members = {"a": Outcome.LET_IN, "b": Outcome.DENIED, "v": Outcome.VERIFIED, "u": Outcome.UNKNOWN}
    assert evaluate(expression, members) is outcome


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, JSON, st.sampled_from(["trusted-repos", "verify-image-signatures", "cel-policy", ""]))
def test_any_settings_are_read(registries: Any, images: Any, signatures: Any, name: str) -> None:
    settings = {"registries": registries, "images": images, "signatures": signatures}
    used = module({"module": name, "settings": settings})
    assert decide(used, ELSEWHERE) in Outcome
    allowed(used)
    loose(used)


@given(st.dictionaries(st.sampled_from(["module", "settings", "rules", "mode", "policyServer", "policies"]), JSON))
def test_any_policy_is_read(spec: dict[str, Any]) -> None:
    manifests = copy.deepcopy(story())
    manifests[0]["spec"] = spec
    assert set(enforced(manifests).values()) <= {"enforced", "unknown", "not-enforced"}
