"""Manifests as text: they read back as the values that they were made of."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.escape import escape
from auditor.install.manifest import Noted, Written, plain, render

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "",
        "yes",
        "null",
        "1e3",
        "0o17",
        "a: b",
        "- x",
        "# no",
        "a\nb\n",
        "a\n\n  b",
        " \n",
        "a\n ",
        "\u202e",
        "é\nü\n",
        "|",
    ]
)
KEYS = st.from_regex(r"[a-z][A-Za-z0-9./-]{0,20}", fullmatch=True) | st.sampled_from(["yes", "null", "1"])
SCALARS = TEXT | st.integers() | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def noted(value: Any) -> Any:
    """The value with a comment wherever one can stand."""
    match value:
        case dict():
            return {key: Noted(noted(item), "why\nand what\n  as it stands") for key, item in value.items()}
        case list():
            return [Noted(noted(item), "# : -") for item in value]
    return value


@given(st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3), min_size=1, max_size=3))
def test_what_is_rendered_reads_back(objects: list[dict[str, Any]]) -> None:
    bare, commented = render(objects), render([Noted(noted(item), "above") for item in objects])
    assert list(yaml.safe_load_all(bare)) == objects
    assert list(yaml.safe_load_all(commented)) == objects
    assert plain(noted(objects)) == objects
    for text in (bare, commented):
        assert escape(text.replace("\n", "")) == text.replace("\n", "")


def test_a_policy_stays_readable() -> None:
    text = render([{"data": {"policy.yaml": "# äöü\nversion: 1\n\nimages: {}\n"}}])
    assert text == "data:\n  policy.yaml: |\n    # äöü\n    version: 1\n\n    images: {}\n"


def test_comments_are_filled_and_commands_are_not() -> None:
    note = "word " * 40 + "\n $ " + "long-command " * 20
    lines = render([{"a": {"b": Noted([1], note)}}]).splitlines()
    assert lines[0] == "a:"
    assert all(line.startswith("  # word") and len(line) <= 120 for line in lines[1:3])
    assert lines[-3] == f"  #  $ {'long-command ' * 20}"
    assert lines[-2:] == ["  b:", "    - 1"]


def test_a_comment_cannot_end_early() -> None:
    text = render([{"a": Noted(1, "one\rb: 2\u2028c: 3\x85d: 4")}])
    assert yaml.safe_load(text) == {"a": 1}


def test_text_that_is_written_already() -> None:
    value = {"rules": Written("# why\n- a: [1]"), "none": Written("[]")}
    assert render([value]) == "rules:\n  # why\n  - a: [1]\nnone:\n  []\n"
    assert plain(value) == {"rules": [{"a": [1]}], "none": []}


@pytest.mark.parametrize("empty", [{}, []])
def test_what_is_empty_stays_there(empty: Any) -> None:
    assert yaml.safe_load(render([{"a": empty, "b": [empty]}])) == {"a": empty, "b": [empty]}
