"""Scalars are what kubectl 1.32 made of them: each expectation was taken from `kubectl annotate --local -o json`."""

from __future__ import annotations

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from yaml.events import ScalarEvent

from auditor.sources.yaml_scalars import Unfit, json_number, key_text, plain, resolve


def scalar(written: str) -> ScalarEvent:
    (event,) = [e for e in yaml.parse(written, Loader=yaml.CSafeLoader) if isinstance(e, ScalarEvent)]
    return event


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *((word, True) for word in ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE")),
        *((word, False) for word in ("n", "N", "no", "No", "off", "OFF", "false")),
        *((word, word) for word in ("yEs", "tRue", "oN", "t", "f", "T", "F", "nULL", "<<", "=")),
        *((word, None) for word in ("~", "null", "Null", "NULL")),
        ("0x1F", 31),
        ("0X1f", 31),
        ("-0x1f", -31),
        ("0x_1f", 31),
        ("0o17", 15),
        ("017", 15),
        ("-017", -15),
        ("08", 8),
        ("00", 0),
        ("0b11", 3),
        ("+0b1", 1),
        ("0b2", "0b2"),
        ("0x", "0x"),
        ("1_000", 1000),
        ("1__0", 10),
        ("+5", 5),
        ("--1", "--1"),
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        ("9223372036854775807", 9223372036854775807),
        ("18446744073709551615", 18446744073709551615.0),
        ("1e3", 1000),
        ("1.", 1),
        (".5", 0.5),
        (".5_0", 0.5),
        ("._5", "._5"),
        ("+.5", 0.5),
        ("-.5e1", -5),
        (".", "."),
        ("1e999", "1e999"),
        ("1.27", 1.27),
        ("2001-01-01", "2001-01-01"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ('"5"', "5"),
        ("'yes'", "yes"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ('!!int "12"', 12),
        ("!!float 12", 12),
        ("!!bool yes", True),
        ('!!null ""', None),
        ("!!timestamp 2001-01-01", "2001-01-01"),
        ("!!binary aGVsbG8=", "hello"),
        ('!!binary "/w=="', "\ufffd"),
    ],
)
def test_a_scalar_is_what_kubectl_makes_of_it(written: str, value: object) -> None:
    made = json_number(resolve(scalar(written)))
    assert (type(made), made) == (type(value), value)


@pytest.mark.parametrize(
    "written",
    ["!!int 1.5", "!!int yes", "!!bool foo", "!!null foo", "!!float foo", '!!binary "%%"', '!!binary "aGV sbG8="'],
)
def test_a_value_that_is_not_what_its_tag_says_is_unfit(written: str) -> None:
    with pytest.raises(Unfit):
        resolve(scalar(written))


@pytest.mark.parametrize("written", ["!Ref x", "!!set x", "!!python/name:os.system x", "!<tag:example.com,2000:x> y"])
def test_a_tag_of_an_application_is_unfit(written: str) -> None:
    with pytest.raises(Unfit, match="a tag that"):
        resolve(scalar(written))


@pytest.mark.parametrize("written", [".nan", ".inf", "-.Inf", "!!float .inf"])
def test_json_has_no_such_number(written: str) -> None:
    with pytest.raises(Unfit, match="JSON does not have"):
        json_number(resolve(scalar(written)))


def test_a_dash_alone_is_text() -> None:
    assert plain("-") == "-"


def test_a_number_of_absurd_length_is_unfit_and_costs_nothing() -> None:
    with pytest.raises(Unfit, match="out of range"):
        plain("9" * 1_000_000)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("1", "1"),
        ("0x10", "16"),
        ("1.10", "1.1"),
        ("100000.0", "100000"),
        ("1000000.0", "1e+06"),
        ("1234567.25", "1.2345672e+06"),
        ("123456.7", "123456.7"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("1.1234567891", "1.1234568"),
        ("99999999999999999999", "1e+20"),
        ("3.4028235e38", "3.4028235e+38"),
        ("1e-45", "1e-45"),
        ("1e300", ".inf"),
        ("0.0", "0"),
        ("-1.5", "-1.5"),
        ("y", "true"),
        ("off", "false"),
        ("2001-01-01", "2001-01-01"),
        (".inf", ".inf"),
        ("-.inf", "-.inf"),
        (".nan", ".nan"),
        ('""', ""),
    ],
)
def test_a_key_becomes_the_text_that_kubectl_makes_of_it(written: str, key: str) -> None:
    assert key_text(resolve(scalar(written))) == key


@pytest.mark.parametrize("value", [None, {}, []])
def test_null_and_collections_are_no_keys(value: object) -> None:
    with pytest.raises(Unfit):
        key_text(value)


@given(st.text(alphabet="0123456789+-._eExXoObBaAfF:nN~yYiI", max_size=12))
def test_every_scalar_without_quotes_is_something_that_json_has_or_is_unfit(text: str) -> None:
    try:
        value = json_number(plain(text))
    except Unfit:
        return
    assert json.loads(json.dumps(value, allow_nan=False)) == value


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_the_text_of_a_key_is_the_shortest_that_names_the_number(value: float) -> None:
    text = key_text(value)
    assert math.isclose(float(text), value, rel_tol=1e-6, abs_tol=1e-45)
    assert len(text.strip("-").partition("e")[0].replace(".", "").strip("0")) <= 9
