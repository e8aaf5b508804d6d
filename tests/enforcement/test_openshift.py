"""OpenShift's image configuration: scopes as containers-policy.json reads them, and what the nodes refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enforcement.chain import Flaw, Goal, answer
from auditor.enforcement.openshift import image_policies, scope_covers
from auditor.enforcement.outcomes import DIGEST
from auditor.image import parse
from auditor.model import Node
from tests.enforcement.mechanism_worlds import objects, verdicts, world

NAMESPACES: dict[str, dict[str, str]] = {"prod": {}, "dev": {}}
POLICY = """
apiVersion: config.openshift.io/v1
kind: %s
metadata: {name: signed%s}
spec:
  scopes: [%s]
  policy: {rootOfTrust: {policyType: PublicKey, publicKey: {keyData: UFVCTElD}}}
"""


def image(**sources: Any) -> dict[str, Any]:
    metadata, spec = {"name": "cluster"}, {"registrySources": sources}
    return {"apiVersion": "config.openshift.io/v1", "kind": "Image", "metadata": metadata, "spec": spec}


def clusterwide(scope: str) -> dict[str, Any]:
    return objects(POLICY % ("ClusterImagePolicy", "", scope))[0]


def namespaced(namespace: str, scope: str) -> dict[str, Any]:
    return objects(POLICY % ("ImagePolicy", f", namespace: {namespace}", scope))[0]


def enforced(manifests: list[dict[str, Any]], goal: Goal, **options: Any) -> dict[str, str]:
    return verdicts(image_policies, world(manifests, NAMESPACES, **options), goal)


def both(verdict: str) -> dict[str, str]:
    return dict.fromkeys(NAMESPACES, verdict)


@pytest.mark.parametrize(
    ("sources", "verdict"),
    [
        ({"allowedRegistries": ["registry.example", "quay.io"]}, "enforced"),
        ({"allowedRegistries": ["registry.invalid"]}, "not-enforced"),
        ({"allowedRegistries": ["*.invalid"]}, "not-enforced"),
        ({"blockedRegistries": ["docker.io"]}, "not-enforced"),
        ({"blockedRegistries": ["registry.invalid"]}, "enforced"),
        ({"insecureRegistries": ["registry.example"]}, "not-enforced"),
        ({"allowedRegistries": []}, "not-enforced"),
        ({"allowedRegistries": "registry.example"}, "unknown"),
    ],
)
def test_registries(sources: dict[str, Any], verdict: str) -> None:
    assert enforced([image(**sources)], Goal.REGISTRIES) == both(verdict)


def test_pods_are_admitted_all_the_same_and_the_chain_says_so() -> None:
    policies = list(image_policies(world([image(allowedRegistries=["registry.example"])], NAMESPACES)))
    weakest = answer(policies, "prod", Goal.REGISTRIES).weakest
    assert weakest is not None
    assert (weakest.name, weakest.essential) == ("admission", False)
    assert policies[0].allowed == ("registry.example",)


def test_signatures_of_the_cluster_and_of_a_namespace() -> None:
    assert enforced([clusterwide("registry.example")], Goal.SIGNATURES) == both("enforced")
    assert enforced([clusterwide("registry.example/team")], Goal.SIGNATURES) == both("not-enforced")
    assert enforced([namespaced("dev", "registry.example")], Goal.SIGNATURES) == {
        "prod": "not-enforced",
        "dev": "enforced",
    }
    assert enforced([clusterwide("registry.example")], Goal.REGISTRIES) == both("not-enforced")


def test_a_policy_that_is_pending_is_not_decided() -> None:
    pending = namespaced("dev", "registry.example")
    pending["status"] = {"conditions": [{"type": "Pending", "status": "True"}]}
    assert enforced([pending], Goal.SIGNATURES) == {"prod": "not-enforced", "dev": "unknown"}
    policies = list(image_policies(world([pending], NAMESPACES)))
    assert [(f.flaw, f.certain) for policy in policies for f in policy.facts] == [(Flaw.BROKEN, False)]


def test_windows_nodes_do_not_read_it() -> None:
    manifests = [image(allowedRegistries=["registry.example"])]
    crio = Node("linux", runtime_version="cri-o://1.33.1")
    windows = Node("windows", runtime_version="containerd://1.7.2")
    assert enforced(manifests, Goal.REGISTRIES, nodes=[crio, windows]) == both("enforced")
    assert enforced(manifests, Goal.REGISTRIES, nodes=[windows]) == both("not-enforced")


def test_absent_it_says_nothing() -> None:
    assert list(image_policies(world([], NAMESPACES))) == []
    assert list(image_policies(world([image()], NAMESPACES))) == []


@pytest.mark.parametrize(
    ("scope", "reference", "covers"),
    [
        ("quay.io", "quay.io/org/app:1", True),
        ("quay.io/org", "quay.io/org/app:1", True),
        ("quay.io/org", "quay.io/org-evil/app:1", False),
        ("quay.io/org/app:1", "quay.io/org/app:1", True),
        ("quay.io/org/app:1", "quay.io/org/app:2", False),
        ("quay.io", "quay.io.evil.invalid/app", False),
        ("quay.io", "quay.io:5000/app", False),
        ("*.example.com", "a.b.example.com:5000/app", True),
        ("*.example.com", "example.com/app", False),
        ("docker.io", "nginx", True),
    ],
)
def test_scopes(scope: str, reference: str, covers: bool) -> None:
    assert bool(scope_covers(scope, parse(reference))) is covers


def test_the_most_specific_scope_counts() -> None:
    app = parse(f"quay.io/org/app{DIGEST}")
    assert 0 < scope_covers("*.io", app) < scope_covers("quay.io", app) < scope_covers("quay.io/org", app)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, JSON)
def test_any_shape_is_read(sources: Any, scopes: Any, policy: Any) -> None:
    odd = image()
    odd["spec"]["registrySources"] = sources
    scoped = clusterwide("registry.example")
    scoped["spec"] = {"scopes": scopes, "policy": policy}
    assert set(enforced([odd, scoped], Goal.SIGNATURES).values()) <= {"enforced", "unknown", "not-enforced"}
