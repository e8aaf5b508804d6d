"""The report's values: identity, counts, the published form and its way back."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.published import finding_to_dict, from_json, to_dict
from auditor.report import Counts, Severity, Subject, identity
from auditor.tally import merge_evidence
from tests.reporters.samples import finding, report, shop


def test_severities_are_ordered() -> None:
    assert sorted(Severity, key=lambda severity: severity.rank) == ["critical", "high", "medium", "low"]


def test_identity_is_published_and_may_not_change() -> None:
    web = Subject("Deployment", "web", "nginx")
    assert identity("unpinned-image", "payments", web) == "92e583662a3a180c"
    assert identity("unpinned-image", "payments", web, "part", "repository") == "7e11e0f034abcc01"


def test_identity_tells_subjects_apart() -> None:
    subjects = [Subject("Deployment", "web"), Subject("Deployment", "web", "nginx"), Subject("StatefulSet", "web")]
    ids = {
        identity(check, namespace, subject, part, repository)
        for check in ("a", "b")
        for namespace in (None, "", "x")
        for subject in subjects
        for part in ("", "p")
        for repository in ("", "p")
    }
    assert len(ids) == 2 * 3 * 3 * 2 * 2


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (Subject("Deployment", "web", "nginx"), "Deployment/web (nginx)"),
        (Subject("Secret", "regcred"), "Secret/regcred"),
        (Subject("Cluster", ""), "Cluster"),
    ],
)
def test_subjects_in_words(subject: Subject, text: str) -> None:
    assert str(subject) == text


def test_counts_add_up() -> None:
    total = Counts(1, 2, 3, 4) + Counts(10, 20, 30, 40)
    assert total == Counts(11, 22, 33, 44)
    assert total.subjects == 110


def test_failures_count_from_a_severity_up() -> None:
    assert [shop().failures(severity) for severity in Severity] == [1, 4, 8, 9]


def test_only_the_unread_and_the_broken_make_an_audit_incomplete() -> None:
    subject = Subject("Namespace", "x")

    def with_cause(cause: Any) -> bool:
        return report([finding("runs-as-root", "x", subject, "…", status="manual", cause=cause)]).incomplete

    assert [with_cause(cause) for cause in ("judgment", "unreadable", "error")] == [False, True, True]
    assert not report([finding("runs-as-root", "x", subject, "…")]).incomplete


def test_the_published_form_has_its_keys_in_order() -> None:
    plain = to_dict(shop())
    assert list(plain) == [
        *("schema", "auditor", "cluster", "policy", "coverage", "summary", "checks", "findings"),
        *("enforcement", "warnings"),
    ]
    assert list(plain["findings"][0]) == [
        *("id", "cluster", "check", "status", "cause", "severity", "namespace", "subject", "image"),
        *("message", "evidence", "remediation", "references", "waiver"),
    ]
    assert list(plain["cluster"]) == ["name", "uid", "version", "collectedAt", "source"]
    assert list(plain["summary"]) == ["pass", "fail", "manual", "waived", "bySeverity", "byNamespace"]
    assert list(plain["checks"][0]) == ["id", "title", "severity", "pass", "fail", "manual", "waived"]
    assert plain["findings"][0] == finding_to_dict(shop().findings[0])


def test_the_published_form_of_the_matrix() -> None:
    plain = json.loads(json.dumps(to_dict(shop())["enforcement"]))
    assert list(plain) == ["version", "namespaces", "unreadable"]
    assert plain["version"] == 1
    assert [list(row) for row in plain["namespaces"]] == 5 * [["namespace", "registries", "digests", "signatures"]]
    assert plain["namespaces"][1]["digests"] == {
        "verdict": "not-enforced",
        "by": "ClusterPolicy/pinned",
        "mechanism": "Kyverno",
        "link": "action",
        "detail": "failures are only reported",
        "beside": ["UPDATE: left out"],
        "unread": False,
    }
    assert plain["unreadable"][1] == {
        "mechanism": "connaisseur",
        "resource": "connaisseur",
        "state": "error",
        "detail": "KeyError",
    }
    assert to_dict(report())["enforcement"] is None


def test_a_report_from_before_the_matrix_is_read() -> None:
    plain = to_dict(shop())
    del plain["enforcement"]
    assert from_json(json.dumps(plain).encode()) == msgspec.structs.replace(shop(), enforcement=None)


def test_a_matrix_of_another_version_is_refused() -> None:
    plain = to_dict(shop())
    plain["enforcement"]["version"] = 2
    with pytest.raises(msgspec.MsgspecError):
        from_json(json.dumps(plain).encode())


def test_a_subject_without_a_container_has_no_such_key() -> None:
    plain = to_dict(report([finding("runs-as-root", "x", Subject("Secret", "s"), "…")]))
    assert plain["findings"][0]["subject"] == {"kind": "Secret", "name": "s"}


def test_where_a_manifest_stands_is_not_published() -> None:
    one = msgspec.structs.replace(finding("runs-as-root", "x", Subject("Secret", "s"), "…"), origin="a.yaml:3")
    assert "origin" not in finding_to_dict(one)


def test_a_report_comes_back_whole() -> None:
    assert from_json(json.dumps(to_dict(shop())).encode()) == shop()


def with_more(value: Any) -> Any:
    """The same with a further key in each object, but for evidence, which is all keys of its own."""
    match value:
        case dict():
            return {key: item if key == "evidence" else with_more(item) for key, item in value.items()} | {"extra": [1]}
        case list():
            return [with_more(item) for item in value]
    return value


def test_what_a_later_version_adds_is_ignored() -> None:
    """Unknown keys were refused until baselines were kept: an older version has to read what a newer one wrote."""
    plain = json.loads(json.dumps(to_dict(shop())))
    spaces = plain["summary"].pop("byNamespace")
    severities = plain["summary"].pop("bySeverity")
    more = with_more(plain)
    more["summary"] |= {"byNamespace": spaces, "bySeverity": severities}
    assert from_json(json.dumps(more)) == shop()


def test_another_schema_is_told_before_anything_else() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"its schema is 'auditor\.report/v2'"):
        from_json(b'{"schema": "auditor.report/v2", "findings": {}}')


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"schema": "auditor.snapshot/v1"}', json.dumps({**to_dict(shop()), "schema": "v2"}).encode()],
)
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        from_json(data)


def test_a_finding_is_frozen() -> None:
    one = finding("runs-as-root", "x", Subject("Secret", "s"), "…")
    with pytest.raises(AttributeError):
        setattr(one, "status", "waived")  # noqa: B010


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ({"count": 1}, {"count": 2}, {"count": 3}),
        ({"nodes": ["a", "b"]}, {"nodes": ["b", "c"]}, {"nodes": ["a", "b", "c"]}),
        ({"on": True}, {"on": False}, {"on": True}),
        ({"text": "x"}, {"text": "y"}, {"text": "x"}),
        ({"by": {"a": 1}}, {"by": {"a": 2, "b": 3}}, {"by": {"a": 3, "b": 3}}),
        ({"mixed": 1}, {"mixed": ["a"]}, {"mixed": 1}),
        ({}, {"new": None}, {"new": None}),
    ],
)
def test_evidence_of_two_answers(first: dict[str, Any], second: dict[str, Any], both: dict[str, Any]) -> None:
    assert merge_evidence(first, second) == both


@given(st.lists(st.integers()), st.lists(st.integers()))
def test_united_lists_hold_all_of_both(first: list[int], second: list[int]) -> None:
    assert set(merge_evidence({"x": first}, {"x": second})["x"]) == {*first, *second}
