"""Kyverno: what its policies stop in which namespace, and each way in which they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.coverage import Unread
from auditor.enforcement.chain import Flaw, Goal, answer
from tests.enforcement.kyverno_story import (
    IMAGE_VALIDATING_POLICY,
    VALIDATING_POLICY,
    VERIFYING_POLICY,
    policies,
    story,
    verdicts,
)
from tests.enforcement.mechanism_worlds import objects, service

Manifests = dict[str, dict[str, Any]]
Change = Callable[[Manifests], Any]
IN, OUT, UNSURE = "enforced", "not-enforced", "unknown"


def by_namespace(prod: str, dev: str) -> dict[str, str]:
    """Kyverno's webhooks leave out kube-system and itself, its filters kube-public."""
    return {"prod": prod, "dev": dev, "kube-public": OUT, "kube-system": OUT, "kyverno": OUT}


def broken(manifests: Manifests, namespace: str = "prod") -> set[str]:
    policy = policies(manifests.values())[0]
    return {link.name for link in policy.chain(namespace) if link.state == "broken"}


def test_a_pattern_enforces_registries_and_nothing_else() -> None:
    assert verdicts(story().values()) == by_namespace(IN, IN)
    assert verdicts(story().values(), Goal.DIGESTS) == by_namespace(OUT, OUT)
    policy = policies(story().values())[0]
    assert policy.allowed == ("registry.example", "quay.io/corp")
    assert {fact.flaw for fact in policy.facts} == {Flaw.PARTIAL}
    assert broken(story()) == {"reads image volumes"}
    assert broken(story(), "kube-system") == {"reads image volumes", "namespace", "resource filters"}


def spec(**changes: Any) -> Change:
    return lambda found: found["policy"]["spec"].update(changes)


def rule(**changes: Any) -> Change:
    return lambda found: found["policy"]["spec"]["rules"][0].update(changes)


def validate(**changes: Any) -> Change:
    return lambda found: found["policy"]["spec"]["rules"][0]["validate"].update(changes)


def instead(**changes: Any) -> Change:
    """A rule that validates otherwise."""
    own = {"failureAction": "Enforce", **changes}
    return lambda found: found["policy"]["spec"]["rules"][0].update(validate=own)


def resources(**changes: Any) -> Change:
    return rule(match={"any": [{"resources": {"kinds": ["Pod"], **changes}}]})


def excluded(**changes: Any) -> Change:
    return rule(exclude={"any": [{"resources": changes}]})


def default(action: str, *overrides: dict[str, Any]) -> Change:
    """The policy's own action in the place of the rule's."""

    def change(found: Manifests) -> None:
        del found["policy"]["spec"]["rules"][0]["validate"]["failureAction"]
        spec(validationFailureAction=action, validationFailureActionOverrides=list(overrides))(found)

    return change


def hook(**changes: Any) -> Change:
    return lambda found: found["validating"]["webhooks"][0].update(changes)


def config(**changes: Any) -> Change:
    return lambda found: found["config"]["data"].update(changes)


def image(pattern: str) -> Change:
    return validate(pattern={"spec": {"containers": [{"image": pattern}]}})


def foreach(**each: Any) -> Change:
    return instead(foreach=[{"list": "request.object.spec.containers", **each}])


def denied(key: str, operator: str, value: Any) -> dict[str, Any]:
    return {"deny": {"conditions": {"any": [{"key": key, "operator": operator, "value": value}]}}}


def cel(expression: str, **more: Any) -> Change:
    return instead(cel={"expressions": [{"expression": expression}], **more})


PROD = {"matchLabels": {"tier": "prod"}}
OURS = "object.spec.containers.all(c, c.image.startsWith('registry.example/'))"


@pytest.mark.parametrize(
    ("change", "prod", "dev"),
    [
        # The action.
        (validate(failureAction="Audit"), OUT, OUT),
        (validate(failureActionOverrides=[{"action": "Audit", "namespaces": ["d*"]}]), IN, OUT),
        (validate(failureActionOverrides=[{"action": "Audit", "namespaceSelector": PROD}]), OUT, IN),
        (validate(failureActionOverrides=[{"action": "Audit"}]), OUT, OUT),
        (
            validate(failureActionOverrides=[{"action": "Audit", "namespaceSelector": {"matchLabels": 1}}]),
            UNSURE,
            UNSURE,
        ),
        (default("Audit"), OUT, OUT),
        (default("audit"), OUT, OUT),
        (default("Enforce"), IN, IN),
        (default("enforce"), IN, IN),
        (default("Audit", {"action": "enforce", "namespaces": ["prod"]}), IN, OUT),
        (default("Enforce", {"action": "audit", "namespaces": ["prod"]}), OUT, IN),
        (lambda found: found["policy"]["spec"]["rules"][0]["validate"].pop("failureAction"), OUT, OUT),
        (spec(admission=False), OUT, OUT),
        # Where the rule applies.
        (resources(kinds=["Deployment", "StatefulSet"]), OUT, OUT),
        (resources(kinds=["v1/Pod"]), IN, IN),
        (resources(kinds=["*/*"]), IN, IN),
        (resources(kinds=["Pod/exec"]), OUT, OUT),
        (resources(kinds=["apps/v1/Pod"]), OUT, OUT),
        (resources(namespaces=["pr?d"]), IN, OUT),
        (resources(namespaceSelector=PROD), IN, OUT),
        (resources(namespaceSelector={"matchLabels": {"ti*": "d*"}}), OUT, IN),
        (resources(selector={"matchLabels": {"check": "yes"}}), OUT, OUT),
        (resources(names=["web-*"]), OUT, OUT),
        (resources(name="*"), IN, IN),
        (resources(annotations={"a": "b"}), OUT, OUT),
        (resources(operations=["CREATE"]), IN, IN),
        (resources(operations=["UPDATE"]), OUT, OUT),
        (
            rule(match={"any": [{"subjects": [{"kind": "User", "name": "ci"}], "resources": {"kinds": ["Pod"]}}]}),
            OUT,
            OUT,
        ),
        (rule(match={"all": [{"resources": {"kinds": ["Pod"]}}, {"resources": {"namespaces": ["dev"]}}]}), OUT, IN),
        (rule(match={"resources": {"kinds": ["Pod"]}}), IN, IN),
        (rule(match={}), OUT, OUT),
        (excluded(namespaces=["dev"]), IN, OUT),
        (excluded(kinds=["Pod"], namespaces=["de*", "x"]), IN, OUT),
        (excluded(namespaceSelector=PROD), OUT, IN),
        (excluded(namespaceSelector={"matchExpressions": [{"key": "tier", "operator": "Like"}]}), UNSURE, UNSURE),
        (excluded(selector={"matchLabels": {"skip": "yes"}}), IN, IN),
        (rule(exclude={"any": [{"clusterRoles": ["cluster-admin"]}]}), IN, IN),
        (rule(exclude={"any": [{"subjects": [{"kind": "Group", "name": "system:*"}]}]}), OUT, OUT),
        (
            rule(preconditions={"all": [{"key": "{{request.operation}}", "operator": "In", "value": ["UPDATE"]}]}),
            OUT,
            OUT,
        ),
        (
            rule(preconditions={"all": [{"key": "{{request.namespace}}", "operator": "Equals", "value": "dev"}]}),
            OUT,
            IN,
        ),
        (
            rule(preconditions={"any": [{"key": "{{ request.magic() }}", "operator": "Equals", "value": 1}]}),
            UNSURE,
            UNSURE,
        ),
        (rule(context=[{"name": "list", "configMap": {"name": "registries"}}]), UNSURE, UNSURE),
        # What it says.
        (image("registry.example/*"), IN, IN),
        (image("registry*"), OUT, OUT),
        (image("!docker.io/*"), OUT, OUT),
        (image("*@sha256:*"), OUT, OUT),
        (image("{{ magic.list }}"), UNSURE, UNSURE),
        (validate(pattern={"spec": {"initContainers": [{"image": "registry.example/*"}]}}), UNSURE, UNSURE),
        (validate(pattern={"spec": {"=(initContainers)": [{"image": "registry.example/*"}]}}), OUT, OUT),
        (validate(pattern={"spec": {"containers": [{"(name)": "main", "image": "registry.example/*"}]}}), OUT, OUT),
        (validate(pattern={"spec": {"^(containers)": [{"image": "registry.example/*"}]}}), UNSURE, UNSURE),
        (instead(anyPattern=[{"spec": {"containers": [{"image": f"{name}/*"}]}} for name in ("a.io", "b.io")]), IN, IN),
        (foreach(pattern={"image": "registry.example/*"}), IN, IN),
        (foreach(**denied("{{ element.image }}", "AnyNotIn", ["registry.example/*"])), IN, IN),
        (foreach(**denied("{{ element.image }}", "AnyIn", ["registry.example/*"])), OUT, OUT),
        (
            foreach(**denied('{{ images.containers."{{element.name}}".registry }}', "NotEquals", "registry.example")),
            IN,
            IN,
        ),
        (instead(**denied("{{ images.containers.*.registry || `[]` }}", "AnyNotIn", ["registry.example"])), IN, IN),
        (instead(**denied("{{ request.object.spec.containers[].image }}", "AnyNotIn", ["registry.example/*"])), IN, IN),
        (instead(manifests={}), OUT, OUT),
        (cel(OURS), IN, IN),
        (cel(f"namespaceObject.metadata.labels.tier != 'dev' || {OURS}"), OUT, IN),
        (cel("object.spec.containers.all(c, magic(c.image))"), UNSURE, UNSURE),
        (cel(OURS, paramKind={"apiVersion": "v1", "kind": "ConfigMap"}), IN, IN),
        # Its state.
        (lambda found: found["policy"]["status"]["conditions"][0].update(status="False"), OUT, OUT),
        (lambda found: found["policy"].pop("status"), UNSURE, UNSURE),
        # The webhook.
        (hook(failurePolicy="Ignore"), IN, IN),
        (hook(name="validate.kyverno.svc-ignore"), IN, IN),
        (hook(namespaceSelector=PROD), IN, OUT),
        (hook(objectSelector={"matchLabels": {"check": "yes"}}), OUT, OUT),
        (hook(rules=[]), OUT, OUT),
        (spec(webhookConfiguration={"matchConditions": [{"name": "a", "expression": "true"}]}), OUT, OUT),
        (spec(failurePolicy="Ignore"), OUT, OUT),
        # The ConfigMap.
        (config(resourceFilters="[Pod,dev,*]"), IN, OUT),
        (config(resourceFilters="[*,d*,*]"), IN, OUT),
        (config(resourceFilters="[Pod,dev,web-*]"), IN, IN),
        (config(resourceFilters="[Pod/exec,*,*]"), IN, IN),
        (config(excludeGroups="system:nodes, system:authenticated"), OUT, OUT),
        (config(excludeUsernames="system:kube-scheduler"), IN, IN),
    ],
)
def test_one_changed_field_changes_the_namespaces_concerned(change: Change, prod: str, dev: str) -> None:
    found = story()
    change(found)
    told = verdicts(found.values())
    assert {"prod": told["prod"], "dev": told["dev"]} == {"prod": prod, "dev": dev}
    assert told["kube-system"] == OUT


@pytest.mark.parametrize(
    ("ready", "failure_policy", "verdict"), [(0, "Ignore", OUT), (0, "Fail", IN), (1, "Ignore", IN)]
)
def test_without_a_ready_endpoint_the_failure_policy_decides(ready: int, failure_policy: str, verdict: str) -> None:
    found = story()
    hook(failurePolicy=failure_policy)(found)
    services = [service("kyverno", "kyverno-svc", ready)]
    told = verdicts(found.values(), services=services)
    assert (told["prod"], told["dev"], told["kube-system"]) == (verdict, verdict, OUT)
    # A dead webhook that fails closed denies also where Kyverno itself would have filtered.
    assert told["kube-public"] == (IN if (ready, failure_policy) == (0, "Fail") else OUT)


def test_a_policy_left_in_audit_is_told_as_such() -> None:
    found = story()
    default("Audit", {"action": "Enforce", "namespaces": ["prod"]})(found)
    facts = {fact.flaw: fact.message for fact in policies(found.values())[0].facts}
    assert "dev" in facts[Flaw.NON_BLOCKING]
    weakest = answer(policies(found.values()), "dev", Goal.REGISTRIES).weakest
    assert weakest is not None
    assert weakest.name == "action"


def test_a_namespaced_policy_is_for_its_namespace() -> None:
    found = story()
    found["policy"].update(kind="Policy", metadata={"name": "ours", "namespace": "dev", "generation": 1})
    assert verdicts(found.values()) == by_namespace(OUT, IN)
    assert policies(found.values())[0].about.namespace == "dev"


def test_two_rules_of_which_one_blocks() -> None:
    found = story()
    first = found["policy"]["spec"]["rules"][0]
    second = {**first, "name": "digests", "validate": {"pattern": {"spec": {"containers": [{"image": "*@sha256:*"}]}}}}
    found["policy"]["spec"]["rules"].append(second)
    assert verdicts(found.values()) == by_namespace(IN, IN)
    assert verdicts(found.values(), Goal.DIGESTS) == by_namespace(OUT, OUT)
    second["validate"]["failureAction"] = "Enforce"
    assert verdicts(found.values(), Goal.DIGESTS) == by_namespace(IN, IN)


EXCEPTION = """
apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: legacy, namespace: dev}
spec:
  exceptions: [{policyName: ours, ruleNames: [registries]}]
  match: {any: [{resources: {kinds: [Pod], namespaces: [dev]}}]}
"""


def test_an_exception_for_every_pod_makes_it_unknown() -> None:
    exception = objects(EXCEPTION)[0]
    assert verdicts([*story().values(), exception]) == by_namespace(IN, UNSURE)
    exception["spec"]["exceptions"][0]["policyName"] = "other"
    assert verdicts([*story().values(), exception]) == by_namespace(IN, IN)
    exception = objects(EXCEPTION)[0]
    exception["spec"]["match"]["any"][0]["resources"]["names"] = ["tool-*"]
    assert verdicts([*story().values(), exception]) == by_namespace(IN, IN)


def test_a_settings_map_that_was_not_read_leaves_it_open() -> None:
    found = story()
    del found["config"]
    assert verdicts(found.values(), unread=("configmaps",))["prod"] == UNSURE
    assert verdicts(found.values()) == by_namespace(IN, IN)


def test_what_its_validating_policy_makes_its_own_policy_is_silent_about() -> None:
    found = story()
    found["policy"]["status"]["validatingadmissionpolicy"] = {"generated": True}
    assert verdicts(found.values()) == by_namespace(OUT, OUT)


def test_a_policy_about_something_else_is_none_about_images() -> None:
    found = story()
    validate(pattern={"metadata": {"labels": {"app": "?*"}}})(found)
    assert policies(found.values()) == []
    validate(pattern={"spec": {"containers": [{"imagePullPolicy": "Always"}]}})(found)
    assert policies(found.values()) == []


def test_self_service_and_open_ended_patterns_are_told() -> None:
    found = story()
    excluded(selector={"matchLabels": {"skip": "yes"}})(found)
    image("registry.example/* | quay.io/corp*")(found)
    facts = {(fact.flaw, fact.part) for fact in policies(found.values())[0].facts}
    assert {(Flaw.SELF_SERVICE, "registries"), (Flaw.OPEN_ENDED, "quay.io/corp*")} <= facts


@pytest.mark.parametrize(
    ("change", "prod", "dev"),
    [
        (spec(validationActions=["Audit"]), OUT, OUT),
        (spec(validationActions=["Warn", "Audit"]), OUT, OUT),
        (spec(validationActions=[]), IN, IN),
        (spec(evaluation={"admission": {"enabled": False}}), OUT, OUT),
        (spec(evaluation={"mode": "JSON"}), OUT, OUT),
        (spec(matchConditions=[{"name": "a", "expression": "object.metadata.namespace == 'prod'"}]), IN, OUT),
        (spec(validations=[{"expression": OURS.replace("registry.example/", "registry")}]), OUT, OUT),
        (
            spec(validations=[{"expression": "resource.Get('v1', 'configmaps', 'a', object.image) == 'a'"}]),
            UNSURE,
            UNSURE,
        ),
        (spec(matchConstraints={"resourceRules": []}), OUT, OUT),
        (lambda found: found["policy"]["spec"]["matchConstraints"].update(namespaceSelector=PROD), IN, OUT),
        (lambda found: found["policy"]["spec"]["matchConstraints"].update(objectSelector=PROD), OUT, OUT),
        (lambda found: found["policy"]["status"].update(conditionStatus={"ready": False}), OUT, OUT),
        (lambda found: found["validating"]["webhooks"].pop(1), OUT, OUT),
        (lambda found: found["validating"]["webhooks"][1].update(namespaceSelector=PROD), IN, OUT),
    ],
)
def test_validating_policies_in_cel(change: Change, prod: str, dev: str) -> None:
    found = story(VALIDATING_POLICY)
    assert verdicts(found.values()) == by_namespace(IN, IN)
    change(found)
    told = verdicts(found.values())
    assert (told["prod"], told["dev"]) == (prod, dev)


def test_an_exception_in_cel() -> None:
    exception = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "PolicyException",
        "metadata": {"name": "legacy", "namespace": "dev"},
        "spec": {
            "policyRefs": [{"name": "ours", "kind": "ValidatingPolicy"}],
            "matchConditions": [{"name": "dev", "expression": "object.metadata.namespace == 'dev'"}],
        },
    }
    assert verdicts([*story(VALIDATING_POLICY).values(), exception]) == by_namespace(IN, UNSURE)


def test_a_namespaced_validating_policy() -> None:
    found = story(VALIDATING_POLICY)
    found["policy"]["kind"] = "NamespacedValidatingPolicy"
    found["policy"]["metadata"]["namespace"] = "dev"
    assert verdicts(found.values())["prod"] == OUT
    found["validating"]["webhooks"][1]["name"] = "nvpol.validate.kyverno.svc-fail"
    assert verdicts(found.values()) == by_namespace(OUT, IN)


def verify(**changes: Any) -> Change:
    return lambda found: found["policy"]["spec"]["rules"][0]["verifyImages"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "prod", "dev"),
    [
        (verify(failureAction="Audit"), OUT, OUT),
        (verify(imageReferences=["other.example/*"]), OUT, OUT),
        (verify(imageReferences=["*"]), IN, IN),
        (verify(skipImageReferences=["registry.example/legacy/*"]), IN, IN),
        (verify(skipImageReferences=["*"]), OUT, OUT),
        (verify(attestors=[]), OUT, OUT),
        (verify(attestors=[], attestations=[{"type": "https://slsa.dev/provenance/v1"}]), IN, IN),
        (resources(namespaces=["prod"]), IN, OUT),
        (rule(preconditions={"all": []}), IN, IN),
        (rule(context=[{"name": "keys", "configMap": {"name": "keys"}}]), UNSURE, UNSURE),
    ],
)
def test_verified_images(change: Change, prod: str, dev: str) -> None:
    found = story(VERIFYING_POLICY)
    assert verdicts(found.values(), Goal.SIGNATURES) == by_namespace(IN, IN)
    change(found)
    told = verdicts(found.values(), Goal.SIGNATURES)
    assert (told["prod"], told["dev"]) == (prod, dev)


def test_an_entry_that_only_wants_digests_refuses_tags() -> None:
    found = story(VERIFYING_POLICY)
    verify(attestors=[], mutateDigest=False)(found)
    assert verdicts(found.values(), Goal.DIGESTS) == by_namespace(IN, IN)
    verify(verifyDigest=False)(found)
    assert verdicts(found.values(), Goal.DIGESTS) == by_namespace(OUT, OUT)


@pytest.mark.parametrize(
    ("change", "prod", "dev"),
    [
        (spec(validationActions=["Audit"]), OUT, OUT),
        (spec(matchImageReferences=[]), OUT, OUT),
        (spec(matchImageReferences=[{"expression": "image.registry == 'a'"}]), UNSURE, UNSURE),
        (spec(validations=[{"expression": "true"}]), UNSURE, UNSURE),
        (lambda found: found["policy"]["spec"]["matchConstraints"].update(namespaceSelector=PROD), IN, OUT),
        (lambda found: found["validating"]["webhooks"].pop(2), OUT, OUT),
    ],
)
def test_image_validating_policies(change: Change, prod: str, dev: str) -> None:
    found = story(IMAGE_VALIDATING_POLICY)
    assert verdicts(found.values(), Goal.SIGNATURES) == by_namespace(IN, IN)
    change(found)
    told = verdicts(found.values(), Goal.SIGNATURES)
    assert (told["prod"], told["dev"]) == (prod, dev)


def test_nothing_is_asked_where_kyverno_is_absent() -> None:
    unread = ("validatingwebhookconfigurations.admissionregistration.k8s.io", "policyexceptions.kyverno.io")
    assert policies([], unread=unread) == []
    with pytest.raises(Unread):
        policies(story().values(), unread=unread[:1])
    with pytest.raises(Unread):
        policies([], unread=("clusterpolicies.kyverno.io",))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(values, st.sampled_from(["match", "exclude", "validate", "preconditions", "context", "verifyImages"]))
def test_no_shape_of_a_rule_is_an_error(value: Any, key: str) -> None:
    found = story()
    rule(**{key: value})(found)
    assert set(verdicts(found.values()).values()) <= {IN, OUT, UNSURE}


@given(values, st.sampled_from(["pattern", "anyPattern", "deny", "foreach", "cel", "failureActionOverrides"]))
def test_no_shape_of_a_validation_is_an_error(value: Any, key: str) -> None:
    found = story()
    validate(**{key: value})(found)
    assert set(verdicts(found.values()).values()) <= {IN, OUT, UNSURE}


@given(values, st.sampled_from(["matchConstraints", "validations", "variables", "validationActions", "evaluation"]))
def test_no_shape_of_a_validating_policy_is_an_error(value: Any, key: str) -> None:
    found = story(VALIDATING_POLICY)
    spec(**{key: value})(found)
    assert set(verdicts(found.values()).values()) <= {IN, OUT, UNSURE}
