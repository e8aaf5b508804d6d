"""The JSON report: whole, readable by anyone, harmless to look at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.escape import escape
from auditor.published import from_json, to_dict
from auditor.report import Subject
from auditor.reporters import FORMATS, encoded, render
from auditor.reporters.json_text import document
from tests.conftest import Golden
from tests.reporters.samples import finding, report, shop

GOLDEN = Path(__file__).parent / "golden"

HOSTILE = 'a"\\\x1b[2J\u202e\u200b\x9b漢\U000e0041\u2028</script>\x7f'


def test_it_is_the_published_form(golden: Golden) -> None:
    text = render("json", shop())
    assert json.loads(text) == json.loads(json.dumps(to_dict(shop())))
    golden(text, GOLDEN / "shop.json")


def test_it_comes_back_whole() -> None:
    assert from_json(render("json", shop()).encode()) == shop()


def test_hostile_text_is_escaped_and_comes_back() -> None:
    sample = report(
        [
            finding(
                "unpinned-image",
                "x",
                Subject("Deployment", HOSTILE, HOSTILE),
                HOSTILE,
                image=HOSTILE,
                evidence={HOSTILE: [HOSTILE]},
            )
        ]
    )
    text = render("json", sample)
    assert escape(text.replace("\n", "")) == text.replace("\n", "")
    assert from_json(text.encode()) == sample


@pytest.mark.parametrize("format", FORMATS)
def test_what_goes_into_files_is_the_same_text(format: str) -> None:  # noqa: A002
    assert encoded(format, shop()) == render(format, shop()).encode()


def test_values_of_any_depth_are_indented_as_usual() -> None:
    values = {
        "none": [],
        "empty": {},
        "nothing": None,
        "deep": [{"a": [1, {"b": []}, [[]]], "c": {}}, 1e-05, 1e22, 2**70, "two\nlines"],
        "in\n": {"x": {"y": [True, "é漢"]}},
    }
    assert document(values) == json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def test_half_a_character_is_no_fault_of_the_report() -> None:
    assert json.loads(document({"x": ["a\ud800b"]})) == {"x": ["a\ufffdb"]}
