"""The JSON report: whole, readable by anyone, harmless to look at."""

from __future__ import annotations

import json
from pathlib import Path

from auditor.escape import escape
from auditor.report import Subject, from_json, to_dict
from auditor.reporters import render
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
