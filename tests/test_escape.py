"""Hostile characters: none gets through, and nothing else is touched."""

from __future__ import annotations

import json
import sys
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.escape import escape, escape_json

HOSTILE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def test_no_control_format_surrogate_private_or_line_separator_gets_through() -> None:
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) in HOSTILE:
            assert escape(chr(code)) == f"\\u{{{code:x}}}"


@pytest.mark.parametrize(
    "text", ["\u034f", "\u115f", "\u3164", "\uffa0", "\ufe0f", "\U000e0100", "\u17b4", "\u2065", "\ufff0"]
)
def test_what_shows_nothing_is_shown(text: str) -> None:
    assert escape(text).isascii()


@pytest.mark.parametrize(
    "text", ["docker.io/library/nginx:1.25", "Grüße, 漢字 и τέλος", "e\u0301", "שלום", "a\\u{202e}"]
)
def test_ordinary_text_stays(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\u{1b}[31mb"),
        ("nginx\u202egnp", "nginx\\u{202e}gnp"),
        ("a\r\nb", "a\\u{d}\\u{a}b"),
        ("\U000e0041", "\\u{e0041}"),
    ],
)
def test_escapes_name_the_character(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_means_the_same_and_holds_nothing_hostile(text: str) -> None:
    escaped = escape_json(json.dumps({"key": text, text: [1]}, indent=2, ensure_ascii=False))
    assert json.loads(escaped) == {"key": text, text: [1]}
    assert escape(escaped.replace("\n", "")) == escaped.replace("\n", "")


def test_json_of_a_lone_surrogate_can_be_read_by_a_strict_reader() -> None:
    assert msgspec.json.decode(escape_json(json.dumps("a\ud800", ensure_ascii=False))) == "a\ufffd"
