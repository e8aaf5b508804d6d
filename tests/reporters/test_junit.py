"""JUnit: valid by a schema, counted right, readable where nothing but a failure's text is shown."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from lxml import etree

from auditor.escape import escape
from auditor.report import CheckRow, ClusterRow, Report, Severity, Subject
from auditor.reporters import render
from tests.conftest import Golden
from tests.reporters.hostile import reports
from tests.reporters.samples import CHECKS, finding, report, shop, use

GOLDEN = Path(__file__).parent / "golden"
# Ant's schema, the strictest of them, is older than skipped cases: those are taken out before it judges.
SCHEMA = etree.XMLSchema(etree.fromstring(files("ub_test_reports").joinpath("schemas/JUnit.xsd").read_bytes()))


def parsed(sample: Report) -> Any:
    """The root element; valid, with its counts right."""
    root = etree.fromstring(render("junit", sample).encode())
    for suite in root:
        outcomes = Counter(child.tag for case in suite.iter("testcase") for child in case)
        counts = {"failures": outcomes["failure"], "errors": outcomes["error"], "skipped": outcomes["skipped"]}
        assert {name: int(suite.get(name)) for name in counts} == counts
        assert int(suite.get("tests")) == len(list(suite.iter("testcase")))
        del suite.attrib["skipped"]
    old = etree.fromstring(etree.tostring(root))
    for case in old.iter("testcase"):
        for skipped in case.findall("skipped"):
            case.remove(skipped)
    SCHEMA.assertValid(old)
    return root


def suites(root: Any) -> dict[str, Any]:
    return {suite.get("name"): suite for suite in root}


def test_the_shop(golden: Golden) -> None:
    parsed(shop())
    golden(render("junit", shop()), GOLDEN / "shop.junit.xml")


def test_a_suite_per_namespace_and_one_of_the_checks_that_found_nothing() -> None:
    found = suites(parsed(shop()))
    names = ["(cluster)", "kube-system", "legacy", "monitoring", "payments", "web", "checks without a finding"]
    assert list(found) == names
    assert [case.get("name") for case in found["monitoring"].iter("testcase")] == ["nothing found"]
    assert found["web"].find("properties/property[@name='passed subjects']").get("value") == "55"


def test_every_finding_is_a_case_with_an_outcome() -> None:
    root = parsed(shop())
    statuses = Counter((f.status, f.cause) for f in shop().findings)
    assert len(root.findall(".//failure")) == statuses["fail", None]
    assert len(root.findall(".//error")) == statuses["manual", "error"]
    manual = statuses["manual", "judgment"] + statuses["manual", "unreadable"]
    assert len(root.findall(".//skipped")) == manual + statuses["waived", None]


def test_a_failure_says_all_that_there_is() -> None:
    one = finding(
        "unpinned-image",
        "x",
        use("Deployment", "web", "nginx"),
        "a tag",
        image="docker.io/library/nginx:1",
        evidence={"pods": ["a", "b"]},
    )
    failure = parsed(report([msgspec.structs.replace(one, origin="k8s/web.yaml:17")])).find(".//failure")
    assert (failure.get("type"), failure.get("message")) == ("medium", "medium: a tag")
    assert failure.text.startswith(
        f"a tag\nimage: docker.io/library/nginx:1\nfile: k8s/web.yaml:17\nseverity: medium\nid: {one.id}\npods: a, b\n"
    )
    assert failure.text.endswith(f"What to do:\n{one.remediation}")


def test_remediation_stands_once_per_check_in_a_suite() -> None:
    findings = [finding("floating-tag", "x", Subject("Deployment", f"d{i}"), "m", status="manual") for i in range(3)]
    said = suites(parsed(report(findings)))["x"].findtext("system-out")
    title, _, remediation = CHECKS["floating-tag"]
    assert said == f"floating-tag: {title}\n{remediation}"


def test_what_was_not_read_is_not_silent() -> None:
    said = suites(parsed(shop()))["checks without a finding"].findtext("system-out")
    assert "Not read: secrets: forbidden" in said
    assert "Not read: cronjobs in kube-system: failed (it answered 503" in said


def test_names_tell_cases_apart_and_keep_to_ids() -> None:
    """GitLab keeps one case of those that share suite, class and name."""
    twins = [finding("floating-tag", "x", Subject("Secret", "s"), "m", part=part) for part in "ab"]
    cases = suites(parsed(report(twins)))["x"].findall("testcase")
    assert [case.get("name") for case in cases] == [f"Secret/s [{f.id}]" for f in report(twins).findings]


def test_a_check_that_judged_nothing_has_not_passed() -> None:
    rows = (CheckRow("a", "A", Severity.LOW, 3), CheckRow("b", "B", Severity.LOW))
    sample = msgspec.structs.replace(report(), checks=rows)
    cases = suites(parsed(sample))["checks without a finding"].findall("testcase")
    assert [(case.get("classname"), case.findtext("skipped")) for case in cases] == [
        ("a", None),
        ("b", "Nothing to judge."),
    ]


def test_clusters_have_suites_of_their_own() -> None:
    one = finding("floating-tag", "x", Subject("Secret", "s"), "m")
    both = [msgspec.structs.replace(one, cluster=cluster) for cluster in ("west", "east")]
    assert list(suites(parsed(report(both))))[:2] == ["east/x", "west/x"]


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        ("2026-11-21T12:00:00Z", "2026-11-21T12:00:00"),
        ("2026-11-21T12:00:00.25+02:00", "2026-11-21T10:00:00"),
        (None, "1970-01-01T00:00:00"),
    ],
)
def test_times_are_in_utc_and_without_a_zone(when: str | None, shown: str) -> None:
    root = parsed(report(cluster=ClusterRow("c", collected_at=when)))
    assert {suite.get("timestamp") for suite in root} == {shown}


@settings(deadline=None)
@given(reports())
def test_hostile_text_is_text(sample: Report) -> None:
    root = parsed(sample)
    assert len(root.findall(".//failure")) == sum(f.status == "fail" for f in sample.findings)
    assert {element.tag for element in root.iter()} <= {
        *("testsuites", "testsuite", "properties", "property", "testcase"),
        *("failure", "error", "skipped", "system-out", "system-err"),
    }
    for element in root.iter():
        for text in (element.text or "", *element.attrib.values()):
            assert all(escape(line) == line for line in text.split("\n"))
