"""Probes of set-ups of which a real API server's answers were recorded: they are what was predicted."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.apistore import Object
from tests.auditing import FIXTURES
from tests.sources.probing_story import ADMISSION, Probing, Refusal, outcomes

RECORDED: list[Any] = json.loads(gzip.decompress((FIXTURES / "recordings" / "enforcement.json.gz").read_bytes()))
STALE = "params present, but the last policy with a ConfigMap paramKind had been deleted before"
"""A fault of the API server, which no longer sees new params: what a probe finds and no reading can."""
SETUPS = sorted({case["case"] for case in RECORDED if case["mechanism"] == "ValidatingAdmissionPolicy"})


@pytest.mark.parametrize("setup", [setup for setup in SETUPS if not setup.startswith(STALE)])
def test_what_a_real_server_answered_is_what_is_predicted(probing: Probing, setup: str) -> None:
    answers, found = replayed(probing, setup)
    told = {"create bad pod": ("container", True), "create good pod": ("container", False)}
    told |= {"create pod, bad image in initContainers only": ("init container", True)}
    told |= {"create pod, bad image in an image volume only": ("image volume", True)}
    for (namespace, what), case in answers.items():
        if what in told:
            predicted, outcome = outcomes(found)[namespace, *told[what]]
            expected = {"denied": "denied", "allowed": "admitted"}[case["verdict"]]
            assert outcome == expected
            assert predicted in (None, expected), (namespace, what)


def test_what_only_a_probe_can_see_is_a_finding(probing: Probing) -> None:
    [setup] = [setup for setup in SETUPS if setup.startswith(STALE)]
    _, found = replayed(probing, setup)
    assert {finding["namespace"] for finding in found["findings"]} == {"dev", "prod"}


def replayed(probing: Probing, setup: str) -> tuple[dict[tuple[str, str], Any], Any]:
    """The recorded answers of a set-up by namespace and request, and what a probe makes of them."""
    cases = [case for case in RECORDED if case["case"] == setup]
    for item in cases[0]["stored"]:
        if item["kind"].startswith("ValidatingAdmissionPolicy"):
            plural = "policies" if item["kind"].endswith("Policy") else "policybindings"
            probing.store.add(ADMISSION, f"validatingadmission{plural}", [item])
        elif item["kind"] == "ConfigMap":
            probing.store.add("v1", "configmaps", [item])
    answers = {(case["namespace"], case["request"]["what"]): case for case in cases}

    def admits(operation: str, subresource: str, item: Object) -> Refusal | None:
        bad = item["spec"]["containers"][0]["image"].startswith("auditor-probe.invalid")
        init, volume = item["spec"].get("initContainers"), item["spec"].get("volumes")
        what = "create bad pod" if bad else "create good pod"
        if init or volume:
            what = f"create pod, bad image in {'initContainers' if init else 'an image volume'} only"
        case = answers.get((item["metadata"]["namespace"], what))
        if case is None or case["verdict"] == "allowed":
            return None
        body = case["response"]["body"]
        return case["code"], body["reason"], body["message"]

    probing.store.admits = admits
    return answers, probing.json()[1]
