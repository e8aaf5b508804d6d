"""Proofs: how the API server's answers are read, recorded ones and others, and what is a difference."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.probe import Probe
from auditor.proof import Proof, Verdict, excuse, judge, wrong
from tests.auditing import FIXTURES

FORBIDDEN = 'pods "p" is forbidden: '
PROBE = Probe("shop", "container", "bad.example/x@sha256:1", True)
VOLUME = Probe("shop", "image volume", "bad.example/x@sha256:1", True)
ALLOWED = Probe("shop", "container", "good.example/x@sha256:1", False)


def recorded() -> list[dict[str, Any]]:
    text = gzip.decompress((FIXTURES / "recordings" / "enforcement.json.gz").read_bytes())
    return [case for case in json.loads(text) if case["verdict"] in ("denied", "allowed") and case.get("code")]


def test_recorded_answers_are_read_right() -> None:
    cases = recorded()
    assert len(cases) > 150
    for case in cases:
        expected = {"denied": "denied", "allowed": "admitted"}[case["verdict"]]
        found = judge(case["code"], case.get("message") or "")
        assert found.outcome == expected, case["case"]
        if expected == "denied":
            assert found.by.startswith(case["mechanism"]), (case["case"], found.by)


@pytest.mark.parametrize(
    ("status", "message", "outcome", "by"),
    [
        (201, "", "admitted", ""),
        (403, 'admission webhook "validation.gatekeeper.sh" denied the request: [repo] no', "denied", "gatekeeper"),
        (401, 'admission webhook "x.y" denied the request: who are you', "denied", "webhook x.y"),
        (500, 'Internal error occurred: failed calling webhook "x.y": connection refused', "denied", "x.y"),
        (403, FORBIDDEN + "the server is currently unable to handle the request", "denied", "ImagePolicyWebhook"),
        (403, FORBIDDEN + "Unauthorized", "denied", "ImagePolicyWebhook"),
        (403, FORBIDDEN + "something of a plugin's own", "denied", "an admission plugin"),
        (
            403,
            FORBIDDEN + "ValidatingAdmissionPolicy 'v' denied request: failed to configure policy: no such kind",
            "denied",
            "ValidatingAdmissionPolicy v",
        ),
        (403, "policy 'm' with binding 'b' denied request: no such key: a", "denied", "MutatingAdmissionPolicy m"),
        (403, 'policy "m" denied request: failed to configure policy: x', "denied", "MutatingAdmissionPolicy m"),
        (400, 'admission webhook "x.y" does not support dry run', "undecided", "dry run"),
        (403, FORBIDDEN + 'violates PodSecurity "restricted:latest": x', "undecided", "Pod Security"),
        (403, FORBIDDEN + 'error looking up service account a/default: "default" not found', "undecided", "account"),
        (403, FORBIDDEN + "minimum cpu usage per Container is 100m, but request is 1m", "undecided", "LimitRange"),
        (403, FORBIDDEN + "unable to validate against any security context constraint: []", "undecided", "OpenShift"),
        (403, FORBIDDEN + "pod node label selector conflicts with its namespace", "undecided", "PodNodeSelector"),
        (403, FORBIDDEN + "exceeded quota: q, requested: pods=1", "admitted", "ResourceQuota"),
        (403, 'pods is forbidden: User "u" cannot create resource "pods"', "undecided", "rights"),
        (403, FORBIDDEN + 'User "u" cannot patch resource "pods"', "undecided", "rights"),
        (404, 'namespaces "gone" not found', "undecided", "does not exist"),
        (
            403,
            FORBIDDEN + "unable to create new content in namespace a because it is being terminated",
            "undecided",
            "being deleted",
        ),
        (
            422,
            'Pod "p" is invalid: spec.volumes[0]: Required value: must specify a volume type',
            "undecided",
            "no image volumes",
        ),
        (503, "service unavailable", "undecided", "503"),
        (307, "", "undecided", "307"),
        (422, 'Pod "p" is invalid: spec.x: Invalid value', "undecided", "422"),
    ],
)
def test_answers_that_are_not_recorded(status: int, message: str, outcome: str, by: str) -> None:
    found = judge(status, message)
    assert found.outcome == outcome
    assert by.lower() in found.by.lower()


@pytest.mark.parametrize(
    "words",
    [
        'admission webhook "other" does not support dry run',
        'User "u" cannot create',
        "exceeded quota: q",
        "violates PodSecurity",
        'pods "p" is forbidden: image policy webhook backend denied',
    ],
)
def test_a_webhook_s_own_words_speak_for_nobody_else(words: str) -> None:
    found = judge(403, f'admission webhook "a.b" denied the request: {words}')
    assert (found.outcome, found.by) == ("denied", "webhook a.b")


@given(st.integers(100, 599), st.text(max_size=200))
def test_only_success_and_a_quota_admit(status: int, text: str) -> None:
    found = judge(status, text)
    assert (found.outcome == "admitted") == (200 <= status < 300 or "ResourceQuota" in found.by)


@pytest.mark.parametrize(
    ("outcome", "predicted", "excused", "differs"),
    [
        ("denied", "denied", "", False),
        ("admitted", "denied", "", True),
        ("denied", "admitted", "", True),
        ("denied", "admitted", "because", False),
        ("undecided", "denied", "", False),
        ("admitted", None, "", False),
    ],
)
def test_differences(outcome: Any, predicted: Any, excused: str, differs: bool) -> None:
    proof = Proof(PROBE, Verdict(outcome, "webhook w"), predicted, excused)
    assert proof.differs is differs
    assert bool(wrong(proof)) is differs


def denied(message: str, by: str = "webhook w") -> Verdict:
    return Verdict("denied", by, message)


@pytest.mark.parametrize(
    ("probe", "verdict", "control", "hidden", "excused"),
    [
        (PROBE, denied("no label team"), Verdict("admitted"), False, ""),
        (PROBE, denied("no label team"), denied("no label team"), False, "allowed image too"),
        (PROBE, denied("bad.example/x is not allowed"), denied("good.example/x is not allowed"), False, ""),
        (PROBE, denied("no label team"), None, False, "nothing of images"),
        (PROBE, denied("no label team"), Verdict("undecided"), False, "nothing of images"),
        (PROBE, denied("images must be signed"), None, False, ""),
        (PROBE, denied("x", "ImagePolicyWebhook"), None, False, ""),
        (PROBE, denied("x", "ImagePolicyWebhook"), None, True, "not to be seen"),
        (VOLUME, denied("x", "ImagePolicyWebhook"), denied("x", "ImagePolicyWebhook"), False, "allowed image too"),
        (VOLUME, denied("x", "ImagePolicyWebhook"), None, False, ""),
        (PROBE, denied("x", "ValidatingAdmissionPolicy a.static.k8s.io"), None, False, "a file of the API server"),
        (ALLOWED, denied("no label team"), None, False, "nothing of images"),
        (ALLOWED, denied("an unknown registry"), None, False, ""),
        (PROBE, Verdict("admitted"), None, True, ""),
    ],
)
def test_denials_for_something_else_are_no_difference(
    probe: Probe, verdict: Verdict, control: Verdict | None, hidden: bool, excused: str
) -> None:
    found = excuse(probe, verdict, lambda: control, hidden=hidden)
    assert (excused in found) if excused else found == ""


def test_a_difference_names_both_sides() -> None:
    admitted = Proof(PROBE, Verdict("admitted"), "denied")
    assert "admits bad.example/x in a container" in wrong(admitted)
    assert "webhook w denies" in wrong(Proof(PROBE, denied("x"), "admitted"))
