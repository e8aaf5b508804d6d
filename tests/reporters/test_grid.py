"""Columns: aligned whatever the characters, and fairly shared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.reporters.cells import columns
from auditor.reporters.grid import grid, paint, shares, table


def test_wide_characters_and_marks_do_not_disturb_the_columns() -> None:
    lines = grid([[["漢字"], ["|"]], [["e\u0301e\u0301"], ["|"]], [["abcd"], ["|"]], [["  x"], ["|"]]])
    assert lines == ["漢字  |", "e\u0301e\u0301    |", "abcd  |", "  x   |"]


def test_cells_of_several_lines_stand_side_by_side() -> None:
    assert grid([[["a", "b"], ["1"]], [["c"], ["2", "3"]]], right=[1]) == ["a  1", "b", "c  2", "   3"]


def test_numbers_stay_text_and_columns_have_their_least_width() -> None:
    assert grid([[["1.50"], ["007"]], [["-"], ["1e5"]]], [6, 4]) == ["1.50    007", "-       1e5"]


def test_no_rows_are_no_lines() -> None:
    assert grid([]) == []


def test_only_a_severity_at_the_start_of_a_line_is_painted() -> None:
    assert paint(["high  a high b", "highly", "  high", "low"]) == [
        *("\x1b[31mhigh\x1b[0m  a high b", "highly", "  high", "\x1b[36mlow\x1b[0m")
    ]


@given(st.lists(st.integers(0, 200), min_size=1, max_size=6), st.integers(30, 160))
def test_shares_fit_and_who_wants_little_gets_it(wants: list[int], total: int) -> None:
    widths = shares(total, wants)
    assert sum(widths) <= total
    assert all(width == want or width >= total // len(wants) for width, want in zip(widths, wants, strict=True))
    if sum(wants) > total:
        assert sum(widths) == total


@given(st.lists(st.tuples(st.text(), st.text(), st.text(max_size=5)), max_size=5), st.integers(40, 120))
def test_tables_keep_to_their_width(rows: list[tuple[str, str, str]], width: int) -> None:
    for line in table(["first", "second", "n"], rows, width, right=[2]):
        assert columns(line) <= width
        assert line == line.rstrip(" ")


def test_a_long_name_gets_room_from_running_text() -> None:
    rows = [
        ("validatingwebhookconfigurations.admissionregistration.k8s.io", "were not collected, not in the input " * 2)
    ]
    lines = table(["unread", "why"], rows, 60)
    assert lines[1].startswith("-" * len("validatingwebhookconfigurations.") + "  -")
    assert [line.split(" ")[0] for line in lines[2:4]] == [
        "validatingwebhookconfigurations.",
        "admissionregistration.k8s.io",
    ]
