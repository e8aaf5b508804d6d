"""Connaisseur: its rules as it reads them, what it stops in which namespace, and each way in which it does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enforcement.chain import Flaw, Goal
from auditor.enforcement.connaisseur import image_policies
from auditor.enforcement.connaisseur_rules import Rule, decide, entry, open_ended, read
from auditor.enforcement.outcomes import DIGEST, ELSEWHERE, Outcome
from tests.enforcement.mechanism_worlds import objects, service, verdicts, world

NAMESPACES = {
    "prod": {},
    "dev": {"securesystemsengineering.connaisseur/webhook": "ignore"},
    "connaisseur": {"securesystemsengineering.connaisseur/webhook": "ignore"},
}
SERVICES = (service("connaisseur", "connaisseur-svc"),)
CONFIG = """
validators:
  - {name: allow, type: static, approve: true}
  - {name: deny, type: static, approve: false}
  - name: default
    type: cosign
    trustRoots: [{name: default, key: PUBLIC}]
policy:
  - {pattern: "*:*", validator: deny}
  - {pattern: "registry.example/*:*"}
  - {pattern: "registry.k8s.io/*:*", validator: allow}
"""
STORY = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: connaisseur-webhook, generation: 1}
webhooks:
  - name: connaisseur-svc.connaisseur.svc
    clientConfig: {service: {name: connaisseur-svc, namespace: connaisseur, path: /mutate}}
    failurePolicy: Fail
    namespaceSelector:
      matchExpressions:
        - {key: securesystemsengineering.connaisseur/webhook, operator: NotIn, values: [ignore]}
    rules:
      - operations: [CREATE, UPDATE]
        apiGroups: [""]
        apiVersions: [v1]
        resources: [pods, pods/ephemeralcontainers, replicationcontrollers]
"""


def story(config: str = CONFIG, **environment: str) -> list[dict[str, Any]]:
    return [
        *objects(STORY),
        _configmap("connaisseur-app-config", {"config.yaml": config}),
        _configmap("connaisseur-env", {"DETECTION_MODE": "false", **environment}),
    ]


def _configmap(name: str, data: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "connaisseur"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def enforced(manifests: list[dict[str, Any]], goal: Goal, **options: Any) -> dict[str, str]:
    options.setdefault("services", SERVICES)
    return verdicts(image_policies, world(manifests, NAMESPACES, **options), goal)


def in_prod(verdict: str) -> dict[str, str]:
    return {"prod": verdict, "dev": "not-enforced", "connaisseur": "not-enforced"}


def test_it_enforces_both_goals_outside_of_what_it_ignores() -> None:
    assert enforced(story(), Goal.REGISTRIES) == in_prod("enforced")
    assert enforced(story(), Goal.SIGNATURES) == in_prod("enforced")
    assert enforced(story(), Goal.DIGESTS) == in_prod("not-enforced")


def test_an_allowed_registry_that_is_let_in_unsigned_breaks_signatures_alone() -> None:
    both = ("registry.example", "registry.k8s.io")
    assert enforced(story(), Goal.SIGNATURES, allowed=both) == in_prod("not-enforced")
    assert enforced(story(), Goal.REGISTRIES, allowed=both) == in_prod("enforced")


def hook(key: str, value: Any) -> list[dict[str, Any]]:
    manifests = copy.deepcopy(story())
    manifests[0]["webhooks"][0][key] = value
    return manifests


@pytest.mark.parametrize(
    ("manifests", "prod"),
    [
        (hook("failurePolicy", "Ignore"), "enforced"),
        (hook("rules", []), "not-enforced"),
        (hook("namespaceSelector", {"matchLabels": {"checked": "yes"}}), "not-enforced"),
        (hook("objectSelector", {"matchLabels": {"checked": "yes"}}), "not-enforced"),
        (story(DETECTION_MODE="true"), "not-enforced"),
        (story(DETECTION_MODE="1"), "not-enforced"),
        (story(DETECTION_MODE="nonsense"), "enforced"),
        (story(CONFIG.replace("validator: deny", "validator: allow")), "not-enforced"),
        (story(CONFIG.replace("validator: deny", "validator: gone")), "enforced"),
        (story(CONFIG.replace("validator: deny", "validator: default")), "unknown"),
        (story(CONFIG.replace("type: cosign", "type: notation")), "enforced"),
        (story("policy: ["), "unknown"),
        (story("{}"), "unknown"),
        (story()[:1], "unknown"),
        (story()[:2], "enforced"),
    ],
)
def test_one_change_decides_about_the_namespace_that_is_selected(manifests: list[dict[str, Any]], prod: str) -> None:
    assert enforced(manifests, Goal.REGISTRIES) == in_prod(prod)


def test_a_backend_that_is_gone() -> None:
    gone = hook("failurePolicy", "Ignore")
    assert enforced(gone, Goal.REGISTRIES, services=()) == in_prod("not-enforced")
    assert enforced(story(), Goal.REGISTRIES, services=()) == in_prod("enforced")


def test_settings_that_were_not_read_leave_it_undecided() -> None:
    assert enforced(story()[:2], Goal.REGISTRIES, unread=["configmaps"]) == in_prod("unknown")


def test_absent_it_says_nothing() -> None:
    assert list(image_policies(world(story()[1:], NAMESPACES))) == []


def facts(manifests: list[dict[str, Any]]) -> set[tuple[Flaw, bool]]:
    seen = world(manifests, NAMESPACES, services=SERVICES)
    found = [fact for policy in image_policies(seen) for fact in policy.facts]
    assert [fact.part for fact in found if fact.flaw is Flaw.PARTIAL] == ["volumes"]
    return {(fact.flaw, fact.certain) for fact in found if fact.flaw is not Flaw.PARTIAL}


def test_flaws() -> None:
    assert facts(story()) == set()
    assert facts(story(DETECTION_MODE="true")) == {(Flaw.NON_BLOCKING, True)}
    assert facts(story(CONFIG.replace("registry.k8s.io/*:*", "registry.k8s.io/pause"))) == {(Flaw.OPEN_ENDED, True)}
    audit = CONFIG.replace("type: cosign", "type: notation").replace(
        '"registry.example/*:*"', '"registry.example/*:*", with: {verificationLevel: audit}'
    )
    assert facts(story(audit)) == {(Flaw.NON_BLOCKING, True)}


def rules(*patterns: str) -> tuple[Rule, ...]:
    """One rule a pattern; the outcome tells which one counted."""
    told = (Outcome.LET_IN, Outcome.VERIFIED, Outcome.DENIED)
    return tuple(Rule(pattern, "", outcome) for pattern, outcome in zip(patterns, told, strict=False))


@pytest.mark.parametrize(
    ("patterns", "image", "outcome"),
    [
        (("*:*", "registry.example/*:*"), "registry.example/app", Outcome.VERIFIED),
        (("registry.example/*:*", "*:*"), "registry.example/app", Outcome.LET_IN),
        (("registry.example/team/*", "registry.example/*"), "registry.example/team/app", Outcome.LET_IN),
        (("*/*:*", "*:*"), "registry.example/app", Outcome.LET_IN),
        (("same/*", "same/*"), "same/app", Outcome.VERIFIED),
        (("docker.io/library/*:*",), "docker.io/library/nginx", Outcome.LET_IN),
        (("registry.example/*",), "other.example/app", Outcome.DENIED),
        # A star is understood at both ends.
        (("registry.example/app",), "evil.invalid/registry.example/app-2", Outcome.LET_IN),
        (("registry.example/[ab]*",), "registry.example/app", Outcome.UNKNOWN),
    ],
)
def test_the_most_specific_rule_counts(patterns: tuple[str, ...], image: str, outcome: Outcome) -> None:
    assert decide(f"{image}{DIGEST}", rules(*patterns)) is outcome


def test_entries_and_open_ends() -> None:
    assert [str(entry(pattern)) for pattern in ("registry.example/*:*", "registry.example/app:*", "a*b", "*:*")] == [
        *("registry.example", "registry.example/app", "None", "None")
    ]
    patterns = ("registry.example/*:*", "registry.example/app:*", "registry.example/app", "registry.example*")
    assert [open_ended(pattern) for pattern in patterns] == [False, False, True, True]


@pytest.mark.parametrize(
    "config",
    ["", "[]", "a: &a [1]\npolicy: *a", "- " * 50_000, "[" * 50_000, "x" * (1 << 21), CONFIG.replace("pattern", "p")],
)
def test_hostile_and_other_documents_are_not_understood(config: str) -> None:
    assert read(config) is None


@given(st.lists(st.text(alphabet="ab*/:?.[", min_size=1, max_size=12), max_size=4))
def test_any_patterns_are_decided(patterns: list[str]) -> None:
    assert decide(ELSEWHERE, rules(*patterns)) in Outcome
