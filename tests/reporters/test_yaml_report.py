"""YAML: the same document as the JSON, whoever reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.escape import escape
from auditor.published import to_dict
from auditor.report import Report
from auditor.reporters import render
from auditor.reporters.yaml_report import document
from tests.conftest import Golden
from tests.reporters.hostile import ANY, reports
from tests.reporters.samples import shop

GOLDEN = Path(__file__).parent / "golden"
VALUES = st.recursive(
    ANY | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=8,
)


def read(text: str) -> Any:
    return yaml.safe_load(text.encode())


def test_it_is_the_json_document(golden: Golden) -> None:
    text = render("yaml", shop())
    golden(text, GOLDEN / "shop.yaml")
    assert read(text) == json.loads(render("json", shop()))
    assert list(read(text)) == list(to_dict(shop()))


@settings(deadline=None)
@given(reports())
def test_a_hostile_report_is_the_same_in_both(sample: Report) -> None:
    assert read(render("yaml", sample)) == json.loads(render("json", sample))


@settings(deadline=None)
@given(st.dictionaries(ANY, VALUES, max_size=4))
def test_values_come_back_and_nothing_hostile_is_left(value: dict[str, Any]) -> None:
    value = json.loads(json.dumps(value, ensure_ascii=False).replace("\ud800", "\ufffd"))
    text = document(value)
    assert all(escape(line) == line for line in text.split("\n"))
    assert read(text) == value


@pytest.mark.parametrize(
    "text", ["1234567890123e45", "0000000000000012", "0x1f", "0o17", "1_000", "12:30:45", "2026-11-21", "y", "n", "~"]
)
def test_what_some_reader_takes_for_no_text_is_quoted(text: str) -> None:
    assert document({"id": text}) == f'id: "{text}"\n'


@pytest.mark.parametrize("text", ["no", "On", "TRUE", "null", "Yes"])
def test_words_that_mean_something_are_quoted(text: str) -> None:
    assert document({"id": text}) == f"id: '{text}'\n"


def test_hostile_characters_are_escapes() -> None:
    assert document({"a": "x\u202e\U000e0041\ufeff\x1b\\u{202e}é漢"}) == (
        '"a": "x\\u202E\\U000E0041\\uFEFF\\e\\\\u{202e}é漢"\n'
    )


def test_several_lines_stay_lines() -> None:
    assert document({"text": "Do this:\n\n    kubectl get pods"}) == "text: |-\n  Do this:\n\n      kubectl get pods\n"


def test_a_list_that_stands_twice_is_written_twice() -> None:
    same = ["web"]
    assert document({"one": same, "two": same}) == "one:\n- web\ntwo:\n- web\n"
