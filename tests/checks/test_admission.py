"""Checks of enforcement: what becomes of gaps, of namespaces of their own kind, of several policies together."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from auditor.image import parse_entry
from auditor.model import ControlPlanePod, Coverage, Namespace, Service, Snapshot
from auditor.policy import Policy, Registries
from auditor.report import Finding, Report
from tests.auditing import audit
from tests.enforcement.mechanism_worlds import objects, service, world

POLICY = Policy(registries=Registries(allowed=(parse_entry("registry.example"),)))
HOOK = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: %s, generation: 1}
webhooks:
  - name: %s
    clientConfig: {service: {name: %s, namespace: %s}}
    failurePolicy: Fail
    namespaceSelector: %s
    rules:
      - {operations: [CREATE, UPDATE], apiGroups: [""], apiVersions: [v1], resources: [pods, pods/ephemeralcontainers]}
"""
KUBEWARDEN = """
apiVersion: policies.kubewarden.io/v1
kind: ClusterAdmissionPolicy
metadata: {name: %s, generation: 1}
spec:
  module: ghcr.io/kubewarden/policies/trusted-repos:v2
  rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]
  settings: {registries: {allow: [%s]}}
status: {policyStatus: active, mode: protect}
"""
SERVER = {"apiVersion": "policies.kubewarden.io/v1", "kind": "PolicyServer", "metadata": {"name": "default"}}
SERVICES = (service("kubewarden", "policy-server-default"), service("cosign-system", "webhook"))


def kubewarden(name: str, *registries: str, selector: str = "{}") -> list[dict[str, Any]]:
    full = f"clusterwide-{name}"
    hook = HOOK % (full, f"{full}.kubewarden.admission", "policy-server-default", "kubewarden", selector)
    return [*objects(KUBEWARDEN % (name, ", ".join(registries))), *objects(hook)]


def policy_controller() -> list[dict[str, Any]]:
    selector = '{matchLabels: {policy.sigstore.dev/include: "true"}}'
    return objects(HOOK % ("policy.sigstore.dev", "policy.sigstore.dev", "webhook", "cosign-system", selector))


def snapshot(manifests: list[dict[str, Any]], *names: str, **options: Any) -> Snapshot:
    options.setdefault("services", SERVICES)
    return world([SERVER, *manifests], {name: {} for name in names}, **options).snapshot


def report(found: Snapshot, check: str, policy: Policy = POLICY) -> Report:
    return audit(found, policy, [check])


def finding(made: Report) -> Finding:
    (only,) = made.findings
    return only


def counts(made: Report) -> tuple[int, int, int]:
    (row,) = made.checks
    return row.passed, row.fail, row.manual


def test_the_finding_names_the_nearest_policy_and_its_broken_link() -> None:
    told = finding(report(snapshot(policy_controller(), "shop"), "unenforced-namespace"))
    assert (told.namespace, told.subject.kind, told.subject.name) == ("shop", "Namespace", "shop")
    assert told.evidence["nearest"]["name"] == "policy.sigstore.dev"
    assert told.evidence["link"]["name"] == "namespace"
    assert "none" not in told.message.lower().partition("nearest")[0]
    assert any("loads from files" in hidden for hidden in told.evidence["notVisible"])


def test_flags_that_are_seen_are_not_among_what_is_hidden() -> None:
    plain = snapshot([], "shop")
    server = ControlPlanePod("kube-apiserver-cp1", "kube-apiserver", "cp1")
    seen = msgspec.structs.replace(plain, control_plane=(server,))
    hidden, shown = (finding(report(found, "unenforced-namespace")) for found in (plain, seen))
    assert len(hidden.evidence["notVisible"]) == len(shown.evidence["notVisible"]) + 2
    assert hidden.status == shown.status == "fail"


@pytest.mark.parametrize(
    ("namespace", "kind", "words"),
    [
        ("shop", None, "shop"),
        ("kube-system", "the cluster", "own components"),
        ("cosign-system", "sigstore policy-controller", "itself runs there"),
    ],
)
def test_namespaces_of_their_own_kind_are_told_apart(namespace: str, kind: str | None, words: str) -> None:
    told = finding(report(snapshot(policy_controller(), namespace), "unenforced-namespace"))
    assert told.evidence.get("namespaceOf") == kind
    assert words in told.message


def test_a_refused_group_leaves_namespaces_to_the_one_answer_of_the_cluster() -> None:
    refused = snapshot([], "shop", "dev", unread=["validatingwebhookconfigurations.admissionregistration.k8s.io"])
    told = finding(report(refused, "unenforced-namespace"))
    assert (told.status, told.cause, told.subject.kind) == ("manual", "unreadable", "Cluster")
    assert told.evidence["count"] == 2


def test_a_refused_group_does_not_matter_where_something_else_enforces() -> None:
    refused = ["clusterimagepolicies.config.openshift.io"]
    found = snapshot(kubewarden("trusted", "registry.example"), "shop", unread=refused)
    assert counts(report(found, "unenforced-namespace")) == (1, 0, 0)


def test_files_prove_what_they_hold_and_not_what_they_lack() -> None:
    def part_of(manifests: list[dict[str, Any]]) -> Snapshot:
        found = snapshot(manifests, "shop", source="files")
        rows = tuple(Coverage(row.resource, "read", complete=False) for row in found.coverage)
        return msgspec.structs.replace(found, coverage=rows)

    enforcing = kubewarden("trusted", "registry.example")
    assert counts(report(part_of(enforcing), "unenforced-namespace")) == (1, 0, 0)
    told = finding(report(part_of([]), "unenforced-namespace"))
    assert (told.status, told.cause) == ("manual", "unreadable")


def test_of_two_allowlists_what_both_let_in_counts() -> None:
    both = [*kubewarden("wide", "registry.example", "quay.io"), *kubewarden("narrow", "registry.example")]
    assert counts(report(snapshot(both, "shop"), "enforcement-drift"))[1] == 0
    alone = finding(report(snapshot(kubewarden("wide", "registry.example", "quay.io"), "shop"), "enforcement-drift"))
    assert alone.evidence == {"entries": {"quay.io": ["shop"]}}


def test_drift_is_told_for_the_namespaces_where_the_policy_counts() -> None:
    selector = "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop]}]}"
    policy = Policy(
        registries=Registries(
            allowed=(parse_entry("registry.example"),), namespaces={"*": (parse_entry("quay.io/team"),)}
        )
    )
    found = snapshot(kubewarden("trusted", "registry.example", selector=selector), "shop", "dev")
    told = finding(report(found, "enforcement-drift", policy))
    assert told.evidence == {"entries": {"quay.io/team": ["shop"]}}


def test_without_an_allowlist_one_question_lists_what_admission_allows() -> None:
    both = [*kubewarden("one", "quay.io"), *kubewarden("two", "ghcr.io")]
    told = finding(report(snapshot(both, "shop"), "enforcement-drift", Policy()))
    assert (told.status, told.subject.kind) == ("manual", "Cluster")
    assert set(told.evidence["allowedAtAdmission"]) == {"ghcr.io", "quay.io"}


def test_the_webhook_of_an_engine_without_image_policies_is_no_subject() -> None:
    hook = policy_controller()
    hook[0]["webhooks"][0]["failurePolicy"] = "Ignore"
    assert counts(report(snapshot(hook, "shop"), "fail-open-admission"))[1] == 1
    other = objects(HOOK % ("cert-manager", "webhook.cert-manager.io", "webhook", "cosign-system", "{}"))
    other[0]["webhooks"][0]["failurePolicy"] = "Ignore"
    assert counts(report(snapshot(other, "shop"), "fail-open-admission"))[1] == 0


def test_each_dead_webhook_of_a_configuration_is_told() -> None:
    hook = objects(HOOK % ("guards", "a.example", "gone", "platform", "{}"))
    second = {**hook[0]["webhooks"][0], "name": "b.example", "failurePolicy": "Ignore"}
    idle = {**second, "name": "c.example", "rules": []}
    elsewhere = {**second, "name": "d.example", "clientConfig": {"url": "https://guard.example"}}
    nowhere = {**second, "name": "e.example", "namespaceSelector": {"matchLabels": {"guarded": "yes"}}}
    hook[0]["webhooks"] += [second, idle, elsewhere, nowhere]
    made = report(snapshot(hook, "shop"), "dead-admission-backend")
    assert counts(made) == (0, 1, 0)
    assert [
        (f.message.split()[1], f.evidence["failurePolicy"]) for f in sorted(made.findings, key=lambda f: f.message)
    ] == [
        ("a.example", "Fail"),
        ("b.example", "Ignore"),
    ]


@pytest.mark.parametrize(
    ("services", "unread", "expected"),
    [
        ((service("platform", "guard"),), [], (1, 0, 0)),
        ((service("platform", "guard", ready=0),), [], (0, 1, 0)),
        ((), [], (0, 1, 0)),
        ((), ["services"], (0, 0, 1)),
        ((service("platform", "guard", ready=None),), ["endpointslices.discovery.k8s.io"], (0, 0, 1)),
    ],
)
def test_backends(services: tuple[Service, ...], unread: list[str], expected: tuple[int, int, int]) -> None:
    hook = objects(HOOK % ("guards", "a.example", "guard", "platform", "{}"))
    made = report(snapshot(hook, "shop", services=services, unread=unread), "dead-admission-backend")
    assert counts(made) == expected


@pytest.mark.parametrize(("level", "fails"), [(None, 1), ("privileged", 1), ("baseline", 0), ("restricted", 0)])
def test_pod_security_is_read_off_the_label(level: str | None, fails: int) -> None:
    labels = {} if level is None else {"pod-security.kubernetes.io/enforce": level}
    found = Snapshot(coverage=(Coverage("namespaces", "read"),), namespaces=(Namespace("shop", labels),))
    made = report(found, "namespace-without-pod-security")
    assert counts(made)[1] == fails
    assert all("not about images" in told.message for told in made.findings)


def with_server(found: Snapshot) -> Snapshot:
    return msgspec.structs.replace(found, control_plane=(ControlPlanePod("kube-apiserver-cp1", "kube-apiserver"),))


@pytest.mark.parametrize(
    ("manifests", "options", "status"),
    [
        (kubewarden("trusted", "registry.example"), {}, None),
        (kubewarden("trusted", "registry.example", selector='{matchLabels: {guarded: "yes"}}'), {}, "fail"),
        ([], {}, "fail"),
        ([], {"unread": ["validatingwebhookconfigurations.admissionregistration.k8s.io"]}, "manual"),
    ],
)
def test_the_image_policy_webhook_is_not_missed_where_another_mechanism_enforces(
    manifests: list[dict[str, Any]], options: dict[str, Any], status: str | None
) -> None:
    made = report(with_server(snapshot(manifests, "shop", **options)), "image-policy-webhook-disabled")
    assert [told.status for told in made.findings] == ([status] if status else [])
