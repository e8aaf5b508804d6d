"""A comparison as text and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from auditor.diff import Diff, diff
from auditor.escape import escape
from auditor.published import finding_to_dict
from auditor.report import CoverageRow, Report, Subject
from auditor.reporters.cells import columns
from auditor.reporters.diff_text import FORMATS, render_table
from tests.conftest import Golden
from tests.reporters.samples import finding, report, shop, use

GOLDEN = Path(__file__).parent / "golden"


def later() -> Report:
    """The shop some days on: something is new, something mended, something waived, nodes are out of sight."""
    fewer = [f for f in shop().findings if f.check not in ("malformed-pull-secret", "node-unapproved-image")]
    waived = [f for f in shop().findings if f.status == "waived"]
    expired = [msgspec.structs.replace(f, status="fail", message=f"{f.message} The waiver expired.") for f in waived]
    new = finding(
        "floating-tag",
        "web",
        use("Deployment", "cart", "app"),
        "quay.io/corp/cart:main names main, a tag that moves.",
        image="quay.io/corp/cart:main",
    )
    question = finding(
        "runs-as-root",
        "web",
        Subject("Deployment", "mail"),
        "Nobody says which user it runs as: the image decides.",
        status="manual",
        cause="judgment",
    )
    nodes = finding(
        "node-unapproved-image",
        None,
        Subject("Cluster", ""),
        "Not judged: nodes may not be read.",
        status="manual",
        cause="unreadable",
        evidence={"resources": {"nodes": "may not be read"}},
    )
    coverage = [row for row in shop().coverage if row.resource != "nodes"] + [CoverageRow("nodes", "forbidden")]
    kept = [f for f in fewer if f.status != "waived"]
    return report([*kept, *expired, new, question, nodes], coverage=coverage, warnings=shop().warnings)


@pytest.fixture
def changed() -> Diff:
    return diff(shop(), later())


@pytest.mark.parametrize("width", [80, 120])
def test_the_shop_some_days_on(golden: Golden, changed: Diff, width: int) -> None:
    text = FORMATS["table"](changed, width)
    assert max(map(columns, text.split("\n"))) <= width
    golden(text, GOLDEN / f"diff-{width}.txt")


def test_json_holds_whole_findings(golden: Golden, changed: Diff) -> None:
    text = FORMATS["json"](changed, 80)
    plain = json.loads(text)
    assert plain["schema"] == "auditor.diff/v1"
    assert plain["summary"] == {name: len(plain[name]) for name in ("new", "gone", "still", "unseen")}
    assert plain["new"] == json.loads(json.dumps([finding_to_dict(found) for found in changed.new]))
    golden(text, GOLDEN / "diff.json")


def test_nothing_changed() -> None:
    text = render_table(diff(report(), report()))
    assert text.split("\n")[-2] == "Result: 0 new, 0 gone, 0 still there"


def test_what_is_no_plain_failure_says_so(changed: Diff) -> None:
    text = render_table(changed, 160)
    assert "[to judge by hand] Nobody says" in text
    assert re.search(r"^medium +node-unapproved-image +\(cluster\) .* failure$", text, re.MULTILINE)


def test_colour_changes_nothing_but_severity_words(changed: Diff) -> None:
    coloured = render_table(changed, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_table(changed)
    assert set(re.findall(r"m([^\x1b]+)\x1b\[0m", coloured)) == {"critical", "high", "medium", "low"}


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_text_does_not_get_through(name: str) -> None:
    hostile = "x\x1b[2J\u202e"
    one = finding("floating-tag", hostile, Subject(hostile, hostile), hostile, image=hostile)
    for result in (diff(report([one]), report()), diff(report(), report([one])), diff(report([one]), report([one]))):
        text = FORMATS[name](result, 80).replace("\n", "")
        assert escape(text) == text
