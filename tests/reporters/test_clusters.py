"""Reports of several clusters in every format: findings say where they are, and no cluster that failed is missed."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from auditor.diff import diff
from auditor.errors import UsageError
from auditor.escape import escape
from auditor.merge import merge, not_audited
from auditor.report import ClusterRow, PolicyRow, Report
from auditor.reporters import Options, render
from auditor.reporters.diff_text import render_table
from auditor.reporters.markdown import LIMIT
from tests.conftest import Golden
from tests.reporters.hostile import ANY, reports
from tests.reporters.html_tabs import Opener, click, shown
from tests.reporters.samples import report, shop
from tests.reporters.test_junit import parsed, suites
from tests.reporters.test_sarif import run

GOLDEN = Path(__file__).parent / "golden"


def of(name: str, sample: Report) -> Report:
    findings = tuple(msgspec.structs.replace(found, cluster=name) for found in sample.findings)
    row = ClusterRow(name, f"uid-{name}", "v1.36.2", "2026-11-21T12:00:00Z", "live")
    return msgspec.structs.replace(sample, cluster=row, findings=findings)


DEAD = not_audited("dead", "context d: refused the connection", PolicyRow("policy.yaml", "0" * 64), "Start it.")
CALM = of("calm", report([], passed={"payments": 3, "quiet": 1}))
FLEET = merge([of("west", shop()), CALM, of("east", shop()), DEAD])


@pytest.mark.parametrize(("format_", "name"), [("table", "fleet.txt"), ("markdown", "fleet.md")])
def test_the_fleet(golden: Golden, format_: str, name: str) -> None:
    golden(render(format_, FLEET, Options(width=100, exit_code=1)), GOLDEN / name)


def test_the_table_groups_by_cluster_then_namespace() -> None:
    text = render("table", FLEET)
    groups = re.findall(r"^(\S+/\S+): \d", text.partition("FAILURES")[2].partition("TO JUDGE")[0], re.MULTILINE)
    assert [group.partition("/")[0] for group in groups] == ["east"] * 3 + ["west"] * 3
    assert len(set(groups)) == len(groups)
    assert re.search(r"^dead +- +NOT AUDITED", text, re.MULTILINE)
    assert "Not read: all of dead" in text


@pytest.mark.parametrize("format_", ["table", "markdown", "html", "junit", "sarif", "json", "yaml"])
def test_a_cluster_that_was_not_audited_is_told_with_its_reason(format_: str) -> None:
    text = render(format_, merge([CALM, DEAD]))
    assert "dead" in text
    assert "refused the connection" in text


def test_csv_has_the_cluster() -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", FLEET))))
    assert {row["cluster"] for row in rows} == {"east", "west"}


def test_sarif_places_and_fingerprints_hold_the_cluster() -> None:
    found = run(FLEET)
    places = {result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for result in found["results"]}
    assert {"east/payments/Deployment/web/nginx", "west/payments/Deployment/web/nginx"} <= places
    prints = [tuple(sorted(result["partialFingerprints"].items())) for result in found["results"]]
    assert len(set(prints)) == len(prints) == len(FLEET.findings)
    notes = [note["message"]["text"] for note in found["invocations"][0]["toolExecutionNotifications"]]
    assert any(note.startswith("everything everywhere of dead: failed") for note in notes)
    assert any(note.startswith("secrets everywhere of east: forbidden") for note in notes)
    assert [part["error"] is None for part in found["properties"]["clusters"]] == [True, False, True, True]
    assert not found["invocations"][0]["executionSuccessful"]


def test_junit_has_suites_of_each_cluster_and_an_error_for_one_that_failed() -> None:
    found = suites(parsed(FLEET))
    assert next(iter(found)) == "dead"
    assert [case.find("error") is not None for case in found["dead"].iter("testcase")] == [True]
    assert {"calm/payments", "calm/quiet", "east/payments", "west/(cluster)"} <= set(found)
    assert found["calm/payments"].find("properties/property[@name='passed subjects']").get("value") == "3"
    assert found["east/payments"].find("properties/property[@name='passed subjects']").get("value") == "14"
    assert found["east/payments"].get("hostname") == "east"


def test_yaml_is_the_json() -> None:
    import yaml

    text = render("yaml", FLEET)
    assert yaml.safe_load(text) == json.loads(render("json", FLEET))


@pytest.mark.parametrize("format_", ["policyreport", "policyreport-v1alpha2"])
def test_formats_for_one_cluster(format_: str) -> None:
    with pytest.raises(UsageError):
        render(format_, FLEET)


def test_many_clusters_fit_into_a_comment() -> None:
    whole = merge([of(f"cluster-{number:03}", shop()) for number in range(60)])
    text = render("markdown", whole, Options(exit_code=1))
    assert 30_000 < len(text.encode()) <= LIMIT


def test_a_difference_says_of_which_cluster_it_is() -> None:
    text = render_table(diff(merge([of("east", shop()), CALM]), FLEET), 100)
    new = text.partition("NEW (")[2].partition("\nSTILL")[0]
    assert "west/payments" in new
    assert "east/payments" not in new
    assert re.search(r"^high +floating-tag +east/payments", text.partition("STILL THERE")[2], re.MULTILINE)
    assert "New: 4 clusters (calm, dead, east, west)" in text


def test_the_page_filters_by_cluster_and_namespace(opened: Opener) -> None:
    tab = opened(FLEET)
    assert tab.run("document.querySelector('h1').textContent") == "4 clusters"
    clusters = "[...document.querySelectorAll('.standing li')].filter(row => row.checkVisibility())"
    click(tab, ".heat a[href*='cluster=%3Deast'][href*='ns=%3Dpayments'][href*='severity=high']")
    tab.run("new Promise(done => setTimeout(done, 50))")
    assert set(tab.run(f"{clusters}.map(row => row.dataset.cluster)")) == {"east"}
    wanted = [f for f in shop().findings if (f.namespace, f.status, f.severity) == ("payments", "fail", "high")]
    assert shown(tab) == {f.id for f in wanted}
    assert tab.run("document.querySelector('select[name=cluster]').value") == "=east"
    assert tab.complaints() == []


_FLEETS = st.lists(st.tuples(ANY, reports()), min_size=2, max_size=3, unique_by=lambda one: one[0])


def _fleet(drawn: list[tuple[str, Report]], dead: str) -> Report:
    made = [of(f"{number}{name}", sample) for number, (name, sample) in enumerate(drawn)]
    return merge([*made, not_audited(f"9{dead}", dead, PolicyRow(), dead)])


@settings(max_examples=25, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(_FLEETS, ANY)
def test_hostile_names_of_clusters_do_nothing(drawn: list[tuple[str, Report]], dead: str) -> None:
    whole = _fleet(drawn, dead)
    for format_ in ("table", "markdown", "html", "json", "yaml", "sarif", "csv", "junit", "prometheus"):
        lines = render(format_, whole).replace("\r\n", "\n").split("\n")
        assert [line for line in lines if escape(line) != line] == []
    assert len(render("markdown", whole).encode()) <= LIMIT
    parsed(whole)
    run(whole)


def test_one_cluster_is_told_as_before() -> None:
    """The cluster's name stands in its head, and nothing of several is in it."""
    one: Any = json.loads(render("json", of("shop", shop())))
    assert "clusters" not in one
    assert "NOT AUDITED" not in render("table", of("shop", shop()))
    assert "shop/" not in render("table", of("shop", shop()))
    assert "auditorCluster" not in render("sarif", of("shop", shop()))
