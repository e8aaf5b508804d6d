from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enforcement.cel_functions import Undecided
from auditor.enforcement.regexes import find_all, is_pattern, without_groups


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a(b)c", "a(?:b)c"),
        ("(?P<host>a)|(?<tag>b)", "(?:a)|(?:b)"),
        ("(?i:a)(?:b)", "(?i:a)(?:b)"),
        (r"\(a\)", r"\(a\)"),
        ("[(](b)", "[(](?:b)"),
        ("[]()](b)", "[]()](?:b)"),
        ("[^](](b)", "[^](](?:b)"),
        ("[[:alpha:](](b)", "[[:alpha:](](?:b)"),
        (r"[\](](b)", r"[\](](?:b)"),
    ],
)
def test_groups_capture_nothing_any_more(pattern: str, expected: str) -> None:
    assert without_groups(pattern) == expected


def test_what_is_a_pattern() -> None:
    assert is_pattern("^a(b)?$")
    assert not is_pattern("[")
    assert not is_pattern("a(?=b)")


@pytest.mark.parametrize("pattern", ["a*", "", "(a|)", r"\Qa\E"])
def test_patterns_that_match_nothing_at_all_are_left_open(pattern: str) -> None:
    with pytest.raises(Undecided):
        find_all("aba", pattern)


def test_no_pattern_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        find_all("a", "[")


PATTERNS = ["a+", "b", "(a)(b)", "a|b", "[ab]c", "(?:a)(b)?c?", "[^a]", "(a|b)+"]


@given(st.text("abc", max_size=12), st.sampled_from(PATTERNS))
def test_it_finds_what_python_finds(text: str, pattern: str) -> None:
    assert find_all(text, pattern) == [match[0] for match in re.finditer(pattern, text)]
