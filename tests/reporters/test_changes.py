"""Reports that are compared with a baseline, in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from auditor.diff import Diff, diff, first_run
from auditor.escape import escape
from auditor.report import Finding, Report, Severity
from auditor.reporters import Options, render
from auditor.reporters.diff_text import FORMATS as DIFF_FORMATS
from auditor.reporters.markdown import LIMIT
from tests.conftest import Golden
from tests.reporters.hostile import reports
from tests.reporters.html_samples import compared
from tests.reporters.samples import finding, report, shop, use
from tests.reporters.test_diff_text import later
from tests.reporters.test_junit import SCHEMA as JUNIT
from tests.reporters.test_markdown import Page, many, tame
from tests.reporters.test_sarif import VALIDATOR

GOLDEN = Path(__file__).parent / "golden"
STATES = {"new": "new", "still": "unchanged", "": None}


@pytest.fixture
def changed() -> Diff:
    return diff(shop(), later())


def made(name: str, found: Diff) -> str:
    return render(name, found.after, Options(comparison=found))


def mark(found: Diff, one: Finding) -> str:
    return "new" if one in found.new else "still" if one in found.still else ""


def ids(findings: tuple[Finding, ...]) -> list[str]:
    return [found.id for found in findings]


def test_json_has_one_key_more(changed: Diff) -> None:
    plain = json.loads(made("json", changed))
    told = plain.pop("baseline")
    assert plain == json.loads(render("json", changed.after))
    assert told["new"] == ids(changed.new)
    assert told["still"] == len(changed.still)
    assert [found["id"] for found in told["gone"]] == ids(changed.gone)
    assert [found["id"] for found in told["unseen"]] == ids(changed.unseen)
    assert told["warnings"] == list(changed.warnings)
    assert (told["first"], told["collectedAt"]) == (False, "2026-11-21T12:00:00Z")


def test_yaml_is_the_same_document(changed: Diff) -> None:
    assert yaml.safe_load(made("yaml", changed)) == json.loads(made("json", changed))


def test_csv_has_one_column_more(changed: Diff) -> None:
    rows = list(csv.DictReader(io.StringIO(made("csv", changed))))
    assert [row["baseline"] for row in rows] == [mark(changed, one) for one in changed.after.findings]
    for row in rows:
        del row["baseline"]
    assert rows == list(csv.DictReader(io.StringIO(render("csv", changed.after))))


def test_sarif_has_states_and_the_absent(changed: Diff) -> None:
    log = json.loads(made("sarif", changed))
    VALIDATOR.validate(log)
    (only,) = log["runs"]
    findings = changed.after.findings
    results, absent = only["results"][: len(findings)], only["results"][len(findings) :]
    assert [result.get("baselineState") for result in results] == [STATES[mark(changed, one)] for one in findings]
    assert [result["baselineState"] for result in absent] == ["absent"] * len(changed.gone)
    named = [result["partialFingerprints"]["auditorFindingId/v1"] for result in absent]
    assert named == ids(changed.gone)
    counts = {"new": 4, "gone": 1, "still": 11, "unseen": 1}
    assert {name: only["properties"]["baseline"][name] for name in counts} == counts


def test_junit_says_it_in_the_text_and_names_stay(changed: Diff) -> None:
    root, plain = (etree.fromstring(text.encode()) for text in (made("junit", changed), render("junit", changed.after)))
    names = [[case.get("name") for case in each.iter("testcase")] for each in (root, plain)]
    assert names[0] == names[1]
    texts = [child.text for case in root.iter("testcase") for child in case]
    assert sum(text.startswith("New since the baseline.\n") for text in texts) == 4
    assert sum(text.startswith("In the baseline, too.\n") for text in texts) == 11
    news = [int(found.get("value")) for found in root.iterfind(".//property[@name='new since the baseline']")]
    assert sum(news) == 4
    output = root[-1].findtext("system-out")
    assert "Since the baseline of 2026-11-21T12:00:00Z: 4 new, 1 gone, 11 still, 1 not seen" in output
    assert f"Gone (1):\nhigh payments Secret/regcred: malformed-pull-secret [{changed.gone[0].id}]" in output
    for case in root.iter("testcase"):
        for skipped in case.findall("skipped"):
            case.remove(skipped)
    for suite in root:
        del suite.attrib["skipped"]
    JUNIT.assertValid(root)


@pytest.mark.parametrize(("name", "place"), [("table", "shop-compared.txt"), ("markdown", "shop-compared.md")])
def test_the_shop_some_days_on(golden: Golden, changed: Diff, name: str, place: str) -> None:
    golden(render(name, changed.after, Options(comparison=changed, exit_code=1)), GOLDEN / place)


def test_new_failures_stand_at_the_top_of_the_table(changed: Diff) -> None:
    text = made("table", changed)
    titles = re.findall(r"^([A-Z][A-Z ]+)\b", text, re.MULTILINE)
    assert titles[:3] == ["NEW FAILURES", "STILL FAILING", "TO JUDGE BY HAND"]
    part, overview, _ = re.split(r"^(namespace +critical)", text[text.index("NEW FAILURES") :], flags=re.MULTILINE)
    assert overview
    new = [found for found in changed.new if found.status == "fail"]
    assert part.startswith(f"NEW FAILURES ({len(new)})")
    assert len(re.findall(r"^(critical|high|medium|low)  ", part, re.MULTILINE)) == len(new) > 0
    still = [found for found in changed.still if found.status == "fail"]
    assert f"STILL FAILING ({len(still)})" in text
    assert len(new) + len(still) == changed.after.failures(Severity.LOW)


def test_a_table_with_nothing_new_begins_with_the_overview() -> None:
    text = made("table", diff(shop(), shop()))
    assert "NEW FAILURES" not in text
    assert f"STILL FAILING ({shop().failures(Severity.LOW)})" in text
    assert "STILL FAILING" not in made("table", first_run(shop()))


def test_the_table_marks_what_else_is_new_and_closes_with_the_numbers(changed: Diff) -> None:
    text = made("table", changed)
    words = " ".join(text.split())
    legend = "New failures stand at the top; elsewhere what is new is marked [new]."
    assert words.endswith(f"4 new, 1 gone, 11 still, 1 not seen. {legend}")
    others = [found for found in changed.new if found.status != "fail"]
    assert text.count("[new]") == len(others) + 3  # two stand under their waivers, too, and the legend
    assert "GONE (1)" in text
    assert "NOT SEEN (1): this audit could not tell" in text


def test_new_failures_come_first_in_markdown() -> None:
    after = many(40)
    fresh = {found.id for found in after.findings if found.severity == "low"} or {after.findings[-1].id}
    before = msgspec.structs.replace(after, findings=tuple(f for f in after.findings if f.id not in fresh))
    text = made("markdown", diff(before, after))
    first = text[text.index("### The first 10 of 40 failures, new ones first") :]
    rows = re.findall(r"^\| (\w+(?:, \*\*new\*\*)?) \|", first, re.MULTILINE)
    assert [row.endswith("**new**") for row in rows[1:3]] == [True, False]
    assert Page(text).tags


def test_the_first_run() -> None:
    found = first_run(shop())
    assert made("table", found).endswith(
        "The first run, without a baseline: 15 new, 0 gone, 0 still. New failures stand\n"
        "  at the top; elsewhere what is new is marked [new].\n"
    )
    assert json.loads(made("json", found))["baseline"]["first"]
    assert "There was none: everything counts as new." in made("html", found)


def test_html_takes_the_comparison_from_the_options() -> None:
    after, comparison = compared()
    text = render("html", after, Options(comparison=comparison))
    assert text.count(' data-new="1"') == len(comparison.new) + 1  # and the link that shows them


@pytest.mark.parametrize("name", ["prometheus"])
def test_metrics_have_gauges_by_severity(changed: Diff, name: str) -> None:
    text = made(name, changed)
    assert re.search(r'^auditor_new_findings\{.*severity="high".*\} 1\.0$', text, re.MULTILINE)
    assert re.search(r'^auditor_gone_findings\{.*severity="high".*\} 1\.0$', text, re.MULTILINE)


@st.composite
def comparisons(draw: st.DrawFn) -> Diff:
    """Of hostile reports that share some of their findings."""
    old, new = draw(reports()), draw(reports())
    rows = {row.id: row for row in (*old.checks, *new.checks)}
    shared = old.findings[: draw(st.integers(0, 3))]
    after = msgspec.structs.replace(new, findings=(*new.findings, *shared), checks=tuple(rows.values()))
    return diff(old, after)


def _unescaped(name: str, text: str) -> list[str]:
    """What a format lets through; CSV has two characters at the ends of its lines."""
    lines = text.replace("\r\n", "\n").split("\n") if name == "csv" else text.split("\n")
    return [line for line in lines if escape(line) != line]


@settings(deadline=None)
@given(comparisons())
def test_hostile_text_does_not_get_through(found: Diff) -> None:
    for name in ("table", "json", "yaml", "csv", "markdown", "sarif", "junit"):
        assert _unescaped(name, made(name, found)) == [], name
    for name, form in DIFF_FORMATS.items():
        assert _unescaped(name, form(found, 80)) == [], name
    VALIDATOR.validate(json.loads(made("sarif", found)))
    etree.fromstring(made("junit", found).encode())
    tame(made("markdown", found))
    tame(DIFF_FORMATS["markdown"](found, 80))


def large(count: int, start: int = 0) -> Report:
    return report(
        [
            finding(
                "unpinned-image",
                f"ns-{i % 300}",
                use("Deployment", f"web-{i}", "nginx"),
                f"image {i} is a tag",
                image=f"registry.example.com/team/web-{i}:1.25",
            )
            for i in range(start, start + count)
        ]
    )


def test_ten_thousand_of_each_fit_into_a_comment() -> None:
    found = diff(large(20_000), large(20_000, 10_000))
    told: dict[str, Any] = {"report": made("markdown", found), "diff": DIFF_FORMATS["markdown"](found, 80)}
    for text in told.values():
        assert 0.8 * LIMIT < len(text.encode()) <= LIMIT
        assert len(re.findall(r"And ([\d,]+) more, too many for here", text)) >= 2
    assert "**10,000 new**, 10,000 gone, 10,000 still." in told["report"]
    assert "**10,000 new** (10,000 medium), 10,000 gone, 10,000 still there." in told["diff"]


def test_the_comparison_in_markdown(golden: Golden, changed: Diff) -> None:
    text = DIFF_FORMATS["markdown"](changed, 80)
    golden(text, GOLDEN / "diff.md")
    assert "medium, **to judge by hand**" in text
    tame(text)
    assert "### New" not in DIFF_FORMATS["markdown"](diff(shop(), shop()), 80)
