"""Gatekeeper: what its constraints stop in which namespace, and each way in which they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.coverage import Unread
from auditor.enforcement.chain import Flaw, Goal, answer
from auditor.enforcement.gatekeeper import image_policies
from auditor.enforcement.gatekeeper_match import wildcard
from tests.enforcement.gatekeeper_story import (
    ALLOWED,
    DIGESTS,
    constraint,
    policies,
    story,
    template,
    verdicts,
    world,
)
from tests.enforcement.mechanism_worlds import objects, service

Manifests = dict[str, dict[str, Any]]
Change = Callable[[Manifests], Any]

SEED = """
package allowedregistries

violation[{"msg": msg}] {
  container := input.review.object.spec.containers[_]
  not starts_with(container.image, input.parameters.registries[_])
  msg := sprintf("Image '%v' not from allowed registry", [container.image])
}
"""


def by_namespace(prod: str, dev: str) -> dict[str, str]:
    """The two that Gatekeeper leaves out as installed are never enforced."""
    return {"prod": prod, "dev": dev, "ignored": "not-enforced", "gatekeeper-system": "not-enforced"}


def test_an_allowlist_enforces_registries_and_nothing_else() -> None:
    assert verdicts(story().values()) == by_namespace("enforced", "enforced")
    assert verdicts(story().values(), Goal.DIGESTS) == by_namespace("not-enforced", "not-enforced")
    assert verdicts(story().values(), Goal.SIGNATURES) == by_namespace("not-enforced", "not-enforced")


def test_the_stock_webhook_fails_open_and_volumes_are_not_read() -> None:
    constraint_, webhook = policies(story().values())
    assert constraint_.allowed == ("registry.example", "quay.io/corp")
    assert {fact.flaw for fact in constraint_.facts} == {Flaw.PARTIAL}
    assert [(fact.flaw, fact.part) for fact in webhook.facts] == [(Flaw.FAIL_OPEN, "validation.gatekeeper.sh")]
    assert webhook.goals == frozenset()
    weak = {link.name for link in constraint_.chain("prod") if link.state != "holds"}
    assert weak == {"failure policy", "reads image volumes"}


def spec(**changes: Any) -> Change:
    return lambda found: found["constraint"]["spec"].update(changes)


def match(**changes: Any) -> Change:
    return lambda found: found["constraint"]["spec"]["match"].update(changes)


def hook(**changes: Any) -> Change:
    return lambda found: found["webhook"]["webhooks"][0].update(changes)


def rego(old: str, new: str) -> Change:
    def change(found: Manifests) -> None:
        target = found["template"]["spec"]["targets"][0]
        assert old in target["rego"]
        target["rego"] = target["rego"].replace(old, new)

    return change


def condition(line: str) -> Change:
    return rego("  not permitted", f"  {line}\n  not permitted")


def reported(name: str, at: int, **changes: Any) -> Change:
    return lambda found: found[name]["status"]["byPod"][at].update(changes)


def scoped(points: dict[str, list[str]], action: str = "scoped") -> Change:
    actions = [
        {"action": name, "enforcementPoints": [{"name": point} for point in found]} for name, found in points.items()
    ]
    return spec(enforcementAction=action, scopedEnforcementActions=actions)


def tier(operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": "tier", "operator": operator, "values": list(values)}]}


def rules(group: str, operation: str, resource: str, version: str = "*") -> Change:
    found = {"apiGroups": [group], "apiVersions": [version], "operations": [operation], "resources": [resource]}
    return hook(rules=[found])


IN, OUT, UNSURE = "enforced", "not-enforced", "unknown"
ERRORS = [{"code": "rego_parse_error", "message": "unexpected token"}]


@pytest.mark.parametrize(
    ("change", "prod", "dev"),
    [
        # The action.
        (spec(enforcementAction="deny"), IN, IN),
        (spec(enforcementAction="dryrun"), OUT, OUT),
        (spec(enforcementAction="warn"), OUT, OUT),
        (spec(enforcementAction="Deny"), OUT, OUT),
        (spec(enforcementAction=["deny"]), UNSURE, UNSURE),
        (spec(enforcementAction="scoped"), OUT, OUT),
        (scoped({"deny": []}), OUT, OUT),
        (scoped({"deny": ["validation.gatekeeper.sh"], "warn": ["audit.gatekeeper.sh"]}), IN, IN),
        (scoped({"deny": ["audit.gatekeeper.sh", "vap.k8s.io"], "warn": ["*"]}), OUT, OUT),
        (scoped({"deny": ["*"]}), IN, IN),
        (scoped({"warn": ["*"]}, action="deny"), IN, IN),
        # The match.
        (match(kinds=[{"apiGroups": ["apps"], "kinds": ["Deployment"]}]), OUT, OUT),
        (match(kinds=[{"apiGroups": ["apps"], "kinds": ["Deployment"]}, {"kinds": ["Pod"]}]), IN, IN),
        (match(kinds=[{"apiGroups": ["core"], "kinds": ["Pod"]}]), OUT, OUT),
        (match(kinds=[{"apiGroups": ["*"], "kinds": ["*"]}]), IN, IN),
        (match(kinds="Pod"), UNSURE, UNSURE),
        (match(namespaces=["prod"]), IN, OUT),
        (match(namespaces=["*d"]), IN, OUT),
        (match(excludedNamespaces=["dev"]), IN, OUT),
        (match(excludedNamespaces=["pr*"]), OUT, IN),
        (match(excludedNamespaces=["*r*"]), OUT, IN),
        (match(excludedNamespaces=["p*d"]), IN, IN),
        (match(namespaceSelector={"matchLabels": {"tier": "prod"}}), IN, OUT),
        (match(namespaceSelector=tier("NotIn", "prod")), OUT, IN),
        (match(namespaceSelector=tier("Near")), UNSURE, UNSURE),
        (match(labelSelector={"matchLabels": {"check": "yes"}}), OUT, OUT),
        (match(labelSelector={"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}), IN, IN),
        (match(scope="Cluster"), OUT, OUT),
        (match(scope="Namespaced"), IN, IN),
        (match(name="web-*"), OUT, OUT),
        (match(source="Generated"), OUT, OUT),
        (match(source="Original"), IN, IN),
        (lambda found: found["constraint"]["spec"].pop("match"), IN, IN),
        # The parameters.
        (spec(parameters={"prefixes": []}), IN, IN),
        (spec(parameters={}), IN, IN),
        (spec(parameters={"prefixes": [""]}), OUT, OUT),
        (spec(parameters={"prefixes": ["registry"]}), OUT, OUT),
        (spec(parameters={"prefixes": "registry.example/"}), IN, IN),
        # The code.
        (rego("found.image)\n  msg", "found.tag)\n  msg"), OUT, OUT),
        (rego("startswith(image", "starts_with(image"), UNSURE, UNSURE),
        (rego('[{"msg": msg}]', '[{"message": msg}]'), OUT, OUT),
        (rego("spec.containers[_]", "spec.pods[_]"), OUT, OUT),
        (rego("not permitted", "permitted"), OUT, OUT),
        (condition('input.review.namespace == "prod"'), IN, OUT),
        (condition('input.review.namespaceObject.metadata.labels.tier == "dev"'), OUT, IN),
        (condition("input.review.object.metadata.labels.checked"), OUT, OUT),
        (condition("not input.review.object.metadata.labels.skip"), IN, IN),
        (condition("data.inventory.cluster.v1.Namespace[_]"), UNSURE, UNSURE),
        # The template's and the constraint's status.
        (lambda found: found["template"]["status"].update(created=False), OUT, OUT),
        (reported("template", 1, errors=ERRORS), OUT, OUT),
        (reported("template", 0, errors=ERRORS), IN, IN),
        (reported("template", 1, observedGeneration=0), UNSURE, UNSURE),
        (lambda found: found["template"].pop("status"), UNSURE, UNSURE),
        (lambda found: found["template"]["metadata"].update(name="registries"), UNSURE, UNSURE),
        (reported("constraint", 1, enforced=False), OUT, OUT),
        (reported("constraint", 1, operations=["audit"]), OUT, OUT),
        (reported("constraint", 1, observedGeneration=1), UNSURE, UNSURE),
        (lambda found: found["constraint"].pop("status"), UNSURE, UNSURE),
        # The webhook.
        (hook(failurePolicy="Fail"), IN, IN),
        (hook(objectSelector={"matchLabels": {"check": "yes"}}), OUT, OUT),
        (hook(namespaceSelector={"matchLabels": {"tier": "prod"}}), IN, OUT),
        (rules("apps", "*", "*"), OUT, OUT),
        (rules("", "UPDATE", "*"), OUT, OUT),
        (rules("", "CREATE", "pods"), IN, IN),
        (rules("", "CREATE", "pods/*"), IN, IN),
        (rules("", "CREATE", "pods/ephemeralcontainers"), OUT, OUT),
        (rules("", "*", "*", "v2"), OUT, OUT),
        (hook(matchConditions=[{"name": "c", "expression": 'object.metadata.namespace != "dev"'}]), IN, OUT),
        (hook(matchConditions=[{"name": "c", "expression": "has(object.metadata.annotations)"}]), OUT, OUT),
        (hook(clientConfig={"url": "https://gatekeeper.example/v1/admit"}), UNSURE, UNSURE),
        (lambda found: found["webhook"]["webhooks"].pop(0), OUT, OUT),
    ],
)
def test_one_changed_field_changes_the_namespaces_concerned(change: Change, prod: str, dev: str) -> None:
    found = story()
    change(found)
    assert verdicts(found.values()) == by_namespace(prod, dev)


@pytest.mark.parametrize(
    ("ready", "failure_policy", "verdict"),
    [(0, "Ignore", OUT), (0, "Fail", IN), (1, "Ignore", IN), (None, "Ignore", IN)],
)
def test_without_a_ready_endpoint_the_failure_policy_decides(
    ready: int | None, failure_policy: str, verdict: str
) -> None:
    found = story()
    hook(failurePolicy=failure_policy)(found)
    services = [service("gatekeeper-system", "gatekeeper-webhook-service", ready)]
    if ready is None:
        # Slices that were not read prove nothing, and failing open is a matter of them.
        unread = ("endpointslices.discovery.k8s.io",)
        assert verdicts(found.values(), services=services, unread=unread)["prod"] == UNSURE
        return
    assert verdicts(found.values(), services=services) == by_namespace(verdict, verdict)
    dead = [fact for policy in policies(found.values(), services=services) for fact in policy.facts]
    assert (Flaw.DEAD_BACKEND in {fact.flaw for fact in dead}) == (ready == 0)


def test_a_dead_backend_that_fails_closed_denies_whatever_the_constraint_says() -> None:
    found = story()
    hook(failurePolicy="Fail")(found)
    spec(enforcementAction="dryrun")(found)
    assert verdicts(found.values(), services=[]) == by_namespace(IN, IN)


CONFIG = """
apiVersion: config.gatekeeper.sh/v1alpha1
kind: Config
metadata: {name: config, namespace: gatekeeper-system}
spec:
  match:
    - {processes: [audit, sync], excludedNamespaces: ["*"]}
    - {processes: [webhook], excludedNamespaces: ["de*"]}
"""


@pytest.mark.parametrize(
    ("name", "namespace", "process", "dev"),
    [
        ("config", "gatekeeper-system", "webhook", OUT),
        ("config", "gatekeeper-system", "*", OUT),
        ("config", "gatekeeper-system", "mutation-webhook", IN),
        ("settings", "gatekeeper-system", "webhook", IN),
        ("config", "default", "webhook", IN),
    ],
)
def test_the_config_exempts_namespaces(name: str, namespace: str, process: str, dev: str) -> None:
    config = objects(CONFIG)[0]
    config["metadata"].update(name=name, namespace=namespace)
    config["spec"]["match"][1]["processes"] = [process]
    assert verdicts([*story().values(), config]) == by_namespace(IN, dev)


def test_a_template_without_a_constraint_does_nothing() -> None:
    found = story()
    del found["constraint"]
    assert verdicts(found.values()) == by_namespace(OUT, OUT)
    (policy,) = policies(found.values())
    assert policy.about.subject.kind == "ConstraintTemplate"
    assert [fact.flaw for fact in policy.facts] == [Flaw.BROKEN]
    weakest = answer([policy], "prod", Goal.REGISTRIES).weakest
    assert weakest is not None
    assert weakest.name == "constraint"


def test_an_unknown_function_and_an_unsafe_variable_are_told_before_gatekeeper_has_seen_them() -> None:
    written = template("AllowedRegistries", SEED)
    del written["status"], written["metadata"]["generation"]
    (policy,) = policies([written])
    said = " ".join(fact.message for fact in policy.facts)
    assert "no constraint of kind AllowedRegistries" in said
    assert "starts_with does not exist" in said
    assert "var _ is unsafe" in said


def test_manifests_without_a_status_are_judged_by_what_they_say() -> None:
    found = story()
    for one in found.values():
        one.pop("status", None)
        one["metadata"].pop("generation", None)
    assert verdicts(found.values()) == by_namespace(IN, IN)


def test_digests_and_what_is_exempt_from_them() -> None:
    found = [story()["webhook"], template("CorpDigests", DIGESTS), constraint("CorpDigests")]
    assert verdicts(found, Goal.DIGESTS) == by_namespace(IN, IN)
    assert verdicts(found, Goal.REGISTRIES) == by_namespace(OUT, OUT)
    # The audit is about tags of what it allows; others are told beside it.
    found[2]["spec"]["parameters"] = {"exempt": ["registry.example/"]}
    assert verdicts(found, Goal.DIGESTS) == by_namespace(OUT, OUT)
    found[2]["spec"]["parameters"] = {"exempt": ["quay.io/legacy/"]}
    assert verdicts(found, Goal.DIGESTS) == by_namespace(IN, IN)
    weak = {link.name for link in policies(found)[0].chain("prod") if link.state == "broken"}
    assert "exemptions" in weak
    assert "reads init containers" in weak


def test_a_prefix_without_a_closing_slash_is_open_ended() -> None:
    found = story()
    spec(parameters={"prefixes": ["quay.io/corp", "registry.example", "registry.k8s.io/"]})(found)
    told = [fact.part for fact in policies(found.values())[0].facts if fact.flaw is Flaw.OPEN_ENDED]
    assert sorted(told) == ["quay.io/corp", "registry.example"]


def test_templates_that_are_about_something_else_are_no_image_policies() -> None:
    labels = """
package labels
violation[{"msg": "needs an owner"}] { not input.review.object.metadata.labels.owner }
"""
    privileged = """
package privileged
violation[{"msg": msg}] {
  c := input.review.object.spec.containers[_]
  c.securityContext.privileged
  msg := sprintf("%v runs %v as privileged", [c.name, c.image])
}
"""
    limits = """
package limits
violation[{"msg": msg}] {
  c := input.review.object.spec.containers[_]
  not c.resources.limits.memory
  msg := sprintf("%v (%v) needs a limit", [c.name, c.image])
}
"""
    manifests = [story()["webhook"]]
    for kind, code in (("Labels", labels), ("Privileged", privileged), ("Limits", limits)):
        manifests += [template(kind, code), constraint(kind)]
    assert policies(manifests) == []


def test_a_template_that_asks_a_provider_may_verify_signatures() -> None:
    ratify = """
package ratify
violation[{"msg": msg}] {
  images := [c.image | c := input.review.object.spec.containers[_]]
  response := external_data({"provider": "ratify-provider", "keys": images})
  count(response.errors) > 0
  msg := "not verified"
}
"""
    found = [story()["webhook"], template("RatifyVerification", ratify), constraint("RatifyVerification")]
    assert verdicts(found, Goal.SIGNATURES) == by_namespace(UNSURE, UNSURE)


def test_code_in_cel_is_read_too() -> None:
    written = template("CelRegistries", "")
    written["spec"]["targets"] = [
        {
            "target": "admission.k8s.gatekeeper.sh",
            "code": [
                {
                    "engine": "K8sNativeValidation",
                    "source": {
                        "variables": [{"name": "all", "expression": "object.spec.containers"}],
                        "validations": [
                            {
                                "expression": "variables.all.all(c, variables.params.repos.exists("
                                "r, c.image.startsWith(r)))",
                                "message": "elsewhere",
                            }
                        ],
                    },
                }
            ],
        }
    ]
    found = [story()["webhook"], written, constraint("CelRegistries", parameters={"repos": ["registry.example/"]})]
    assert verdicts(found) == by_namespace(IN, IN)
    (policy, _) = policies(found)
    assert policy.allowed == ("registry.example",)
    assert {link.name for link in policy.chain("prod") if link.state == "broken"} >= {
        "reads init containers",
        "reads ephemeral containers",
    }
    found[2]["spec"]["parameters"] = {"repos": ["registry"]}
    assert verdicts(found) == by_namespace(OUT, OUT)


def test_nothing_is_asked_where_gatekeeper_is_absent() -> None:
    unread = (
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "constraints.gatekeeper.sh",
        "configs.config.gatekeeper.sh",
    )
    assert policies([], unread=unread) == []
    with pytest.raises(Unread):
        policies(story().values(), unread=unread[:1])
    with pytest.raises(Unread):
        policies([], unread=("constrainttemplates.templates.gatekeeper.sh",))


def test_the_template_of_a_constraint_is_found_by_its_kind_alone() -> None:
    found = [story()["webhook"], template("CorpRegistries", ALLOWED), constraint("K8sAllowedRepos")]
    assert [policy.about.subject.kind for policy in policies(found)] == ["ConstraintTemplate"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [("kube-*", "kube-system kube-"), ("*-system", "kube-system -system"), ("*sys*", "kube-system sys"), ("a", "a")],
)
def test_globs_have_stars_at_their_ends_alone(pattern: str, names: str) -> None:
    assert [wildcard(pattern, name) for name in names.split()] == [True, True] if " " in names else [True]
    assert not wildcard(pattern, "other")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(values, st.sampled_from(["match", "enforcementAction", "parameters", "scopedEnforcementActions"]))
def test_no_shape_of_a_constraint_is_an_error(value: Any, key: str) -> None:
    found = story()
    found["constraint"]["spec"][key] = value
    assert set(verdicts(found.values()).values()) <= {IN, OUT, UNSURE}


@given(values, st.sampled_from(["crd", "targets"]), values)
def test_no_shape_of_a_template_is_an_error(value: Any, key: str, status: Any) -> None:
    found = story()
    found["template"]["spec"][key] = value
    found["template"]["status"] = {"created": True, "byPod": status}
    assert set(verdicts(found.values()).values()) <= {IN, OUT, UNSURE}


@given(
    values, st.sampled_from(["rules", "namespaceSelector", "objectSelector", "clientConfig", "matchConditions", "name"])
)
def test_no_shape_of_a_webhook_is_an_error(value: Any, key: str) -> None:
    found = story()
    found["webhook"]["webhooks"][0][key] = value
    assert list(image_policies(world(found.values()))) is not None


"""Sources of what is expected: gatekeeper pkg/util/enforcement_action.go, pkg/mutation/match/match.go, pkg/target."""
