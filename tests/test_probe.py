"""Probes: what is asked of a namespace, and that the pods hold the image in one place and do no harm."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from auditor.image import parse
from auditor.policy import Policy
from auditor.policy_file import load_policy
from auditor.probe import LABEL, Place, Probe, allowed_image, change, changes, pod, probes

POLICY = load_policy(
    b"registries: {allowed: [registry.example/team, docker.io], namespaces: {own-*: [own.example]}}\n", "policy.yaml"
)
DIGEST = "sha256:" + "b" * 64


def asked(namespace: str, policy: Policy = POLICY) -> list[Probe]:
    return [*probes(namespace, allowed_image(namespace, policy)), *changes(namespace)]


def test_questions_follow_the_policy() -> None:
    found = asked("shop")
    assert [(probe.place, probe.forbidden) for probe in found] == [
        ("container", True),
        ("container", False),
        ("init container", True),
        ("image volume", True),
        ("update", True),
        ("ephemeral container", True),
    ]
    for probe in found:
        reference = parse(probe.image)
        assert reference.pinned
        assert POLICY.registries.approves(reference, "shop") is not probe.forbidden


def test_without_an_allowlist_only_the_forbidden_is_known() -> None:
    assert [(probe.place, probe.forbidden) for probe in probes("shop", allowed_image("shop", Policy()))] == [
        ("container", True)
    ]
    nothing = load_policy(b"registries: {allowed: []}\n", "policy.yaml")
    assert allowed_image("shop", nothing, [f"nginx@{DIGEST}"]) is None


@pytest.mark.parametrize(
    ("namespace", "in_use", "expected"),
    [
        ("shop", [f"registry.example/team/web@{DIGEST}", f"bad.example/a@{DIGEST}"], "registry.example/team/web"),
        ("shop", ["registry.example/team/web:1", "UPPER", ""], "registry.example/team/auditor-probe"),
        ("shop", [f"nginx:1@{DIGEST}"], "docker.io/library/nginx"),
        ("own-a", [f"own.example/x@{DIGEST}"], "own.example/x"),
        ("shop", [f"own.example/x@{DIGEST}"], "registry.example/team/auditor-probe"),
    ],
)
def test_the_allowed_image_is_rather_one_that_runs(namespace: str, in_use: list[str], expected: str) -> None:
    found = allowed_image(namespace, POLICY, in_use)
    assert found is not None
    assert parse(found).name == expected


def test_what_runs_stands_for_allowed_where_no_list_says_so() -> None:
    assert (
        allowed_image("shop", Policy(), [f"b.example/x@{DIGEST}", f"a.example/x@{DIGEST}"]) == f"a.example/x@{DIGEST}"
    )


@pytest.mark.parametrize("place", ["container", "init container", "image volume"])
def test_the_pod_holds_the_image_in_one_place_and_is_harmless(place: Place) -> None:
    made = pod(Probe("shop", place, "bad.example/x", True), "probe", "good.example/x")
    images = json.dumps(made)
    assert images.count("bad.example/x") == 1
    assert images.count("good.example/x") == (0 if place == "container" else 1)
    assert made["spec"]["nodeSelector"] == {LABEL: "never"}
    assert made["spec"]["automountServiceAccountToken"] is False
    for container in [*made["spec"]["containers"], *made["spec"].get("initContainers", [])]:
        restricted(made["spec"]["securityContext"] | container["securityContext"])


def restricted(context: dict[str, Any]) -> None:
    """What the restricted Pod Security Standard asks for."""
    assert context["runAsNonRoot"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_changes_name_what_they_change() -> None:
    swap, added = (change(probe, "web") for probe in changes("shop"))
    assert [item["name"] for item in swap["spec"]["containers"]] == ["web"]
    [container] = added["spec"]["ephemeralContainers"]
    assert "resources" not in container
    restricted(container["securityContext"])


def test_every_place_is_asked_about() -> None:
    assert {probe.place for probe in asked("shop")} == set(get_args(Place))
