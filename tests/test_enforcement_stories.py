"""The stories of fixtures/clusters about mechanisms: which namespaces are enforced, and what one change does."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from auditor.report import Report
from tests.auditing import FIXTURES, audit, policy_at, read

CLUSTERS = FIXTURES / "clusters"
STORIES = sorted(path.name for path in CLUSTERS.iterdir() if path.name.startswith(("enforced-", "mistake-")))
GOALS = {"registries": "unenforced-namespace", "signatures": "unverified-signatures"}
YES, NO, ASK = "enforced", "not-enforced", "undecided"
MATRIX = {"enforced": YES, "not-enforced": NO, "unknown": ASK}

Verdicts = dict[str, str]

# By story: the verdict in each namespace, for registries and for signatures.
EXPECTED: dict[str, tuple[Verdicts, Verdicts]] = {
    "enforced-admission-policy": (
        {"kube-system": NO, "lab": NO, "orders": YES},
        {"kube-system": NO, "lab": NO, "orders": NO},
    ),
    "enforced-connaisseur": (
        {"connaisseur": NO, "kube-system": NO, "lab": NO, "orders": YES},
        {"connaisseur": NO, "kube-system": NO, "lab": NO, "orders": YES},
    ),
    "enforced-gatekeeper": (
        {"gatekeeper-system": NO, "kube-system": NO, "lab": NO, "orders": YES},
        {"gatekeeper-system": NO, "kube-system": NO, "lab": NO, "orders": NO},
    ),
    "enforced-image-policy-webhook": (
        {"image-gate": YES, "kube-system": YES, "orders": YES},
        {"image-gate": YES, "kube-system": YES, "orders": YES},
    ),
    "enforced-kubewarden": (
        {"kube-system": NO, "kubewarden": NO, "lab": NO, "orders": YES},
        {"kube-system": NO, "kubewarden": NO, "lab": NO, "orders": NO},
    ),
    "enforced-kyverno": (
        {"kube-system": NO, "kyverno": NO, "lab": ASK, "orders": YES},
        {"kube-system": NO, "kyverno": NO, "lab": NO, "orders": NO},
    ),
    "enforced-openshift": (
        {"kube-system": YES, "lab": YES, "orders": YES},
        {"kube-system": NO, "lab": YES, "orders": YES},
    ),
    "enforced-policy-controller": (
        {"cosign-system": NO, "kube-system": NO, "lab": NO, "orders": YES},
        {"cosign-system": NO, "kube-system": NO, "lab": NO, "orders": YES},
    ),
    "mistake-gatekeeper-fails-open": (
        {"gatekeeper-system": NO, "kube-system": NO, "orders": YES},
        {"gatekeeper-system": NO, "kube-system": NO, "orders": NO},
    ),
    "mistake-gatekeeper-template": (
        {"gatekeeper-system": NO, "kube-system": NO, "orders": ASK},
        {"gatekeeper-system": NO, "kube-system": NO, "orders": NO},
    ),
    "mistake-image-policy-backend": (
        {"image-gate": ASK, "kube-system": ASK, "orders": ASK},
        {"image-gate": ASK, "kube-system": ASK, "orders": ASK},
    ),
    "mistake-kyverno-left-in-audit": (
        {"kube-system": NO, "kyverno": NO, "orders": NO},
        {"kube-system": NO, "kyverno": NO, "orders": NO},
    ),
    "mistake-label-that-nobody-set": (
        {"cosign-system": NO, "kube-system": NO, "orders": NO},
        {"cosign-system": NO, "kube-system": NO, "orders": NO},
    ),
    "mistake-policy-in-a-configmap": (
        {"kube-system": NO, "orders": NO},
        {"kube-system": NO, "orders": NO},
    ),
    "mistake-policy-without-binding": (
        {"kube-system": NO, "orders": NO},
        {"kube-system": NO, "orders": NO},
    ),
    "mistake-rules-forget-ephemeral-containers": (
        {"kube-system": NO, "orders": YES},
        {"kube-system": NO, "orders": NO},
    ),
}


def verdicts(report: Report, namespaces: Iterable[str], goal: str) -> Verdicts:
    """What the findings of a goal's check say of each namespace; none is a verdict too. The matrix says the same."""
    found = [finding for finding in report.findings if finding.check == GOALS[goal]]
    assert {finding.cause for finding in found} <= {"", None, "judgment"}
    said = {finding.namespace: NO if finding.status == "fail" else ASK for finding in found}
    assert said.keys() <= set(namespaces)
    verdict = {name: said.get(name, YES) for name in namespaces}
    assert report.enforcement is not None
    assert {row.namespace: MATRIX[getattr(row, goal).verdict] for row in report.enforcement.namespaces} == verdict
    return verdict


def test_the_table_is_about_every_story() -> None:
    assert sorted(EXPECTED) == STORIES


@pytest.mark.parametrize("name", EXPECTED)
def test_namespaces(name: str) -> None:
    snapshot = read(CLUSTERS / name)
    report = audit(snapshot, policy_at(CLUSTERS / name / "policy.yaml"), list(GOALS.values()))
    registries, signatures = EXPECTED[name]
    assert {namespace.name for namespace in snapshot.namespaces} == set(registries) == set(signatures)
    assert verdicts(report, registries, "registries") == registries
    assert verdicts(report, signatures, "signatures") == signatures


GATE_ASK = dict.fromkeys(("image-gate", "kube-system", "orders"), ASK)
GATE_NO = dict.fromkeys(GATE_ASK, NO)

# A story, one thing in it that is changed, and what that does: the verdicts that differ from those of the story.
# None for signatures where nothing at all gets in any more.
CHANGES: list[tuple[str, dict[str, str], Verdicts, Verdicts | None]] = [
    ("enforced-admission-policy", {"validationActions: [Deny]": "validationActions: [Audit]"}, {"orders": NO}, {}),
    ("enforced-admission-policy", {"policyName: grove-alone": "policyName: grove-only"}, {"orders": NO}, {}),
    ("enforced-admission-policy", {"operations: [CREATE, UPDATE]": "operations: [UPDATE]"}, {"orders": NO}, {}),
    ("enforced-admission-policy", {"operations: [CREATE, UPDATE]": "operations: [CREATE]"}, {}, {}),
    ("enforced-admission-policy", {"failurePolicy: Fail": "failurePolicy: Ignore"}, {}, {}),
    (
        "enforced-admission-policy",
        {"values: [kube-system]": "values: [orders]"},
        {"orders": NO, "kube-system": YES},
        {},
    ),
    ("enforced-admission-policy", {"        grove.example/images: checked": "        a: b"}, {"orders": NO}, {}),
    ("enforced-admission-policy", {"c.image.startsWith(": "c.name.startsWith("}, {"orders": NO}, {}),
    ("enforced-connaisseur", {'DETECTION_MODE: "false"': 'DETECTION_MODE: "true"'}, {"orders": NO}, {"orders": NO}),
    ("enforced-connaisseur", {"validator: deny": "validator: allow"}, {"orders": NO}, {}),
    ("enforced-connaisseur", {"type: cosign": "type: static\n      approve: true"}, {}, {"orders": NO}),
    (
        "enforced-connaisseur",
        {"values: [ignore]": "values: [skip]"},
        dict.fromkeys(("connaisseur", "lab", "kube-system"), YES),
        dict.fromkeys(("connaisseur", "lab", "kube-system"), YES),
    ),
    ("enforced-connaisseur", {"failurePolicy: Fail": "failurePolicy: Ignore"}, {}, {}),
    (
        "enforced-connaisseur",
        {"failurePolicy: Fail": "failurePolicy: Ignore", "ready: true}": "ready: false}"},
        {"orders": NO},
        {"orders": NO},
    ),
    ("enforced-gatekeeper", {"enforcementAction: deny": "enforcementAction: dryrun"}, {"orders": NO}, {}),
    ("enforced-gatekeeper", {"enforcementAction: deny": "enforcementAction: warn"}, {"orders": NO}, {}),
    (
        "enforced-gatekeeper",
        {"excludedNamespaces: [kube-system]": "excludedNamespaces: [or*]"},
        {"orders": NO, "kube-system": YES},
        {},
    ),
    ("enforced-gatekeeper", {"kinds: [Pod]": "kinds: [Service]"}, {"orders": NO}, {}),
    ("enforced-gatekeeper", {"repos: [registry.grove.example/]": 'repos: [""]'}, {"orders": NO}, {}),
    ("enforced-gatekeeper", {"any_prefix_match": "any_prefixes_match"}, {"orders": ASK}, {}),  # it runs, by its status
    ("enforced-gatekeeper", {"failurePolicy: Fail": "failurePolicy: Ignore"}, {}, {}),
    (
        "enforced-gatekeeper",
        {"failurePolicy: Fail": "failurePolicy: Ignore", "ready: true}": "ready: false}"},
        {"orders": NO},
        {},
    ),
    (  # every image is not from one of the two origins
        "mistake-gatekeeper-template",
        {
            "        not trusted\n": "        o := input.parameters.origins[_]\n        i := input.review.object.spec."
            "containers[_].image\n        not startswith(i, o)\n"
        },
        {"orders": YES},
        None,
    ),
    ("enforced-image-policy-webhook", {"ready: false}": "ready: true}"}, GATE_ASK, GATE_ASK),
    ("enforced-image-policy-webhook", {"defaultAllow: false": "defaultAllow: true"}, GATE_NO, GATE_NO),
    ("enforced-image-policy-webhook", {",ImagePolicyWebhook": ""}, GATE_NO, GATE_NO),
    ("enforced-kubewarden", {"mode: protect": "mode: monitor"}, {"orders": NO}, {}),
    ("enforced-kubewarden", {"policyStatus: active": "policyStatus: pending"}, {"orders": NO}, {}),
    ("enforced-kubewarden", {"policyServer: default": "policyServer: gone"}, {"orders": NO}, {}),
    ("enforced-kubewarden", {"values: [unchecked]": "values: [other]"}, {"lab": YES}, {}),
    ("enforced-kubewarden", {"allow: [registry.grove.example]": "reject: [docker.io]"}, {"orders": NO}, {}),
    ("enforced-kyverno", {"failureAction: Enforce": "failureAction: Audit"}, {"orders": NO, "lab": NO}, {}),
    ("enforced-kyverno", {"image: registry.grove.example/*": 'image: "*"'}, {"orders": NO, "lab": NO}, {}),
    ("enforced-kyverno", {"        namespaces: [lab]": "        namespaces: [press]"}, {"lab": YES}, {}),
    (
        "enforced-kyverno",
        {"operations: [CREATE, UPDATE, DELETE, CONNECT]": "operations: [UPDATE]"},
        {"orders": NO, "lab": NO},
        {},
    ),
    ("enforced-openshift", {"    - registry.grove.example": '    - "*.example"'}, {}, {}),
    (
        "enforced-openshift",
        {"allowedRegistries": "insecureRegistries"},
        dict.fromkeys(("kube-system", "lab", "orders"), NO),
        {},
    ),
    (
        "enforced-openshift",
        {"  scopes:\n  - registry.grove.example": "  scopes:\n  - registry.grove.example/a"},
        {},
        {"lab": NO, "orders": NO},
    ),
    ("enforced-policy-controller", {"mode: enforce": "mode: warn"}, {}, {"orders": NO}),
    ("enforced-policy-controller", {"no-match-policy: deny": "no-match-policy: allow"}, {"orders": NO}, {}),
    (
        "enforced-policy-controller",
        {'policy.sigstore.dev/include: "true"': 'policy.sigstore.dev/include: "yes"'},
        {"orders": NO},
        {"orders": NO},
    ),
    ("enforced-policy-controller", {"failurePolicy: Fail": "failurePolicy: Ignore"}, {}, {}),
    # An opt-in by a pod's own label, and rules that leave out the creation of pods.
    ("enforced-admission-policy", {"objectSelector: {}": "objectSelector: {matchLabels: {a: b}}"}, {"orders": NO}, {}),
    (
        "enforced-connaisseur",
        {"objectSelector: {}": "objectSelector: {matchLabels: {a: b}}"},
        {"orders": NO},
        {"orders": NO},
    ),
    ("enforced-connaisseur", {"operations: [CREATE, UPDATE]": "operations: [UPDATE]"}, {"orders": NO}, {"orders": NO}),
    ("enforced-gatekeeper", {"objectSelector: {}": "objectSelector: {matchLabels: {a: b}}"}, {"orders": NO}, {}),
    ("enforced-gatekeeper", {"operations: [CREATE, UPDATE]": "operations: [UPDATE]"}, {"orders": NO}, {}),
    ("enforced-kubewarden", {"objectSelector: {}": "objectSelector: {matchLabels: {a: b}}"}, {"orders": NO}, {}),
    ("enforced-kubewarden", {"operations: [CREATE, UPDATE]": "operations: [UPDATE]"}, {"orders": NO}, {}),
    (
        "enforced-kyverno",
        {"objectSelector: {}": "objectSelector: {matchLabels: {a: b}}"},
        {"orders": NO, "lab": NO},
        {},
    ),
    (
        "enforced-policy-controller",
        {"objectSelector: {}": "objectSelector: {matchLabels: {a: b}}"},
        {"orders": NO},
        {"orders": NO},
    ),
    (
        "enforced-policy-controller",
        {"operations: [CREATE, UPDATE]": "operations: [UPDATE]"},
        {"orders": NO},
        {"orders": NO},
    ),
    # A backend that is gone: refuses all where it fails closed, lets all in where it fails open.
    ("enforced-connaisseur", {"ready: true}": "ready: false}"}, {}, {}),
    ("enforced-gatekeeper", {"ready: true}": "ready: false}"}, {"kube-system": YES}, None),
    ("enforced-kubewarden", {"ready: true}": "ready: false}"}, {}, None),
    ("enforced-kyverno", {"ready: true}": "ready: false}"}, {"lab": YES}, None),
    ("enforced-policy-controller", {"ready: true}": "ready: false}"}, {}, {}),
    (
        "enforced-kubewarden",
        {"failurePolicy: Fail": "failurePolicy: Ignore", "ready: true}": "ready: false}"},
        {"orders": NO},
        {},
    ),
    (
        "enforced-kyverno",
        {"failurePolicy: Fail": "failurePolicy: Ignore", "ready: true}": "ready: false}"},
        {"orders": NO, "lab": NO},
        {},
    ),
    (
        "enforced-policy-controller",
        {"failurePolicy: Fail": "failurePolicy: Ignore", "ready: true}": "ready: false}"},
        {"orders": NO},
        {"orders": NO},
    ),
]


@pytest.mark.parametrize(("name", "change", "registries", "signatures"), CHANGES)
def test_one_change_decides_about_the_namespaces_concerned(
    name: str, change: dict[str, str], registries: Verdicts, signatures: Verdicts | None, tmp_path: Path
) -> None:
    folder = shutil.copytree(CLUSTERS / name, tmp_path / name, ignore=shutil.ignore_patterns("expected"))
    for old, new in change.items():
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and old in _text(path)]
        assert len(paths) == 1, f"{old} is not in one file"
        paths[0].write_text(_text(paths[0]).replace(old, new))
    policy = policy_at(folder / "policy.yaml")
    (folder / "policy.yaml").unlink()
    report = audit(read(folder), policy, list(GOALS.values()))
    before = EXPECTED[name]
    assert verdicts(report, before[0], "registries") == before[0] | registries
    if signatures is not None:
        assert verdicts(report, before[1], "signatures") == before[1] | signatures


def _text(path: Path) -> str:
    return path.read_text()
