"""The printed policies judge images as the audit does: their CEL is run over the reference vectors."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
import yaml

from auditor.enforce import ENGINES, manifests
from auditor.errors import PolicyError
from auditor.image import MalformedReference, parse
from auditor.policy import Policy
from auditor.policy_file import load_policy
from tests.auditing import FIXTURES
from tests.real import program

POLICY = load_policy(
    b"""
registries:
  allowed: [registry.k8s.io, docker.io/library, redis, gcr.io/corp, "myregistry:5000", localhost, "[::1]:5000/team"]
  namespaces: {"payments-*": [registry.corp.example/payments]}
""",
    "policy.yaml",
)
IMAGES = sorted(
    {vector["ref"] for vector in json.loads((FIXTURES / "vectors/image-references.json").read_text())["vectors"]}
)
MORE = [
    "gcr.io/corp/app:1",
    "gcr.io/corp",
    "gcr.io/corp-evil/app",
    "gcr.io.evil.example/corp/app",
    "redis:7",
    "redis/redis-stack",
    "docker.io/redis/insight",
    "registry.k8s.io/pause@sha256:" + "a" * 64,
    "index.docker.io/nginx",
    "registry.corp.example/payments/api:2",
    "myregistry:5000/team/app",
    "[::1]:5000/team/app:1",
]


def documents(engine: str, policy: Policy = POLICY) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifests(policy, engine)))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_prints_whole_objects(engine: str) -> None:
    for document in documents(engine):
        assert {"apiVersion", "kind", "metadata", "spec"} <= document.keys()


def test_no_allowlist_is_nothing_to_enforce() -> None:
    with pytest.raises(PolicyError, match="no allowlist"):
        manifests(Policy(), "kyverno")


def test_globs_become_regular_expressions() -> None:
    text = manifests(POLICY, "validating-admission-policy")
    assert "^payments-.*$" in text
    assert "request.namespace" in text
    assert "object.metadata.namespace" in manifests(POLICY, "gatekeeper")


def judged(spec: dict[str, Any], pod: dict[str, Any], old: dict[str, Any] | None, namespace: str) -> tuple[bool, str]:
    """What the API server's CEL makes of a pod: whether it may be, and the message if not."""
    from auditor.enforcement.cel import Expression, Scope

    scope = Scope(params=False)
    names: dict[str, Any] = {
        "object": pod,
        "oldObject": old,
        "request": {"namespace": namespace, "operation": "CREATE"},
    }
    for variable in spec["variables"]:
        compiled = scope.compile(variable["expression"])
        assert isinstance(compiled, Expression), compiled
        scope.declare(variable["name"], compiled)
        result = compiled.evaluate(names)
        assert result.state == "value", (variable["name"], result)
        names[f"variables.{variable['name']}"] = result.value
    (validation,) = spec["validations"]
    verdict = scope.compile(validation["expression"], "BOOL")
    message = scope.compile(validation["messageExpression"], "STRING")
    assert isinstance(verdict, Expression), verdict
    assert isinstance(message, Expression), message
    said = verdict.evaluate(names)
    assert said.state == "value", said
    return said.value, message.evaluate(names).value


def with_image(image: str, place: str = "containers") -> dict[str, Any]:
    good = {"name": "c", "image": "registry.k8s.io/pause:3.10"}
    spec: dict[str, Any] = {"containers": [good]}
    if place == "volumes":
        spec["volumes"] = [{"name": "v", "image": {"reference": image}}, {"name": "w", "emptyDir": {}}]
    elif place == "containers":
        spec["containers"] = [good, {"name": "d", "image": image}]
    else:
        spec[place] = [{"name": "d", "image": image}]
    return {"metadata": {"name": "p", "namespace": "shop"}, "spec": spec}


@pytest.mark.parametrize("namespace", ["shop", "payments-eu"])
def test_cel_agrees_with_the_audit_on_every_reference(namespace: str) -> None:
    spec = documents("validating-admission-policy")[0]["spec"]
    compared = 0
    for image in (*IMAGES, *MORE):
        try:
            expected = POLICY.registries.approves(parse(image), namespace)
        except MalformedReference:
            continue  # nothing that could run
        allowed, message = judged(spec, with_image(image), None, namespace)
        assert allowed is expected, image
        # Those that are allowed are not named beside it.
        assert allowed or message == f"not from an allowed registry: {image}"
        compared += 1
    assert compared > 50


@pytest.mark.parametrize("place", ["containers", "initContainers", "ephemeralContainers", "volumes"])
def test_every_place_of_an_image_is_judged_and_only_new_ones(place: str) -> None:
    spec = documents("validating-admission-policy")[0]["spec"]
    bad, good = with_image("bad.example/x", place), with_image("redis:7", place)
    assert judged(spec, bad, None, "shop")[0] is False
    assert judged(spec, good, None, "shop")[0] is True
    assert judged(spec, bad, bad, "shop")[0] is True
    assert judged(spec, bad, good, "shop")[0] is False


@pytest.mark.parametrize(
    ("allowed", "namespaces", "namespace", "expected"),
    [
        ("[]", "{}", "shop", False),
        ("[]", '{"shop": [bad.example]}', "shop", True),
        ("[]", '{"sh?p": [bad.example]}', "shoop", False),
        (None, '{"shop": []}', "shop", False),
        (None, '{"shop": []}', "other", True),
    ],
)
def test_empty_and_missing_lists(allowed: str | None, namespaces: str, namespace: str, expected: bool) -> None:
    text = "registries:\n" + (f"  allowed: {allowed}\n" if allowed else "") + f"  namespaces: {namespaces}\n"
    policy = load_policy(text.encode(), "policy.yaml")
    image = {"spec": {"containers": [{"name": "c", "image": "bad.example/x:1"}]}}
    spec = documents("validating-admission-policy", policy)[0]["spec"]
    assert judged(spec, image, None, namespace)[0] is expected
    assert (policy.registries.approves(parse("bad.example/x:1"), namespace) is not False) is expected


def test_kubectl_reads_what_is_printed() -> None:
    text = manifests(POLICY, "validating-admission-policy")
    command = [program("kubectl"), "annotate", "--local", "-f", "-", "-o", "json", "a=b"]
    told = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "ValidatingAdmissionPolicyBinding" in told.stdout
