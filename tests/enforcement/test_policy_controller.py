"""sigstore policy-controller: what it stops in which namespace, and each way in which it does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.coverage import Unread
from auditor.enforcement.chain import Flaw, Goal, answer
from auditor.enforcement.outcomes import DIGEST, ELSEWHERE, Outcome
from auditor.enforcement.policy_controller import image_policies
from auditor.enforcement.policy_controller_images import decide, entry, open_ended, read
from auditor.model import PolicyObject
from tests.enforcement.mechanism_worlds import objects, policy_object, service, verdicts, world

NAMESPACES = {
    "prod": {"policy.sigstore.dev/include": "true"},
    "dev": {},
    "kube-system": {},
    "excluded": {"policy.sigstore.dev/include": "true", "webhooks.knative.dev/exclude": ""},
}
SERVICES = (service("cosign-system", "webhook"),)
STORY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy.sigstore.dev, generation: 4}
webhooks:
  - name: policy.sigstore.dev
    clientConfig: {service: {name: webhook, namespace: cosign-system, path: /validations}}
    failurePolicy: Fail
    namespaceSelector:
      matchExpressions:
        - {key: policy.sigstore.dev/include, operator: In, values: ["true"]}
        - {key: webhooks.knative.dev/exclude, operator: DoesNotExist}
    rules:
      - {operations: [CREATE, UPDATE], apiGroups: [""], apiVersions: [v1], resources: [pods/ephemeralcontainers, pods]}
---
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: ours, generation: 1}
spec:
  mode: enforce
  images: [{glob: "registry.example/**"}]
  authorities: [{key: {data: PUBLIC}}]
status: {observedGeneration: 1, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config-policy-controller, namespace: cosign-system}
data: {_example: "no-match-policy: warn"}
"""


def story() -> list[dict[str, Any]]:
    return objects(STORY)


def enforced(manifests: list[dict[str, Any]], goal: Goal, **options: Any) -> dict[str, str]:
    options.setdefault("services", SERVICES)
    return verdicts(image_policies, world(manifests, NAMESPACES, **options), goal)


def everywhere(verdict: str) -> dict[str, str]:
    return dict.fromkeys(NAMESPACES, verdict)


PROD_ALONE = {**everywhere("not-enforced"), "prod": "enforced"}


def test_it_enforces_both_goals_where_the_label_is_set() -> None:
    assert enforced(story(), Goal.REGISTRIES) == PROD_ALONE
    assert enforced(story(), Goal.SIGNATURES) == PROD_ALONE
    assert enforced(story(), Goal.DIGESTS) == everywhere("not-enforced")


def test_the_webhook_is_the_subject_and_names_its_policies() -> None:
    policies = list(image_policies(world(story(), NAMESPACES, services=SERVICES)))
    said = answer(policies, "prod", Goal.SIGNATURES)
    assert said.policy is not None
    assert (said.policy.about.subject.kind, said.policy.about.subject.name) == (
        "ValidatingWebhookConfiguration",
        "policy.sigstore.dev",
    )
    assert any("ours" in link.detail for link in said.chain)
    assert said.policy.chain("prod") == said.chain


def test_what_it_lets_in_is_read_from_the_globs() -> None:
    policies = list(image_policies(world(story(), NAMESPACES, services=SERVICES)))
    assert [policy.allowed for policy in policies if Goal.REGISTRIES in policy.goals] == [("registry.example",)]


def changed(path: str, value: Any) -> list[dict[str, Any]]:
    """The story with one field set; `-` removes it. The path begins with the kind's first letters."""
    manifests = copy.deepcopy(story())
    kind, *keys = path.split(".")
    found: Any = next(manifest for manifest in manifests if manifest["kind"].startswith(kind))
    for key in keys[:-1]:
        found = found[int(key) if key.isdigit() else key]
    if value == "-":
        del found[keys[-1]]
    else:
        found[keys[-1]] = value
    return manifests


SELECTS_ALL = {**everywhere("enforced"), "excluded": "not-enforced"}
CASES: list[tuple[str, Any, dict[str, str] | str, dict[str, str] | str]] = [
    ("Validating.webhooks.0.failurePolicy", "Ignore", PROD_ALONE, PROD_ALONE),
    ("Validating.webhooks.0.rules", [], "not-enforced", "not-enforced"),
    ("Validating.webhooks.0.rules.0.operations", ["UPDATE"], "not-enforced", "not-enforced"),
    ("Validating.webhooks.0.rules.0.resources", ["pods/ephemeralcontainers"], "not-enforced", "not-enforced"),
    (
        "Validating.webhooks.0.namespaceSelector",
        {"matchExpressions": [{"key": "webhooks.knative.dev/exclude", "operator": "DoesNotExist"}]},
        SELECTS_ALL,
        SELECTS_ALL,
    ),
    ("Validating.webhooks.0.objectSelector", {"matchLabels": {"checked": "yes"}}, "not-enforced", "not-enforced"),
    ("Cluster.spec.mode", "warn", PROD_ALONE, "not-enforced"),
    ("Cluster.spec.images.0.glob", "registry.example/team/**", PROD_ALONE, PROD_ALONE),
    ("Cluster.spec.images.0.glob", "**", {**PROD_ALONE, "prod": "unknown"}, PROD_ALONE),
    ("Cluster.spec.authorities", [{"static": {"action": "pass"}}], PROD_ALONE, "not-enforced"),
    ("Cluster.spec.authorities", [{"static": {"action": "fail"}}], PROD_ALONE, PROD_ALONE),
    ("Cluster.spec.authorities", "-", PROD_ALONE, {**PROD_ALONE, "prod": "unknown"}),
    ("Cluster.status", {"conditions": [{"type": "Ready", "status": "False"}]}, PROD_ALONE, PROD_ALONE),
    ("Cluster.status", {}, PROD_ALONE, {**PROD_ALONE, "prod": "unknown"}),
    ("Cluster.spec.match", [{"group": "apps", "version": "v1", "resource": "deployments"}], PROD_ALONE, PROD_ALONE),
    ("ConfigMap.data", {"no-match-policy": "allow"}, "not-enforced", PROD_ALONE),
    ("ConfigMap.data", {"no-match-policy": "warn"}, "not-enforced", PROD_ALONE),
    ("ConfigMap.data", {"no-match-policy": "Allow"}, PROD_ALONE, PROD_ALONE),
]


@pytest.mark.parametrize(("path", "value", "registries", "signatures"), CASES, ids=lambda value: str(value)[:40])
def test_one_field_changes_the_namespaces_concerned(
    path: str, value: Any, registries: dict[str, str] | str, signatures: dict[str, str] | str
) -> None:
    manifests = changed(path, value)
    expected = [everywhere(said) if isinstance(said, str) else said for said in (registries, signatures)]
    assert [enforced(manifests, Goal.REGISTRIES), enforced(manifests, Goal.SIGNATURES)] == expected


def test_a_static_pass_beside_no_match_allow_lets_everything_in() -> None:
    manifests = changed("ConfigMap.data", {"no-match-policy": "allow"})
    manifests[1]["spec"]["images"] = [{"glob": "registry.example/*"}]
    assert enforced(manifests, Goal.SIGNATURES) == everywhere("not-enforced")


def test_two_policies_together_verify_what_neither_does_alone() -> None:
    manifests = changed("ConfigMap.data", {"no-match-policy": "allow"})
    second = copy.deepcopy(manifests[1])
    second["metadata"]["name"], second["spec"]["images"] = "theirs", [{"glob": "other.example/**"}]
    both = ("registry.example", "other.example")
    assert enforced(manifests, Goal.SIGNATURES, allowed=both) == everywhere("not-enforced")
    assert enforced([*manifests, second], Goal.SIGNATURES, allowed=both) == PROD_ALONE


@pytest.mark.parametrize("ready", [0, None])
def test_a_dead_backend_that_fails_closed_denies_everything(ready: int | None) -> None:
    services = (service("cosign-system", "webhook", ready=ready),)
    assert enforced(story(), Goal.REGISTRIES, services=services) == PROD_ALONE


def test_a_dead_backend_that_fails_open_denies_nothing() -> None:
    manifests = changed("Validating.webhooks.0.failurePolicy", "Ignore")
    for services in ((), (service("cosign-system", "webhook", ready=0),)):
        assert enforced(manifests, Goal.REGISTRIES, services=services) == everywhere("not-enforced")


def test_without_a_webhook_nothing_is_enforced_and_the_policy_is_the_nearest() -> None:
    seen = world(story()[1:], NAMESPACES)
    assert verdicts(image_policies, seen, Goal.SIGNATURES) == everywhere("not-enforced")
    said = answer(image_policies(seen), "prod", Goal.SIGNATURES)
    assert said.policy is not None
    assert said.policy.about.subject.name == "ours"
    assert said.weakest is not None
    assert said.weakest.name == "webhook"


def test_absent_it_says_nothing() -> None:
    assert list(image_policies(world([], NAMESPACES))) == []


def test_its_policies_matter_only_where_its_webhook_stands() -> None:
    with pytest.raises(Unread):
        list(image_policies(world(story(), NAMESPACES, unread=["clusterimagepolicies.policy.sigstore.dev"])))
    unread = world([], NAMESPACES, unread=["clusterimagepolicies.policy.sigstore.dev"])
    assert list(image_policies(unread)) == []


def test_an_unread_configmap_leaves_others_images_undecided() -> None:
    manifests = [manifest for manifest in story() if manifest["kind"] != "ConfigMap"]
    assert enforced(manifests, Goal.REGISTRIES, unread=["configmaps"]) == {**PROD_ALONE, "prod": "unknown"}
    assert enforced(manifests, Goal.REGISTRIES) == PROD_ALONE


def test_manifests_are_read_as_its_controller_will_write_them() -> None:
    manifests = story()
    del manifests[0]["metadata"]["generation"], manifests[0]["webhooks"][0]["rules"]
    del manifests[1]["metadata"]["generation"], manifests[1]["status"]
    assert enforced(manifests, Goal.SIGNATURES, source="files") == PROD_ALONE


def facts(manifests: list[dict[str, Any]]) -> set[tuple[Flaw, bool, str]]:
    seen = world(manifests, NAMESPACES, services=SERVICES)
    return {
        (fact.flaw, fact.certain, policy.about.subject.name) for policy in image_policies(seen) for fact in policy.facts
    }


def test_flaws_are_told_of_what_has_them() -> None:
    assert facts(story()) == set()
    assert facts(changed("Cluster.spec.mode", "warn")) == {(Flaw.NON_BLOCKING, True, "ours")}
    failed = changed("Cluster.status.conditions", [{"type": "Ready", "status": "False"}])
    assert facts(failed) == {(Flaw.BROKEN, True, "ours")}
    warned = changed("ConfigMap.data", {"no-match-policy": "warn"})
    assert facts(warned) == {(Flaw.NON_BLOCKING, True, "policy.sigstore.dev")}
    opened = changed("Cluster.spec.authorities", [{"static": {"action": "pass"}}])
    assert facts(opened) == set()
    opened[1]["spec"]["images"] = [{"glob": "registry.example/corp*"}]
    assert facts(opened) == {(Flaw.OPEN_ENDED, True, "ours")}
    open_hook = changed("Validating.webhooks.0.failurePolicy", "Ignore")
    assert (Flaw.FAIL_OPEN, True, "policy.sigstore.dev") in facts(open_hook)
    anyone = [{"keyless": {"identities": [{"issuer": "https://a.example", "subjectRegExp": ".*"}]}}]
    assert facts(changed("Cluster.spec.authorities", anyone)) == {(Flaw.OPEN_ENDED, True, "ours")}


@pytest.mark.parametrize(
    ("glob", "image", "matches"),
    [
        ("**", "docker.io/library/nginx", True),
        ("*", "docker.io/library/nginx", True),
        ("*/*", "docker.io/team/app", True),
        ("index.docker.io/library/*", "docker.io/library/nginx", True),
        ("docker.io/library/*", "docker.io/library/nginx", False),
        ("registry.example/*", "registry.example/app", True),
        ("registry.example/*", "registry.example/team/app", False),
        ("registry.example/**", "registry.example/team/app", True),
        ("registry.example/**", "registryXexample/team/app", False),
        ("registry.example**", "registry.example.evil.invalid/app", True),
        ("registry.example/app", "registry.example/app", False),
        ("registry.example/app@*", "registry.example/app", True),
    ],
)
def test_globs_match_as_the_controller_matches_them(glob: str, image: str, matches: bool) -> None:
    policy = read(_policy({"images": [{"glob": glob}], "authorities": [{"static": {"action": "fail"}}]}), manifest=True)
    assert decide(f"{image}{DIGEST}", (policy,), "allow") is (Outcome.DENIED if matches else Outcome.LET_IN)


def test_every_policy_that_matches_has_to_accept() -> None:
    key = {"images": [{"glob": "**"}], "authorities": [{"key": {}}, {"keyless": {}}]}
    lets = {"images": [{"glob": "**"}], "authorities": [{"key": {}}, {"static": {"action": "pass"}}]}
    denies = {"images": [{"glob": "**"}], "authorities": [{"static": {"action": "fail"}}]}
    odd = {"images": [{"glob": "reg!stry"}], "authorities": [{"key": {}}]}
    found = {
        name: read(_policy(spec), manifest=True)
        for name, spec in {"key": key, "lets": lets, "denies": denies, "odd": odd}.items()
    }

    def of(*names: str, no_match: str = "deny") -> Outcome:
        return decide(ELSEWHERE, tuple(found[name] for name in names), no_match)

    assert of() is Outcome.DENIED
    assert of(no_match="") is Outcome.UNKNOWN
    assert of("key") is Outcome.VERIFIED
    assert of("lets") is Outcome.LET_IN
    assert of("lets", "key") is Outcome.VERIFIED
    assert of("key", "denies", "lets") is Outcome.DENIED
    assert of("odd") is Outcome.UNKNOWN
    assert of("odd", "key") is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("glob", "covered"),
    [
        ("registry.example/**", "registry.example"),
        ("registry.example/team/app:*", "registry.example/team/app"),
        ("registry.example/team/*", None),
        ("registry.*/team/**", None),
    ],
)
def test_globs_become_entries_where_they_say_the_same(glob: str, covered: str | None) -> None:
    found = entry(glob)
    assert (str(found) if found else None) == covered


def test_open_ends() -> None:
    assert [
        open_ended(glob) for glob in ("gcr.io/corp*", "gcr.io/corp**", "**", "gcr.io/corp/*", "gcr.io/a:*", "a")
    ] == [*(True, True, False, False, False, False)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("mode", "images", "authorities", "match", "policy"), JSON)),
    st.dictionaries(st.sampled_from(["conditions", "observedGeneration"]), JSON),
)
def test_any_shape_of_a_policy_is_read(spec: dict[str, Any], status: dict[str, Any]) -> None:
    policy = read(_policy(spec, status), manifest=False)
    assert decide(ELSEWHERE, (policy,), "deny") in Outcome


def _policy(spec: dict[str, Any], status: dict[str, Any] | None = None) -> PolicyObject:
    api, kind = "policy.sigstore.dev/v1beta1", "ClusterImagePolicy"
    manifest = {"apiVersion": api, "kind": kind, "metadata": {"name": "x"}, "spec": spec, "status": status or {}}
    return policy_object(manifest)
