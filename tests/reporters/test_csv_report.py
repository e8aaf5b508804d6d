"""CSV: read back by the csv module, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from auditor.escape import escape
from auditor.report import Report, Subject
from auditor.reporters import render
from auditor.reporters.csv_report import COLUMNS
from tests.conftest import Golden
from tests.reporters.hostile import reports
from tests.reporters.samples import finding, report, shop

GOLDEN = Path(__file__).parent / "golden"
FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")


def rows(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=delimiter == ","))


def named(name: str) -> Report:
    return report([finding("floating-tag", "x", Subject("Deployment", name), "m", image=name)])


def test_one_row_a_finding_under_a_header(golden: Golden) -> None:
    text = render("csv", shop())
    golden(text, GOLDEN / "shop.csv")
    header, *found = rows(text)
    assert tuple(header) == COLUMNS
    assert [row[0] for row in found] == [f.id for f in shop().findings]
    assert all(len(row) == len(COLUMNS) for row in found)


def test_lines_end_as_the_standard_says() -> None:
    one = render("csv", named("web"))
    assert one.count("\r\n") == 2
    assert "\n" not in one.replace("\r\n", "")


def test_values_come_back() -> None:
    header, *found = rows(render("csv", shop()))
    by_id = {f.id: f for f in shop().findings}
    for cells in found:
        row, one = dict(zip(header, cells, strict=True)), by_id[cells[0]]
        assert json.loads(row["evidence"] or "{}") == one.evidence
        assert (row["namespace"], row["name"], row["message"]) == (one.namespace or "", one.subject.name, one.message)
        assert row["remediation"] == one.remediation
        assert (row["waiver_reason"], row["waiver_expired"]) == (
            (one.waiver.reason, "yes" if one.waiver.expired else "no") if one.waiver else ("", "")
        )


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ('=HYPERLINK("https://evil.example")', '\'=HYPERLINK("https://evil.example")'),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("a;=1", "a;'=1"),
        ("\t=1", "\\u{9}=1"),
        ("\r=1", "\\u{d}=1"),
        ("nginx:1.25", "nginx:1.25"),
        ("a-1@b=c", "a-1@b=c"),
    ],
)
def test_no_cell_is_a_formula(name: str, cell: str) -> None:
    row = dict(zip(COLUMNS, rows(render("csv", named(name)))[1], strict=True))
    assert (row["name"], row["image"]) == (cell, cell)


@settings(deadline=None, max_examples=40)
@given(reports())
def test_hostile_text_stays_in_its_cell(sample: Report) -> None:
    text = render("csv", sample)
    found = rows(text)
    assert [row[0] for row in found[1:]] == [f.id for f in sample.findings]
    for row in found:
        assert not any(FORMULA.match(cell) for cell in row)
        assert all(escape(line) == line for cell in row for line in cell.split("\n"))
        cells = dict(zip(COLUMNS, row, strict=True))
        assert not any("\n" in cell for name, cell in cells.items() if name not in ("remediation", "references"))
    single = [f for f in sample.findings if "\n" not in f.remediation + "".join(f.references) and len(f.references) < 2]
    if len(single) == len(sample.findings):
        assert not any(FORMULA.match(cell) for row in rows(text, ";") for cell in row)
