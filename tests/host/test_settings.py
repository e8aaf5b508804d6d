"""The plugin's settings: which values count, and which stop the server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from auditor.host.decoding import Object, Refused
from auditor.host.settings import of_file, of_value
from auditor.hostfacts import PluginSettings


def settings(inner: str) -> PluginSettings:
    decoded = of_file(f"imagePolicy:\n  {inner}\n".encode())
    assert not decoded.faults
    return decoded.settings


@pytest.mark.parametrize(
    ("inner", "allow_ttl"),
    [
        ("allowTTL: 50", 50),
        ("allowTTL: 1", 1),
        ("allowTTL: 1800", 1800),
        ("allowTTL: 0", 300),
        ("allowTTL: null", 300),
        ("denyTTL: 50", 300),
        ("allowTTL: -1", 0),
        ("allowTTL: 50.0", 50),
        ("allowTTL: 5e1", 50),
        ("allowTTL: 0x32", 50),
        ("allowTTL: 062", 50),
        ("allowTTL: 1_000", 1000),
        ("ALLOWTTL: 50", 50),
        ("allowTTL: 50\n  AllowTTL: 60", 50),
        ("AllowTTL: 60\n  ALLOWTTL: 70", 60),
        ("allowTTL: 50\n  allowTTL: 60", 60),
    ],
)
def test_the_time_that_approvals_are_kept(inner: str, allow_ttl: int) -> None:
    assert settings(inner).allow_ttl == allow_ttl


@pytest.mark.parametrize(
    "inner",
    [
        'allowTTL: "50"',
        "allowTTL: 50s",
        "allowTTL: 50.5",
        "allowTTL: true",
        "allowTTL: [50]",
        "allowTTL: {}",
        "allowTTL: 1801",
        "allowTTL: -2",
        "allowTTL: 1e30",
        "denyTTL: 1801",
        "retryBackoff: 300001",
        "retryBackoff: -5",
        "retryBackoff: 9223372036854775807",
        'defaultAllow: "true"',
        "defaultAllow: 1",
        "kubeConfigFile: [a]",
    ],
)
def test_what_stops_the_server(inner: str) -> None:
    assert len(of_file(f"imagePolicy:\n  {inner}\n".encode()).faults) == 1


@pytest.mark.parametrize(
    ("written", "means"), [("yes", True), ("no", False), ("on", True), ("True", True), ("off", False)]
)
def test_truth_in_yaml(written: str, means: bool) -> None:
    assert settings(f"defaultAllow: {written}").default_allow is means


def test_defaults() -> None:
    assert settings("retryBackoff: 300000") == PluginSettings(retry_backoff=300_000)
    assert of_file(b"# nothing\n").settings == PluginSettings()
    assert of_value(None).settings == of_value(Object()).settings == PluginSettings()


def test_keys_of_both_levels_in_any_case_and_others_beside_them() -> None:
    text = b"other: 1\nIMAGEPOLICY: {KUBECONFIGFILE: a, surplus: {x: 1}}\nimagePolicy: {defaultallow: true}\n"
    assert of_file(text).settings == PluginSettings("a", default_allow=True)


def test_json_in_a_file_of_its_own() -> None:
    assert of_file(b'{"imagePolicy": {"allowTTL": 50.0}} trailing').settings.allow_ttl == 50
    assert of_file(b'{"imagePolicy": {"allowTTL": 60, "ALLOWTTL": 50}}').settings.allow_ttl == 50
    assert of_file(b"{imagePolicy: {allowTTL: 50}}").settings.allow_ttl == 50


def test_a_number_is_a_path_too() -> None:
    assert settings("kubeConfigFile: 5").kubeconfig == "5"


def test_the_first_document_counts() -> None:
    assert (
        of_file(b"---\nimagePolicy: {allowTTL: 50}\n--- # more\nimagePolicy: {allowTTL: x}\n").settings.allow_ttl == 50
    )
    assert of_file(b"# only a comment\n---\nimagePolicy: {allowTTL: x}\n").settings == PluginSettings()


@pytest.mark.parametrize("data", [b"", b"--- text\n", b"- a", b"text", b"a: [", b'{"a": '])
def test_what_is_no_configuration(data: bytes) -> None:
    with pytest.raises(Refused):
        of_file(data)


def test_a_policy_that_is_no_object() -> None:
    assert of_file(b"imagePolicy: []").faults == ("imagePolicy is not an object",)


@hypothesis_settings(deadline=None)
@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_are_taken_in_their_range_alone(number: int) -> None:
    decoded = of_file(f"imagePolicy: {{denyTTL: {number}}}".encode())
    taken = decoded.settings.deny_ttl
    assert (taken is None) == bool(decoded.faults)
    if -(2**33) < number < 2**33:  # beyond, Go's integers overflow
        assert (taken is not None) == (-1 <= number <= 1800)
