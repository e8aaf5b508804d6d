"""Probes: what is asked, and how the API server's answers are read (real ones, and those of things besides images)."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from auditor.image import parse
from auditor.policy import Policy
from auditor.policy_file import load_policy
from auditor.probe import LABEL, Probe, Proof, Verdict, judge, pod, probes, wrong
from tests.auditing import FIXTURES

POLICY = load_policy(b"registries: {allowed: [registry.example/team, docker.io]}\n", "policy.yaml")


def recorded() -> list[dict[str, Any]]:
    text = gzip.decompress((FIXTURES / "recordings" / "enforcement.json.gz").read_bytes())
    return [case for case in json.loads(text) if case["verdict"] in ("denied", "allowed") and case.get("code")]


def test_recorded_answers_are_read_right() -> None:
    cases = recorded()
    assert len(cases) > 150
    for case in cases:
        expected = {"denied": "denied", "allowed": "admitted"}[case["verdict"]]
        assert judge(case["code"], case.get("message") or "").outcome == expected, case["case"]


@pytest.mark.parametrize(
    ("status", "message", "outcome", "by"),
    [
        (201, "", "admitted", ""),
        (403, 'admission webhook "validation.gatekeeper.sh" denied the request: [repo] no', "denied", "gatekeeper"),
        (500, 'Internal error occurred: failed calling webhook "x.y": connection refused', "denied", "x.y"),
        (400, 'admission webhook "x.y" does not support dry run', "undecided", "dry run"),
        (403, 'pods "p" is forbidden: violates PodSecurity "restricted:latest": x', "undecided", "Pod Security"),
        (403, 'pods "p" is forbidden: exceeded quota: q, requested: pods=1', "undecided", "Quota"),
        (403, 'pods is forbidden: User "u" cannot create resource "pods"', "undecided", "rights"),
        (403, 'pods "p" is forbidden: User "u" cannot patch resource "pods"', "undecided", "rights"),
        (404, 'namespaces "gone" not found', "undecided", "does not exist"),
        (503, "service unavailable", "undecided", "503"),
    ],
)
def test_answers_that_are_not_recorded(status: int, message: str, outcome: str, by: str) -> None:
    found = judge(status, message)
    assert found.outcome == outcome
    assert by.lower() in found.by.lower()


def test_questions_follow_the_policy() -> None:
    asked = list(probes("shop", POLICY))
    assert [(probe.place, probe.forbidden) for probe in asked] == [
        ("container", True),
        ("container", False),
        ("init container", True),
        ("image volume", True),
    ]
    for probe in asked:
        reference = parse(probe.image)
        assert reference.pinned
        assert POLICY.registries.approves(reference, "shop") is not probe.forbidden


def test_without_an_allowlist_only_the_forbidden_is_known() -> None:
    assert [probe.forbidden for probe in probes("shop", Policy())] == [True]


@pytest.mark.parametrize("place", ["container", "init container", "image volume"])
def test_the_pod_holds_the_image_in_one_place_and_is_harmless(place: Any) -> None:
    made = pod(Probe("shop", place, "bad.example/x", True), "probe", "good.example/x")
    images = json.dumps(made)
    assert images.count("bad.example/x") == 1
    assert images.count("good.example/x") == (0 if place == "container" else 1)
    assert made["spec"]["nodeSelector"] == {LABEL: "never"}
    assert made["spec"]["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("outcome", "predicted", "differs"),
    [
        ("denied", "denied", False),
        ("admitted", "denied", True),
        ("denied", "admitted", True),
        ("undecided", "denied", False),
        ("admitted", None, False),
    ],
)
def test_differences(outcome: Any, predicted: Any, differs: bool) -> None:
    proof = Proof(Probe("shop", "container", "bad.example/x", True), Verdict(outcome, "webhook w"), predicted)
    assert proof.differs is differs
    assert bool(wrong(proof)) is differs
