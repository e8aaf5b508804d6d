"""The matrix of enforcement as text: what stands in it, at which width, and that nothing of a cluster steers it."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.escape import escape
from auditor.report import EnforcementRow, GoalRow, NamespaceRow, Report
from auditor.reporters import Options, render
from auditor.reporters.cells import columns
from auditor.reporters.enforcement import enforcement
from tests.reporters.hostile import MATRICES
from tests.reporters.samples import report, shop

WIDTHS = (60, 80, 120, 160)
CLOSED = GoalRow("enforced", "ValidatingAdmissionPolicy/a", "ValidatingAdmissionPolicy")
NOTHING = GoalRow("not-enforced")


def text(sample: Report, width: int = 80) -> str:
    return "\n".join(enforcement(sample, width))


def made(**cells: tuple[GoalRow, GoalRow, GoalRow]) -> Report:
    return report(enforcement=EnforcementRow(tuple(NamespaceRow(name, *row) for name, row in cells.items())))


def test_it_stands_between_the_counts_and_the_findings() -> None:
    whole = render("table", shop(), Options())
    assert whole.index("\ntotal ") < whole.index("\nENFORCEMENT") < whole.index("\nFAILURES")


def test_nothing_is_printed_where_there_is_no_matrix() -> None:
    assert text(report()) == ""
    assert text(report(enforcement=EnforcementRow())) == ""
    assert "ENFORCEMENT" not in render("table", report(passed={"a": 1}), Options())


def test_equal_namespaces_share_a_row() -> None:
    names = [f"n{number}" for number in range(7)]
    found = text(made(**dict.fromkeys(names, (NOTHING, NOTHING, NOTHING)), one=(CLOSED, NOTHING, NOTHING)), 160)
    assert "7 namespaces: n0, n1, n2, n3, n4, n5, n6  not enforced" in found
    assert re.search(r"^one +enforced \(1\) +not enforced +not enforced$", found, re.MULTILINE)
    assert re.search(r"^1 +ValidatingAdmissionPolicy/a +nothing is seen to be against it$", found, re.MULTILINE)


def test_many_names_are_cut_short() -> None:
    names = [f"n{number:02}" for number in range(40)]
    assert "n11 and 28 more" in " ".join(text(made(**dict.fromkeys(names, (NOTHING,) * 3)), 160).split())


def test_one_note_for_cells_that_say_the_same() -> None:
    found = text(made(a=(CLOSED, CLOSED, NOTHING), b=(NOTHING, NOTHING, CLOSED)))
    assert found.count("enforced (1)") == 3
    assert found.count("ValidatingAdmissionPolicy/a") == 1


def test_numbers_lead_to_notes() -> None:
    found = text(shop(), 120)
    told = {int(number) for number in re.findall(r"(?:enforced|unknown) \((\d+)\)", found)}
    assert told == {int(number) for number in re.findall(r"^ *(\d+)  ", found, re.MULTILINE)} == {1, 2, 3, 4, 5, 6}


def test_more_than_a_few_things_against_a_policy_are_counted() -> None:
    cell = GoalRow("not-enforced", "P/a", "P", "action", "off", tuple(f"b{number}: no" for number in range(9)))
    found = text(made(a=(cell, NOTHING, NOTHING)))
    assert "b2: no" in found
    assert "b3: no" not in found
    assert "and 6 more things" in found


@settings(max_examples=80, deadline=None)
@given(MATRICES, st.sampled_from(WIDTHS))
def test_hostile_text_neither_gets_through_nor_breaks_the_table(matrix: EnforcementRow, width: int) -> None:
    found = text(report(enforcement=matrix), width).split("\n")
    assert [escape(line) for line in found] == found
    assert max(map(columns, found)) <= width
