"""The JSON Schema accepts what the reader accepts, and refuses what it refuses where a schema can say so."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from auditor.errors import PolicyError
from auditor.policy_file import load_policy
from auditor.policy_schema import json_schema

POLICIES = Path(__file__).parent.parent / "fixtures" / "policies"
VALIDATOR = Draft202012Validator(json_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def _as_json(text: str) -> Any:
    def plain(value: object) -> str:
        assert isinstance(value, date)
        return value.isoformat()

    return json.loads(json.dumps(yaml.safe_load(text), default=plain))


def test_is_a_schema_of_its_dialect() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


@pytest.mark.parametrize("file", sorted(POLICIES.glob("valid-*.yaml")), ids=lambda file: file.stem)
def test_accepts_the_valid_fixtures(file: Path) -> None:
    assert list(VALIDATOR.iter_errors(_as_json(file.read_text()))) == []


BOTH_REFUSE = [
    "version: 2",
    "version: '1'",
    "allowed: []",
    "path: p.yaml",
    "sha256: ''",
    "registries: null",
    "registries: {allowed: null}",
    "registries: {allowed: quay.io}",
    "registries: {allowed: [gcr.io/*]}",
    "registries: {allowed: ['']}",
    "registries: {private: [5000]}",
    "registries: {namespaces: {'': []}}",
    "images: {floatingTags: ['v*']}",
    "images: {floating_tags: []}",
    "signatures: [{images: [a/*]}]",
    "signatures: [{images: [a/*], keys: []}]",
    "signatures: [{images: [], keys: [k]}]",
    "signatures: [{images: [a/*], identities: [{issuer: i}]}]",
    "vulnerabilities: {threshold: High}",
    "vulnerabilities: {graceDays: -1}",
    "vulnerabilities: {graceDays: 1.5}",
    "vulnerabilities: {maxScanAgeDays: 36501}",
    "vulnerabilities: {onlyFixable: 'no'}",
    "vulnerabilities: {kev: ' '}",
    "runtimeDetection: null",
    "checks: {never-pull: {enabled: false}}",
    "checks: {never-pull: {enabled: false, reason: null}}",
    "checks: {never-pull: {enabled: false, reason: ''}}",
    "checks: {never-pull: {severity: none}}",
    "waivers: [{reason: r}]",
    "waivers: [{expires: 2027-01-31}]",
    "waivers: [{reason: r, expires: '2027-02-30'}]",
    "waivers: [{reason: r, expires: soon}]",
    "waivers: [{reason: ' ', expires: 2027-01-31}]",
    "waivers: [{reason: r, expires: 2027-01-31, namespace: ''}]",
    "waivers: [{reason: r, expires: 2027-01-31, until: x}]",
    "exclude: [kube-system]",
]


@pytest.mark.parametrize("text", BOTH_REFUSE)
def test_refuses_what_the_reader_refuses(text: str) -> None:
    assert not VALIDATOR.is_valid(_as_json(text))
    with pytest.raises(PolicyError):
        load_policy(text.encode(), "p.yaml")


BOTH_ACCEPT = [
    "{}",
    "registries: {}",
    "vulnerabilities: {kev: null, epss: scores.csv}",
    "checks: {a: {}, b: {severity: null, reason: null}}",
    "checks: {a: {enabled: true}}",
    "waivers: [{reason: r, expires: 2027-01-31, owner: null}]",
    "signatures: [{images: [a/*], keys: [], identities: [{issuer: i, subject: s}]}]",
]


@pytest.mark.parametrize("text", BOTH_ACCEPT)
def test_accepts_what_the_reader_accepts(text: str) -> None:
    assert VALIDATOR.is_valid(_as_json(text))
    assert load_policy(text.encode(), "p.yaml").version == 1


def test_every_field_that_is_no_section_is_described() -> None:
    schema = json_schema()
    for name, part in schema["$defs"].items():
        for key, value in part.get("properties", {}).items():
            assert value.get("description"), f"{name}.{key}"
