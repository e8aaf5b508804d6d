"""Webhooks: which pods reach one, what happens when it is not there, and which of the unknown ones may matter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from auditor.coverage import Gaps
from auditor.enforcement import other_webhooks
from auditor.enforcement.backends import backend
from auditor.enforcement.chain import Flaw, Goal, Link, answer, verdict
from auditor.enforcement.matrix import enforcement
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.other_webhooks import image_policies
from auditor.enforcement.webhooks import hooks, layer
from auditor.enforcement.world import World
from auditor.model import Owner, Service, ServicePort
from auditor.prediction import predict
from auditor.probe import Place, Probe
from tests.enforcement.mechanism_worlds import objects, service, world

PLACES: tuple[Place, ...] = ("container", "init container", "image volume", "update", "ephemeral container")
NAMESPACES: dict[str, dict[str, str]] = {"prod": {"tier": "prod"}, "dev": {"tier": "dev"}}
GUARD = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: image-guard, generation: 1}
webhooks:
  - name: images.guard.example
    clientConfig: {service: {name: guard, namespace: platform, path: /validate}}
    failurePolicy: Fail
    rules:
      - {apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods, pods/ephemeralcontainers]}
    sideEffects: None
"""


def guard(**changes: Any) -> dict[str, Any]:
    found = objects(GUARD)[0]
    found["webhooks"][0].update(changes)
    return found


def seen(*manifests: dict[str, Any], ready: int | None = 1, **options: Any) -> World:
    options.setdefault("services", (service("platform", "guard", ready),))
    return world(manifests, NAMESPACES, **options)


def states(found: World) -> dict[str, dict[str, str]]:
    """The links that do not hold, by namespace."""
    made = layer(found, hooks(found), engine="Guard")
    return {
        name: {link.name: link.state for link in links if link.state != "holds"}
        for name, links in made.by_namespace.items()
    }


def rules(*operations: str, **changes: Any) -> list[dict[str, Any]]:
    given_ = {"apiGroups": [""], "apiVersions": ["*"], "operations": list(operations), "resources": ["pods"], **changes}
    return [given_]


LEFT = {"pods updated": "broken", "ephemeral containers": "broken"}


@pytest.mark.parametrize(
    ("changes", "prod", "dev"),
    [
        ({}, {}, {}),
        ({"failurePolicy": None}, {}, {}),
        ({"failurePolicy": "Ignore"}, {"failure policy": "broken"}, {"failure policy": "broken"}),
        ({"rules": rules("*", resources=["*/*"])}, {}, {}),
        ({"rules": rules("*", resources=["pods/*"])}, {}, {}),
        ({"rules": rules("CREATE")}, LEFT, LEFT),
        ({"rules": rules("CREATE", "UPDATE")}, {"ephemeral containers": "broken"}, {"ephemeral containers": "broken"}),
        (
            {"rules": rules("*", scope="Cluster")},
            {"pods created": "broken", **LEFT},
            {"pods created": "broken", **LEFT},
        ),
        ({"rules": []}, {"pods created": "broken", **LEFT}, {"pods created": "broken", **LEFT}),
        ({"namespaceSelector": {"matchLabels": {"tier": "prod"}}}, {}, {"namespace": "broken"}),
        ({"namespaceSelector": {"matchLabels": {"tier": 1}}}, {"namespace": "unknown"}, {"namespace": "unknown"}),
        ({"objectSelector": {"matchLabels": {"a": "b"}}}, {"pod labels": "broken"}, {"pod labels": "broken"}),
        ({"objectSelector": {}}, {}, {}),
        ({"matchConditions": [{"expression": "request.namespace == 'prod'"}]}, {}, {"match conditions": "broken"}),
        (
            {"matchConditions": [{"expression": "!request.userInfo.username.startsWith('system:serviceaccount:')"}]},
            {"match conditions for controllers": "broken"},
            {"match conditions for controllers": "broken"},
        ),
        (
            {
                "matchConditions": [
                    {"expression": "authorizer.group('').resource('pods').check('breakglass').allowed()"}
                ]
            },
            {"match conditions": "unknown"},
            {"match conditions": "unknown"},
        ),
        (
            {"matchConditions": [{"expression": "object.metadata.labels.a == 'b'"}], "failurePolicy": "Ignore"},
            {"match conditions": "broken", "failure policy": "broken"},
            {"match conditions": "broken", "failure policy": "broken"},
        ),
        ({"clientConfig": {"url": "https://guard.example/"}}, {"backend": "unknown"}, {"backend": "unknown"}),
    ],
)
def test_each_link_of_a_webhook(changes: dict[str, Any], prod: dict[str, str], dev: dict[str, str]) -> None:
    assert states(seen(guard(**changes))) == {"prod": prod, "dev": dev}


def test_failing_open_makes_the_backend_essential() -> None:
    open_, closed = seen(guard(failurePolicy="Ignore"), ready=0), seen(guard(), ready=0)
    assert verdict(layer(open_, hooks(open_), engine="Guard").by_namespace["prod"]) == "not-enforced"
    made = layer(closed, hooks(closed), engine="Guard")
    assert made.closed == {"prod", "dev"}
    assert verdict(made.chains((Link("images", "broken"),))["prod"]) == "enforced"


def test_nothing_is_closed_where_the_webhook_is_not_called() -> None:
    found = seen(guard(namespaceSelector={"matchLabels": {"tier": "prod"}}), ready=0)
    made = layer(found, hooks(found), engine="Guard")
    assert made.closed == {"prod"}
    assert verdict(made.chains((Link("images", "broken"),))["dev"]) == "not-enforced"


def test_the_best_hook_counts_in_each_namespace() -> None:
    first = guard(namespaceSelector={"matchLabels": {"tier": "prod"}})
    second = guard(namespaceSelector={"matchLabels": {"tier": "dev"}}, failurePolicy="Ignore")
    second["metadata"]["name"] = "image-guard-2"
    found = states(seen(first, second))
    assert found == {"prod": {}, "dev": {"failure policy": "broken"}}


def test_no_hook_is_a_broken_link() -> None:
    found = seen()
    assert {link.state for links in layer(found, [], engine="Guard").by_namespace.values() for link in links} == {
        "broken"
    }


@pytest.mark.parametrize(
    ("service_", "port", "state"),
    [
        (Service("platform", "guard", ports=(ServicePort(443),), ready=1), None, "holds"),
        (Service("platform", "guard", ports=(ServicePort(443),), ready=0), None, "broken"),
        (Service("platform", "guard", ports=(ServicePort(8443),), ready=1), None, "broken"),
        (Service("platform", "guard", ports=(ServicePort(8443),), ready=1), 8443, "holds"),
        (Service("platform", "guard", "ExternalName"), None, "unknown"),
        (Service("platform", "other", ready=1), None, "broken"),
    ],
)
def test_what_is_behind_a_webhook(service_: Service, port: int | None, state: str) -> None:
    config = {"service": {"namespace": "platform", "name": "guard", "port": port}}
    assert backend(seen(services=(service_,)), config)[0] == state


def test_services_that_were_not_read_prove_nothing() -> None:
    config = {"service": {"namespace": "platform", "name": "guard"}}
    assert backend(seen(services=(), unread=("services",)), config)[0] == "unknown"


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        (None, True),
        ({}, True),
        ({"matchLabels": {"kubernetes.io/metadata.name": "new"}}, True),
        ({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["new"]}]}, False),
        ({"matchLabels": {"tier": "prod"}}, None),
        ({"matchLabels": {"tier": "prod", "kubernetes.io/metadata.name": "other"}}, False),
    ],
)
def test_labels_that_were_not_read_are_unknown_but_for_the_name(selector: Any, selected: bool | None) -> None:
    found = seen()
    snapshot = structs.replace(found.snapshot, owners=(Owner("new", "Deployment", "web"),))
    known = Namespaces(World(snapshot, found.policy, Gaps(snapshot)))
    assert known.names == ("dev", "new", "prod")
    assert known.selected(selector, "new") is selected


def goals(name: str, mutating: bool = False, configuration: str = "ours", path: str = "/") -> set[Goal]:
    manifest = guard(name=name, clientConfig={"service": {"name": "guard", "namespace": "platform", "path": path}})
    manifest["metadata"]["name"] = configuration
    manifest["kind"] = "MutatingWebhookConfiguration" if mutating else "ValidatingWebhookConfiguration"
    return {goal for policy in image_policies(seen(manifest)) for goal in policy.goals}


@pytest.mark.parametrize(
    ("name", "mutating", "expected"),
    [
        ("images.guard.example", False, set(Goal)),
        ("imagepolicy.corp.example", True, set(Goal)),
        ("policyeval.stackrox.io", False, set(Goal)),
        ("validating-webhook.openpolicyagent.org", False, set(Goal)),
        ("pods.corp.example", False, {Goal.REGISTRIES, Goal.DIGESTS}),
        ("pods.corp.example", True, set()),
        ("sidecar-injector.istio.io", True, set()),
        ("rev.validation.istio.io", False, set()),
        ("vpod.elbv2.k8s.aws", False, set()),
        ("validation.gatekeeper.sh", False, set()),
        ("validate.kyverno.svc-fail", False, set()),
        ("policy.sigstore.dev", False, set()),
    ],
)
def test_unknown_webhooks_are_told_apart_by_what_they_say(name: str, mutating: bool, expected: set[Goal]) -> None:
    assert goals(name, mutating) == expected


def test_configuration_and_path_speak_too() -> None:
    assert goals("check.corp.example", configuration="image-bouncer") == set(Goal)
    assert goals("check.corp.example", path="/verify/signatures") == set(Goal)
    assert goals("check.corp.example", configuration="imagination") == {Goal.REGISTRIES, Goal.DIGESTS}


@pytest.mark.parametrize(
    ("changes", "ready", "prod", "dev"),
    [
        ({}, 1, "unknown", "unknown"),
        ({"failurePolicy": "Ignore"}, 0, "not-enforced", "not-enforced"),
        ({}, 0, "enforced", "enforced"),
        ({"namespaceSelector": {"matchLabels": {"tier": "prod"}}}, 1, "unknown", "not-enforced"),
        ({"rules": rules("DELETE")}, 1, "not-enforced", "not-enforced"),
        ({"rules": rules("*", resources=["deployments"])}, 1, "not-enforced", "not-enforced"),
    ],
)
def test_what_an_unknown_webhook_denies_cannot_be_seen(
    changes: dict[str, Any], ready: int, prod: str, dev: str
) -> None:
    told = list(image_policies(seen(guard(**changes), ready=ready)))
    assert [answer(told, name, Goal.REGISTRIES).verdict for name in ("prod", "dev")] == [prod, dev]


def test_an_injector_with_a_dead_backend_is_told_and_serves_no_goal() -> None:
    injector = guard(name="inject.mesh.example")
    injector.update(kind="MutatingWebhookConfiguration", metadata={"name": "sidecar-injector"})
    (policy,) = image_policies(seen(injector, ready=0))
    assert policy.goals == frozenset()
    assert [fact.flaw for fact in policy.facts] == [Flaw.DEAD_BACKEND]
    assert list(image_policies(seen(injector))) == []


def test_the_facts_of_a_guard_that_fails_open() -> None:
    (policy,) = image_policies(seen(guard(failurePolicy="Ignore", rules=rules("CREATE")), ready=0))
    assert {fact.flaw for fact in policy.facts} == {Flaw.FAIL_OPEN, Flaw.PARTIAL, Flaw.DEAD_BACKEND}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["name", "rules", "clientConfig", "failurePolicy", "matchConditions"]), values))
def test_no_shape_of_a_webhook_is_an_error(changes: dict[str, Any]) -> None:
    told = list(image_policies(seen(guard(**changes))))
    assert {answer(told, name, goal).verdict for name in NAMESPACES for goal in Goal} <= {
        "enforced",
        "unknown",
        "not-enforced",
    }


CONDITIONS = [
    ("request.operation == 'CREATE'", LEFT),
    ("oldObject == null", LEFT),
    ("!has(request.subResource)", {"ephemeral containers": "broken"}),
    ("!('system:masters' in request.userInfo.groups)", {"match conditions for administrators": "broken"}),
    ("!has(namespaceObject.metadata)", {}),
    # Conditions are not given the Namespace: reading it fails, and the policy for failures decides.
    ("namespaceObject.metadata.labels.tier == 'prod'", {}),
    ("namespaceObject == null", {"match conditions": "unknown"}),
]


@pytest.mark.parametrize(("expression", "broken"), CONDITIONS)
def test_conditions_leave_out_more_than_new_pods(expression: str, broken: dict[str, str]) -> None:
    """As a 1.36 API server called the webhook, or did not."""
    found = states(seen(guard(matchConditions=[{"name": "a", "expression": expression}])))
    assert found == {"prod": broken, "dev": broken}


def test_a_webhook_for_changes_alone_enforces_nothing_and_may_deny_them() -> None:
    for changes, place in (
        (rules("UPDATE"), "update"),
        (rules("UPDATE", resources=["pods/ephemeralcontainers"]), "ephemeral container"),
    ):
        found = enforcement(seen(guard(rules=changes)), [other_webhooks])
        assert found.answer("prod", Goal.REGISTRIES).verdict == "not-enforced"
        assert not [fact for policy in found.policies for fact in policy.facts]
        open_places = {at for at in PLACES if predict(found, Probe("prod", at, "a.example/b:1", True)) is None}
        assert open_places == {place}
