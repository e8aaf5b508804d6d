from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.coverage import Unread
from auditor.enforce import manifests
from auditor.enforcement import admission_policy
from auditor.enforcement.admission_params import RESOURCE as PARAMS
from auditor.enforcement.chain import Flaw, Goal, answer
from auditor.image import parse_entry
from auditor.policy import Policy, Registries
from tests.enforcement.admission_worlds import (
    ALL_PODS,
    CONFIGMAP,
    CONTAINERS,
    DIGESTS,
    EVERYWHERE,
    PARAM,
    PODS,
    REFERENCE,
    Object,
    asked,
    binding,
    configmap,
    flaws,
    policy,
    recorded,
    states,
    verdicts,
    world,
)

RECORDED = recorded("ValidatingAdmissionPolicy")
CASES = sorted({record["case"] for record in RECORDED})
# What was asked besides creating a pod with a bad image in its container, and the link that foretells it.
LINKS = {
    "patch image of a standing good pod to a bad one (dry run)": "pods updated",
    "add ephemeral container with bad image (dry run)": "ephemeral containers",
    "add ephemeral container with bad image (real)": "ephemeral containers",
    "create pod, bad image in initContainers only": "init containers",
    "create pod, bad image in an image volume only": "image volumes",
}


def of(case: str) -> list[dict[str, Any]]:
    return [record for record in RECORDED if record["case"] == case]


@pytest.mark.parametrize("source", ["objects", "stored"])
@pytest.mark.parametrize("case", CASES)
def test_as_the_api_server_answered(case: str, source: str) -> None:
    """Both of the manifests as they were applied, and of what the server stored of them."""
    policies = list(admission_policy.image_policies(world(of(case)[0][source])))
    for record in of(case):
        found = answer(policies, record["namespace"], Goal.REGISTRIES)
        what, denied = record["request"]["what"], record["verdict"] == "denied"
        if what == "create bad pod":
            assert found.verdict in ("enforced" if denied else "not-enforced", "unknown")
        elif what in LINKS:
            assert states(found)[LINKS[what]] == ("holds" if denied else "broken")


def test_few_recorded_cases_are_left_to_judgment() -> None:
    """Those alone in which the pod that was asked for says little of others: one with another name, or with the label
    without which the condition fails, gets in."""
    undecided = {
        record["case"]
        for record in RECORDED
        if record["request"]["what"] == "create bad pod"
        and asked(world(record["objects"]), record["namespace"]).verdict == "unknown"
    }
    assert undecided == {"matchConditions error, failurePolicy Fail", "resourceNames names this pod"}


BOTH = {"prod": "enforced", "dev": "enforced"}
NONE = {"prod": "not-enforced", "dev": "not-enforced"}
PROD = {"prod": "enforced", "dev": "not-enforced"}
OPEN = {"prod": "unknown", "dev": "unknown"}
FIRST = "object.spec.containers[0].image.startsWith('registry.example/')"
OPT_OUT = {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}
TIER = {"matchLabels": {"tier": "prod"}}

MUTATIONS: dict[str, tuple[list[Object], dict[str, str]]] = {
    "as it is": ([policy(), binding()], BOTH),
    "no policy": ([binding()], NONE),
    "no binding": ([policy()], NONE),
    "binding of another policy": ([policy(), binding(policyName="other")], NONE),
    "audit": ([policy(), binding(validationActions=["Audit"])], NONE),
    "warn": ([policy(), binding(validationActions=["Warn", "Audit"])], NONE),
    "deny and audit": ([policy(), binding(validationActions=["Deny", "Audit"])], BOTH),
    "deny and warn": ([policy(), binding(validationActions=["Deny", "Warn"])], NONE),
    "no action": ([policy(), binding(validationActions=[])], NONE),
    "failure policy Ignore": ([policy(failurePolicy="Ignore"), binding()], BOTH),
    "failure policy by default": ([policy(failurePolicy=None), binding()], BOTH),
    "policy selects prod": ([policy(matching={"namespaceSelector": TIER}), binding()], PROD),
    "binding selects prod": ([policy(), binding(matchResources={"namespaceSelector": TIER})], PROD),
    "binding leaves dev out": (
        [
            policy(),
            binding(
                matchResources={
                    "namespaceSelector": {
                        "matchExpressions": [
                            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["dev"]}
                        ]
                    }
                }
            ),
        ],
        PROD,
    ),
    "audit everywhere, deny in prod": (
        [
            policy(),
            binding(validationActions=["Audit"]),
            binding("images-prod", matchResources={"namespaceSelector": TIER}),
        ],
        PROD,
    ),
    "label of nobody": (
        [policy(matching={"namespaceSelector": {"matchLabels": {"guard": "on"}}}), binding()],
        NONE,
    ),
    "updates alone": ([policy(matching={"resourceRules": [{**ALL_PODS, "operations": ["UPDATE"]}]}), binding()], NONE),
    "group core": ([policy(matching={"resourceRules": [{**ALL_PODS, "apiGroups": ["core"]}]}), binding()], NONE),
    "resource Pods": ([policy(matching={"resourceRules": [{**ALL_PODS, "resources": ["Pods"]}]}), binding()], NONE),
    "pods excluded": ([policy(matching={"excludeResourceRules": [PODS]}), binding()], NONE),
    "pods of one name": ([policy(matching={"resourceRules": [{**PODS, "resourceNames": ["web"]}]}), binding()], OPEN),
    "but pods of one name": (
        [policy(matching={"excludeResourceRules": [{**PODS, "resourceNames": ["web"]}]}), binding()],
        OPEN,
    ),
    "binding for Deployments": (
        [policy(), binding(matchResources={"resourceRules": [{**PODS, "resources": ["deployments"]}]})],
        NONE,
    ),
    "opt-in by pod label": ([policy(matching={"objectSelector": {"matchLabels": {"guard": "on"}}}), binding()], NONE),
    "allows all": ([policy(EVERYWHERE.replace("registry.example/", "")), binding()], NONE),
    "constant true": ([policy("true"), binding()], NONE),
    "constant false": ([policy("false"), binding()], BOTH),
    "typo, closed": ([policy(EVERYWHERE.replace("spec.containers", "spec.container")), binding()], BOTH),
    "typo, open": (
        [policy(EVERYWHERE.replace("spec.containers", "spec.container"), failurePolicy="Ignore"), binding()],
        NONE,
    ),
    "any instead of all": ([policy(CONTAINERS.replace(".all(", ".exists(")), binding()], OPEN),
    "the first container": (
        [policy("object.spec.containers[0].image.startsWith('registry.example/')"), binding()],
        OPEN,
    ),
    "a list of what is refused": (
        [policy("object.spec.containers.all(c, !c.image.startsWith('bad.example/'))"), binding()],
        OPEN,
    ),
    "passes with an init container": (
        [policy("object.spec.initContainers.all(c, c.image.startsWith('registry.example/'))"), binding()],
        OPEN,
    ),
    "condition on a label": (
        [
            policy(matchConditions=[{"name": "a", "expression": "object.metadata.?labels.?team.orValue('') == 'a'"}]),
            binding(),
        ],
        NONE,
    ),
    "condition on the namespace": (
        [policy(matchConditions=[{"name": "a", "expression": "request.namespace == 'prod'"}]), binding()],
        PROD,
    ),
    "condition on the namespace's label, which conditions are not given": (
        [
            policy(matchConditions=[{"name": "a", "expression": "namespaceObject.metadata.labels.tier == 'prod'"}]),
            binding(),
        ],
        BOTH,
    ),
    "condition on the namespace's label, open": (
        [
            policy(
                matchConditions=[{"name": "a", "expression": "namespaceObject.metadata.labels.tier == 'prod'"}],
                failurePolicy="Ignore",
            ),
            binding(),
        ],
        NONE,
    ),
    "condition where there is no Namespace": (
        [policy(matchConditions=[{"name": "a", "expression": "!has(namespaceObject.metadata)"}]), binding()],
        BOTH,
    ),
    "condition on the Namespace being null": (
        [policy(matchConditions=[{"name": "a", "expression": "namespaceObject == null"}]), binding()],
        OPEN,
    ),
    "condition fails, closed": (
        [policy(matchConditions=[{"name": "a", "expression": "object.metadata.labels.a == 'b'"}]), binding()],
        BOTH,
    ),
    "condition fails, open": (
        [
            policy(
                matchConditions=[{"name": "a", "expression": "object.metadata.labels.a == 'b'"}],
                failurePolicy="Ignore",
            ),
            binding(),
        ],
        NONE,
    ),
    "condition for a bot": (
        [policy(matchConditions=[{"name": "a", "expression": "request.userInfo.username == 'bot'"}]), binding()],
        OPEN,
    ),
    "condition spares a bot": (
        [
            policy(
                matchConditions=[
                    {"name": "a", "expression": "request.userInfo.username != 'system:serviceaccount:ci:bot'"}
                ]
            ),
            binding(),
        ],
        BOTH,
    ),
    "condition spares administrators": (
        [
            policy(matchConditions=[{"name": "a", "expression": "!('system:masters' in request.userInfo.groups)"}]),
            binding(),
        ],
        OPEN,
    ),
    "condition spares controllers": (
        [
            policy(
                matchConditions=[
                    {
                        "name": "a",
                        "expression": "!request.userInfo.username.startsWith('system:serviceaccount:kube-system:')",
                    }
                ]
            ),
            binding(),
        ],
        OPEN,
    ),
    "who may is asked": (
        [policy(f"authorizer.group('').resource('pods').check('skip').allowed() || ({EVERYWHERE})"), binding()],
        OPEN,
    ),
    "through variables": (
        [
            policy(
                "variables.foreign.size() == 0",
                variables=[
                    {"name": "all", "expression": "object.spec.containers"},
                    {
                        "name": "foreign",
                        "expression": "variables.all.filter(c, !c.image.startsWith('registry.example/'))",
                    },
                ],
            ),
            binding(),
        ],
        BOTH,
    ),
    "condition that cannot be told": (
        [
            policy(matchConditions=[{"name": "a", "expression": "authorizer.path('/a').check('get').allowed()"}]),
            binding(),
        ],
        OPEN,
    ),
    "condition that fails beside one that cannot be told": (
        [
            policy(
                matchConditions=[
                    {"name": "a", "expression": "authorizer.path('/a').check('get').allowed()"},
                    {"name": "b", "expression": "object.metadata.labels.a == 'b'"},
                ]
            ),
            binding(),
        ],
        OPEN,
    ),
    "variables that double": (
        [
            policy(
                "variables.v30.size() > 0 && object.spec.containers[0].image != ''",
                variables=[{"name": "v0", "expression": "'aaaaaaaaaaaaaaaa'"}]
                + [{"name": f"v{n + 1}", "expression": f"variables.v{n} + variables.v{n}"} for n in range(30)],
            ),
            binding(),
        ],
        OPEN,
    ),
    "for pods of one name": (
        [policy(matchConditions=[{"name": "a", "expression": "object.metadata.name == 'web'"}]), binding()],
        OPEN,
    ),
    "spares pods without volumes": ([policy(f"!has(object.spec.volumes) || ({EVERYWHERE})"), binding()], OPEN),
    "holds for pods without volumes": (
        [policy(f"object.spec.volumes.size() >= 0 || ({EVERYWHERE})"), binding()],
        OPEN,
    ),
    "spares containers that do not run as root": (
        [policy(f"object.spec.containers.all(c, c.securityContext.runAsNonRoot == true) || ({EVERYWHERE})"), binding()],
        OPEN,
    ),
    "an open end beside what cannot be told": (
        [
            policy(
                "object.spec.containers.all(c, '%s'.format(['a']) == 'a' && c.image.startsWith('registry.example'))"
            ),
            binding(),
        ],
        OPEN,
    ),
    "spares a name by its end": (
        [
            policy("object.spec.containers.all(c, c.image.endsWith('/nginx') || c.image.startsWith('a.example/'))"),
            binding(),
        ],
        OPEN,
    ),
    "spares short names that are always pulled": (
        [
            policy(
                "object.spec.containers.all(c, c.imagePullPolicy == 'Always' && "
                "(!c.image.contains('/') || c.image.startsWith('registry.example/')))"
            ),
            binding(),
        ],
        OPEN,
    ),
    "spares dry runs": ([policy(matchConditions=[{"name": "a", "expression": "!request.dryRun"}]), binding()], OPEN),
    "denies all but dry runs": (
        [policy("false", matchConditions=[{"name": "a", "expression": "!request.dryRun"}]), binding()],
        OPEN,
    ),
    "denies all that was tried": ([policy("object.spec.containers.size() == 0"), binding()], OPEN),
    "does not compile": ([policy(f"{EVERYWHERE})"), binding()], NONE),
    "not a truth value": ([policy("object.spec.containers.map(c, c.image)"), binding()], NONE),
    "an audit annotation that fails": (
        [
            policy(
                "has(object.spec.containers[0].image)",
                auditAnnotations=[{"key": "a", "valueExpression": "string(object.nothing)"}],
            ),
            binding(validationActions=["Audit"]),
        ],
        BOTH,
    ),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_one_change_changes_the_verdict_where_it_applies(what: str) -> None:
    objects, expected = MUTATIONS[what]
    assert verdicts(objects) == expected


KINDS = {"paramKind": CONFIGMAP}
BAD = configmap("default", {"prefix": ""})
GOOD = configmap("default", {"prefix": "registry.example/"})


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([policy(PARAM, **KINDS), binding(paramRef=REFERENCE), GOOD], BOTH),
        ([policy(PARAM, **KINDS), binding(paramRef=REFERENCE), BAD], NONE),
        ([policy(PARAM, **KINDS), binding(paramRef=REFERENCE)], BOTH),
        ([policy(PARAM, **KINDS), binding(paramRef=REFERENCE, validationActions=["Audit"])], BOTH),
        ([policy(PARAM, **KINDS, failurePolicy="Ignore"), binding(paramRef=REFERENCE)], NONE),
        ([policy(PARAM, **KINDS), binding(paramRef={**REFERENCE, "parameterNotFoundAction": "Allow"})], NONE),
        ([policy(PARAM, **KINDS), binding()], BOTH),
        ([policy(PARAM, **KINDS, failurePolicy="Ignore"), binding()], NONE),
        ([policy(PARAM), binding(paramRef=REFERENCE), GOOD], NONE),
        ([policy(), binding(paramRef=REFERENCE)], BOTH),
        (
            [
                policy(PARAM, **KINDS),
                binding(paramRef={"name": "allowed", "parameterNotFoundAction": "Allow"}),
                configmap("prod", {"prefix": "registry.example/"}),
            ],
            PROD,
        ),
        (
            [
                policy(PARAM, **KINDS),
                binding(
                    paramRef={
                        "selector": {"matchLabels": {"for": "images"}},
                        "namespace": "default",
                        "parameterNotFoundAction": "Deny",
                    }
                ),
                configmap("default", {"prefix": ""}, "wide", **{"for": "images"}),
                configmap("default", {"prefix": "registry.example/"}, "narrow", **{"for": "images"}),
            ],
            BOTH,
        ),
        (
            [
                policy(PARAM.replace("data", "metadata.annotations"), **KINDS),
                binding(paramRef=REFERENCE),
                GOOD,
            ],
            OPEN,
        ),
        (
            [policy(PARAM.replace("data", "binaryData"), **KINDS), binding(paramRef=REFERENCE), GOOD],
            OPEN,
        ),
        (
            [
                policy(f"params.metadata.namespace == 'dev' || ({EVERYWHERE})", **KINDS),
                binding(paramRef={"name": "allowed", "parameterNotFoundAction": "Deny"}),
                configmap("prod", {}),
                configmap("dev", {}),
            ],
            PROD,
        ),
        (
            [
                policy(PARAM, **KINDS),
                binding(
                    paramRef={
                        "selector": {"matchLabels": {"a": 1}},
                        "namespace": "default",
                        "parameterNotFoundAction": "Deny",
                    }
                ),
                GOOD,
            ],
            NONE,
        ),
        (
            [
                policy(f"params.spec.on && ({EVERYWHERE})", paramKind={"apiVersion": "a.example/v1", "kind": "Switch"}),
                binding(paramRef={**REFERENCE, "parameterNotFoundAction": "Allow"}),
            ],
            OPEN,
        ),
        (
            [
                policy("params.spec.on", paramKind={"apiVersion": "a.example/v1", "kind": "Switch"}),
                binding(paramRef={**REFERENCE, "parameterNotFoundAction": "Allow"}),
            ],
            NONE,
        ),
    ],
)
def test_params(objects: list[Object], expected: dict[str, str]) -> None:
    assert verdicts(objects) == expected


def test_params_that_were_not_read_leave_it_open() -> None:
    objects = [policy(PARAM, **KINDS), binding(paramRef=REFERENCE)]
    assert verdicts(objects, unread=[PARAMS]) == OPEN
    assert verdicts([policy(), binding()], unread=[PARAMS]) == BOTH


def test_policies_that_were_not_read_are_not_judged() -> None:
    for resource in admission_policy.RESOURCES:
        with pytest.raises(Unread):
            list(admission_policy.image_policies(world([policy()], unread=[resource])))


def test_labels_that_were_not_read_leave_a_selector_open() -> None:
    found = world([policy(matching={"namespaceSelector": TIER}), binding()], {"prod": {}}, labels_read=False)
    assert not found.namespaces
    known = world([policy(matching={"namespaceSelector": TIER}), binding()])
    assert asked(known).verdict == "enforced"


@pytest.mark.parametrize(
    ("expression", "goals"),
    [
        (EVERYWHERE, {Goal.REGISTRIES}),
        (DIGESTS, {Goal.DIGESTS}),
        (f"{DIGESTS} && {CONTAINERS}", {Goal.REGISTRIES, Goal.DIGESTS}),
        ("false", set(Goal)),
        ("object.spec.containers.all(c, image(c.image).registry() == 'registry.example')", set()),
        ("object.spec.containers.all(c, isImage(c.image) && c.image.startsWith('registry.example/'))", set()),
        ("has(object.metadata.labels) && 'team' in object.metadata.labels", set()),
        ("object.spec.containers.all(c, has(c.securityContext) && c.securityContext.runAsNonRoot == true)", set()),
        ("object.spec.containers.all(c, !c.image.endsWith(':latest'))", set()),
        (f"object.spec.containers.all(c, c.image.endsWith('/nginx')) || ({DIGESTS})", set()),
        (
            f"object.nothing || object.spec.containers.all(c, c.imagePullPolicy == 'Always') && ({CONTAINERS})",
            {Goal.REGISTRIES},
        ),
    ],
)
def test_which_goals_it_enforces(expression: str, goals: set[Goal]) -> None:
    found = list(admission_policy.image_policies(world([policy(expression), binding()])))
    assert {goal for goal in Goal if answer(found, "prod", goal).verdict == "enforced"} == goals


ALLOWLISTS: list[tuple[tuple[str, ...], tuple[str, ...] | None]] = [
    (("registry.example", "docker.io/library", "reg.example:5000/team"),) * 2,
    (("docker.io",),) * 2,
    (("docker.io/library",),) * 2,
    (tuple(f"r{number:02}.example" for number in range(60)),) * 2,
    ((), None),
]


@pytest.mark.parametrize(("allowed", "seen"), ALLOWLISTS)
def test_our_own_policy_is_seen_to_enforce_its_allowlist(
    allowed: tuple[str, ...], seen: tuple[str, ...] | None
) -> None:
    registries = Registries(allowed=tuple(map(parse_entry, allowed)))
    objects = list(yaml.safe_load_all(manifests(Policy(registries=registries), "validating-admission-policy")))
    (found,) = admission_policy.image_policies(world(objects, allowed=allowed))
    assert found.allowed == (None if seen is None else tuple(sorted(seen)))
    assert not found.facts
    for namespace in ("prod", "dev"):
        link_states = states(answer([found], namespace, Goal.REGISTRIES))
        assert link_states.pop("pods created") == "holds"
        assert set(link_states.values()) <= ({"holds"} if allowed else {"holds", "unknown"})


def test_what_is_not_about_images_is_no_image_policy() -> None:
    objects = [policy("object.spec.?hostNetwork.orValue(false) == false"), binding()]
    assert not list(admission_policy.image_policies(world(objects)))


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        (EVERYWHERE, ("registry.example",)),
        ("object.spec.containers.all(c, c.image.startsWith('gcr.io/corp/'))", ("gcr.io/corp",)),
        (
            "object.spec.containers.all(c, c.image.matches('^(a\\\\.example|b\\\\.example)/team/.*$'))",
            ("a.example/team", "b.example/team"),
        ),
        (
            "object.spec.containers.all(c, ['a.example/', 'b.example/'].exists(r, c.image.startsWith(r)))",
            ("a.example", "b.example"),
        ),
        (
            "object.spec.containers.all(c, !c.image.contains('.') || c.image.startsWith('a.example/'))",
            ("a.example", "docker.io"),
        ),
        ("object.spec.containers.all(c, c.image.split('/').size() > 7)", None),
    ],
)
def test_what_it_lets_in(expression: str, allowed: tuple[str, ...] | None) -> None:
    found = list(admission_policy.image_policies(world([policy(expression), binding()])))
    assert [each.allowed for each in found if Goal.REGISTRIES in each.goals] == [allowed]


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([policy(), binding()], set()),
        ([policy(failurePolicy="Ignore"), binding()], {(Flaw.FAIL_OPEN, "")}),
        ([policy()], {(Flaw.NON_BLOCKING, "")}),
        ([policy(), binding(validationActions=["Audit"])], {(Flaw.NON_BLOCKING, "")}),
        ([policy(matching={"resourceRules": [PODS]}), binding()], {(Flaw.PARTIAL, "ephemeral")}),
        (
            [policy(matching={"resourceRules": [{**ALL_PODS, "operations": ["CREATE"]}]}), binding()],
            {(Flaw.PARTIAL, "update"), (Flaw.PARTIAL, "ephemeral")},
        ),
        (
            [policy(CONTAINERS), binding()],
            {(Flaw.PARTIAL, "ephemeral"), (Flaw.PARTIAL, "init"), (Flaw.PARTIAL, "volumes")},
        ),
        ([policy(EVERYWHERE.replace("example/", "example")), binding()], {(Flaw.OPEN_ENDED, "")}),
        (
            [
                policy(matching={"objectSelector": {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}}),
                binding(),
            ],
            {(Flaw.SELF_SERVICE, "")},
        ),
        (
            [policy(f"'skip' in object.metadata.?annotations.orValue({{}}) || ({EVERYWHERE})"), binding()],
            {(Flaw.SELF_SERVICE, "expression")},
        ),
        (
            [policy(f"object.spec.serviceAccountName == 'builder' || ({EVERYWHERE})"), binding()],
            {(Flaw.SELF_SERVICE, "expression")},
        ),
        (
            [policy(EVERYWHERE.replace(".all(c, ", ".all(c, c.name.startsWith('istio-') || ")), binding()],
            {(Flaw.SELF_SERVICE, "expression")},
        ),
        ([policy("false"), binding()], {(Flaw.BROKEN, "everything")}),
        ([policy("object.spec.containers[0].image"), binding()], {(Flaw.BROKEN, "compile")}),
    ],
)
def test_flaws(objects: list[Object], expected: set[tuple[Flaw, str]]) -> None:
    assert flaws(objects) == expected


def test_what_the_type_checker_warned_of_is_a_flaw() -> None:
    warned = {**policy(), "status": {"typeChecking": {"expressionWarnings": [{"fieldRef": "spec", "warning": "…"}]}}}
    assert (Flaw.BROKEN, "types") in flaws([warned, binding()])


def test_what_a_server_stored_and_we_cannot_read_is_not_refused() -> None:
    found = policy("object.spec.containers.all(c, fresh(c.image))")
    assert verdicts([found, binding()]) == NONE
    found["metadata"]["generation"] = 1
    assert verdicts([found, binding()]) == OPEN


def test_the_links_beside_enforcement() -> None:
    found = asked(world([policy(CONTAINERS, failurePolicy="Ignore"), binding()]))
    assert found.verdict == "enforced"
    assert {name for name, state in states(found).items() if state == "broken"} == {
        "ephemeral containers",
        "init containers",
        "image volumes",
        "failure policy",
    }
    assert set(states(asked(world([policy(), binding()]))).values()) == {"holds"}


def test_a_policy_for_deployments_says_what_it_leaves_out() -> None:
    rules = [{**PODS, "apiGroups": ["apps"], "resources": ["deployments"]}]
    expression = "object.spec.template.spec.containers.all(c, c.image.startsWith('registry.example/'))"
    found = asked(world([policy(expression, matching={"resourceRules": rules}), binding()]))
    assert found.verdict == "not-enforced"
    assert found.weakest is not None
    assert found.weakest.name == "pods created"


def test_a_changed_namespace_changes_itself_alone() -> None:
    objects = [policy(matching={"namespaceSelector": TIER}), binding()]
    names: dict[str, dict[str, str]] = {f"n{number}": {"tier": "prod"} for number in range(5)}
    before = verdicts(objects, namespaces=names)
    after = verdicts(objects, namespaces={**names, "n2": {"tier": "dev"}})
    assert {name for name in names if before[name] != after[name]} == {"n2"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["*", "pods", "Deny", "images", EVERYWHERE, "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceRules", "operations", "resources", "expression", "name", "selector", "kind"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
POLICY_FIELDS = ["matchConstraints", "validations", "variables", "matchConditions", "paramKind", "auditAnnotations"]
BINDING_FIELDS = ["matchResources", "paramRef", "validationActions", "policyName"]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(POLICY_FIELDS), JSON, max_size=3),
    st.dictionaries(st.sampled_from(BINDING_FIELDS), JSON, max_size=2),
    st.booleans(),
)
def test_any_shape_gets_an_answer(spec: dict[str, Any], bound: dict[str, Any], stored: bool) -> None:
    found, other = policy(), binding()
    found["spec"].update(spec)
    other["spec"].update(bound)
    if stored:
        found["metadata"]["generation"] = other["metadata"]["generation"] = 1
    assert set(verdicts([found, other]).values()) <= {"enforced", "not-enforced", "unknown"}
