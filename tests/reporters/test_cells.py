"""Breaking text into lines: nothing is lost, nothing is too wide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.escape import escape
from auditor.reporters.cells import columns, name, wrap_name, wrap_text
from tests.reporters.samples import DIGEST

# Wide characters, marks, blanks, controls and the separators of names beside ordinary ones.
TEXT = st.text(st.sampled_from("ab1/.:@-_ \u00a0\n\x1b\u202eé漢\u0301\u0e31😀"), max_size=120)


@given(TEXT, st.integers(12, 60), st.sampled_from(["", "  "]))
def test_a_broken_name_can_be_joined_again(text: str, width: int, indent: str) -> None:
    first, *others = wrap_name(text, width, indent)
    assert all(other.startswith(indent) for other in others)
    assert first + "".join(other.removeprefix(indent) for other in others) == name(text)


@given(TEXT, st.integers(12, 60), st.sampled_from(["", "  "]))
def test_no_line_is_too_wide(text: str, width: int, indent: str) -> None:
    for line in (*wrap_name(text, width, indent), *wrap_text(text, width, indent)):
        assert columns(line) <= width


@given(TEXT, st.integers(12, 60))
def test_broken_text_keeps_all_but_the_blanks(text: str, width: int) -> None:
    assert "".join(wrap_text(text, width, "  ")).replace(" ", "") == escape(text).replace(" ", "")


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("docker.io/library/nginx:1.25", 40, ["docker.io/library/nginx:1.25"]),
        ("docker.io/library/nginx:1.25", 24, ["docker.io/library/nginx", "  :1.25"]),
        ("myprivateregistry.com:5000/team/api:1", 30, ["myprivateregistry.com:5000/", "  team/api:1"]),
        (f"quay.io/corp/api@{DIGEST}", 50, ["quay.io/corp/api@" + DIGEST[:33], "  " + DIGEST[33:]]),
        (
            f"quay.io/corp/platform/api@{DIGEST}",
            50,
            ["quay.io/corp/platform/api", f"  @{DIGEST[:47]}", f"  {DIGEST[47:]}"],
        ),
        ("a" * 25, 10, ["a" * 10, "  " + "a" * 8, "  " + "a" * 7]),
        ("nginx :1", 20, ["nginx\\u{20}:1"]),
        ("", 20, [""]),
    ],
)
def test_names_break_where_a_reader_expects_it(text: str, width: int, lines: list[str]) -> None:
    assert wrap_name(text, width, "  ") == lines


def test_words_stay_whole_while_they_fit() -> None:
    assert wrap_text("one two  three four", 9) == ["one two ", "three", "four"]
    assert wrap_text("- a warning of several words", 12, "  ") == ["- a warning", "  of several", "  words"]


@pytest.mark.parametrize(("text", "size"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("\u0301", 1), ("😀", 2), ("", 0)])
def test_columns_are_those_of_a_terminal(text: str, size: int) -> None:
    assert columns(text) == size
