"""`auditor probe` against the test API server: what is asked, predicted, answered and told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.apistore import Object
from tests.live.image_backend import configured, mirror_pod
from tests.sources.probing_story import ANSI, DENIED, VAP_DENIED, Probing, Refusal, deny, labelled, outcomes, target
from tests.sources.scanning import pod


def test_without_a_mechanism_all_is_admitted_as_predicted(probing: Probing) -> None:
    code, found = probing.json()
    assert code == 0
    assert set(outcomes(found).values()) == {("admitted", "admitted")}
    assert found["findings"] == []


def test_the_policy_that_enforce_prints_is_predicted_in_every_place(probing: Probing) -> None:
    probing.enforce()
    probing.store.admits = deny(message=VAP_DENIED, status=422)
    code, found = probing.json()
    assert code == 0
    for namespace in ("dev", "prod"):
        assert outcomes(found)[namespace, "container", True] == ("denied", "denied")
        assert outcomes(found)[namespace, "container", False] == ("admitted", "admitted")
        assert outcomes(found)[namespace, "init container", True] == ("denied", "denied")
        assert outcomes(found)[namespace, "image volume", True] == ("denied", "denied")
    assert found["probes"][0]["by"] == "ValidatingAdmissionPolicy auditor-allowed-registries"


@pytest.mark.parametrize(("actions", "bound"), [((), False), (("Audit",), True)], ids=["no binding", "Audit"])
def test_what_does_not_deny_is_predicted_not_to(probing: Probing, actions: tuple[str, ...], bound: bool) -> None:
    probing.enforce(*actions, bound=bound)
    code, found = probing.json()
    assert code == 0
    assert set(outcomes(found).values()) == {("admitted", "admitted")}


def test_a_policy_that_does_not_deny_after_all_is_a_finding(probing: Probing) -> None:
    probing.enforce(selector={"matchLabels": {"tier": "prod"}})
    code, found = probing.json()
    assert code == 1
    assert {finding["namespace"] for finding in found["findings"]} == {"prod"}
    assert len(found["findings"]) == len({finding["id"] for finding in found["findings"]}) == 3
    finding = found["findings"][0]
    assert (finding["check"], finding["severity"], finding["status"]) == ("enforcement-probe-differs", "high", "fail")
    assert "admits auditor-probe.invalid/forbidden" in finding["message"]
    code, out = probing.table()
    assert code == 1
    assert "(differs)" in out
    assert "high enforcement-probe-differs prod" in out
    assert "8 questions, 3 answered otherwise than predicted. Nothing was kept." in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_webhook_that_nobody_foresaw_is_a_finding_if_it_is_about_images(probing: Probing) -> None:
    probing.store.admits = deny()
    code, found = probing.json("-n", "prod")
    assert code == 1
    assert found["probes"][0]["by"] == "webhook images.example"
    assert found["probes"][0]["message"] == DENIED


def test_a_policy_about_something_else_is_none(probing: Probing) -> None:
    message = 'admission webhook "labels.example" denied the request: no label team'
    probing.store.admits = lambda operation, subresource, item: (403, "Forbidden", message)
    code, found = probing.json("-n", "prod")
    assert code == 0
    assert {probe["outcome"] for probe in found["probes"]} == {"denied"}
    assert [probe["excuse"] for probe in found["probes"] if probe["forbidden"]] == [
        "it denies the same pod with an allowed image too"
    ] * 3
    assert "no difference" in probing.table("-n", "prod")[1]


def test_a_policy_that_takes_out_a_place_whatever_its_image_is_none(probing: Probing) -> None:
    def admits(operation: str, subresource: str, item: Object) -> Refusal | None:
        return (
            (403, "Forbidden", 'admission webhook "v" denied the request: volume type')
            if item["spec"].get("volumes")
            else None
        )

    probing.store.admits = admits
    code, found = probing.json("-n", "prod")
    assert code == 0
    [volume] = [probe for probe in found["probes"] if probe["place"] == "image volume"]
    assert (volume["outcome"], volume["excuse"]) == ("denied", "it denies the same pod with an allowed image too")


def test_changes_are_tried_on_a_pod_of_ours_alone(probing: Probing) -> None:
    probing.store.add("v1", "pods", [target("dev"), pod("theirs", "dev"), pod("theirs", "prod")])
    probing.enforce()
    probing.store.admits = deny(message=VAP_DENIED, status=422)
    code, found = probing.json()
    assert code == 0
    assert outcomes(found)["dev", "update", True] == ("denied", "denied")
    assert outcomes(found)["dev", "ephemeral container", True] == ("denied", "denied")
    patches = [request for request in probing.writes() if request.method == "PATCH"]
    assert [request.path.removeprefix("/api/v1/namespaces/dev/pods/") for request in patches] == [
        "target",
        "target/ephemeralcontainers",
    ]
    assert all(request.query["dryRun"] == "All" for request in patches)


def test_a_webhook_without_dry_run_is_told_as_such(probing: Probing) -> None:
    message = 'admission webhook "side.effects" does not support dry run'
    probing.store.admits = lambda operation, subresource, item: (400, "BadRequest", message)
    code, out = probing.table("-n", "prod")
    assert code == 3
    assert "undecided: webhook side.effects" in " ".join(out.split())
    assert probing.json("-n", "prod")[1]["findings"] == []


@pytest.mark.parametrize("shown", [False, True])
def test_image_policy_webhook_is_expected_where_the_control_plane_is_to_be_seen(
    probing: Probing, tmp_path: Path, shown: bool
) -> None:
    flags = configured(tmp_path, "http://127.0.0.1:9/review", default_allow=False)
    made, status = mirror_pod(tmp_path, flags, "registry.example/kube-apiserver:1")
    probing.store.add("v1", "namespaces", [labelled("kube-system")])
    probing.store.add("v1", "pods", [{**made, **status}] if shown else [])
    message = 'pods "x" is forbidden: Post "http://127.0.0.1:9/review?timeout=30s": dial tcp: connection refused'
    probing.store.admits = lambda operation, subresource, item: (403, "Forbidden", message)
    code, found = probing.json("-n", "prod", "--host-root", "/")
    # With -n the pods of kube-system are not read, and what cannot be seen is not predicted either way.
    assert code == 0
    assert {probe["by"] for probe in found["probes"]} == {"ImagePolicyWebhook, which fails closed"}
    code, found = probing.json("--host-root", "/")
    assert code == 0
    told = outcomes(found)
    assert told["prod", "container", True] == ("denied" if shown else "admitted", "denied")
    assert told["prod", "image volume", True] == ("admitted", "denied")
    hidden, beside = "the control plane's flags are not to be seen", "it denies the same pod with an allowed image too"
    assert {probe["excuse"] for probe in found["probes"]} == ({"", beside} if shown else {hidden})


def test_hostile_words_of_a_server_are_escaped(probing: Probing) -> None:
    probing.store.admits = deny(message=f'admission webhook "a{ANSI}" denied the request: images {ANSI}')
    _, out = probing.table("-n", "prod")
    assert "\x1b" not in out
    assert "\u202e" not in out
    _, raw = probing.table("-n", "prod", "-o", "json")
    assert ANSI in json.loads(raw)["probes"][0]["message"]
    assert raw.isprintable() or set(raw) - {"\n"} == set(filter(str.isprintable, raw))


def test_a_namespace_that_does_not_exist(probing: Probing) -> None:
    code, out = probing.table("-n", "gone")
    assert code == 3
    assert "the namespace does not exist" in " ".join(out.split())


def test_it_asks_for_no_more_than_it_needs(probing: Probing) -> None:
    probing.json()
    paths = {request.path for request in probing.server.requests}
    assert "/api/v1/secrets" not in paths
    assert "/api/v1/serviceaccounts" not in paths


def test_excluded_namespaces_are_left_alone(probing: Probing) -> None:
    probing.json("--exclude-namespace", "d*")
    assert {write.path for write in probing.writes()} == {"/api/v1/namespaces/prod/pods"}
