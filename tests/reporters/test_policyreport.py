"""Policy reports: valid by the APIs' own types, complete, of bounded size, and the same as long as nothing changes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import UsageError
from auditor.escape import escape
from auditor.merge import merge
from auditor.publish_apis import APIS, NAME, OPENREPORTS, WGPOLICY, ReportApi
from auditor.report import ClusterRow, Counts, Finding, Report, Subject
from auditor.reporters import render
from auditor.reporters.policyreport_objects import objects
from auditor.reporters.policyreport_parts import LARGEST, Entry, encoded, parts
from auditor.reporters.policyreport_results import UNREAD_POLICY, timestamp
from tests.conftest import Golden
from tests.reporters.hostile import TEXT, reports
from tests.reporters.policyreport_schema import complaints
from tests.reporters.samples import finding, report, shop, use

GOLDEN = Path(__file__).parent / "golden"
FORMATS = {OPENREPORTS: "policyreport", WGPOLICY: "policyreport-v1alpha2"}
API = pytest.mark.parametrize("api", APIS, ids=lambda api: api.group)


def read(sample: Report, api: ReportApi = OPENREPORTS) -> list[Any]:
    return list(yaml.safe_load_all(render(FORMATS[api], sample)))


def one_result(found: Finding) -> Any:
    [result] = [
        result
        for item in objects(report([found]), OPENREPORTS)
        for result in item["results"]
        if result["policy"] == found.check
    ]
    return result


@API
def test_the_shop(golden: Golden, api: ReportApi) -> None:
    golden(render(FORMATS[api], shop()), GOLDEN / f"shop.{FORMATS[api]}.yaml")


@API
def test_what_is_printed_is_what_is_published(api: ReportApi) -> None:
    assert read(shop(), api) == list(objects(shop(), api))


@API
def test_it_is_valid_by_the_types_of_the_api(api: ReportApi) -> None:
    assert complaints(read(shop(), api)) == []
    assert complaints(read(report(), api)) == []


@API
def test_the_types_refuse_what_is_wrong(api: ReportApi) -> None:
    [item] = objects(report([finding("floating-tag", None, Subject("Cluster", ""), "m")]), api)
    result = item["results"][0]
    for wrong in (
        {**result, "severity": "urgent"},
        {**result, "result": "failed"},
        {**result, "properties": {"count": 1}},
        {**result, "details": "x"},
        {key: value for key, value in result.items() if key != "policy"},
    ):
        assert complaints([{**item, "results": [wrong]}])
    assert complaints([{**item, "spec": {}}])
    assert complaints([{**item, "summary": {"passed": 1}}])


@API
def test_a_hostile_report_is_valid_and_harmless(api: ReportApi) -> None:
    gathered: list[Any] = []

    @settings(max_examples=40)
    @given(reports())
    def gather(sample: Report) -> None:
        text = render(FORMATS[api], sample)
        assert all(escape(line) == line for line in text.split("\n"))
        found = list(yaml.safe_load_all(text))
        assert sum(len(item["results"]) for item in found) >= len(sample.findings)
        for item in objects(sample, api):
            assert yaml.load(encoded(item), Loader=yaml.CSafeLoader) == item
        gathered.extend(found)

    gather()
    assert complaints(gathered) == []


def test_every_finding_is_in_its_namespace_and_the_counts_are_those_of_the_results() -> None:
    found = list(objects(shop(), OPENREPORTS))
    ids = {
        (item["metadata"].get("namespace"), result["properties"]["id"])
        for item in found
        for result in item["results"]
        if result["policy"] != UNREAD_POLICY
    }
    assert ids == {(one.namespace, one.id) for one in shop().findings}
    for item in found:
        counted = Counter(result["result"] for result in item["results"])
        counts = dict(item["summary"])
        assert counts.pop("pass") == shop().summary.by_namespace[item["metadata"].get("namespace", "")].passed
        assert {name: count for name, count in counts.items() if count} == counted
    assert [item["kind"] for item in found] == ["ClusterReport", *["Report"] * (len(found) - 1)]


@pytest.mark.parametrize(
    ("status", "cause", "result"),
    [
        ("fail", None, "fail"),
        ("waived", None, "skip"),
        ("manual", "judgment", "warn"),
        ("manual", "unreadable", "error"),
        ("manual", "error", "error"),
    ],
)
def test_results(status: Any, cause: Any, result: str) -> None:
    made = one_result(finding("runs-as-root", "x", use("Deployment", "a", "c"), "m", status=status, cause=cause))
    assert made["result"] == result
    assert made.get("scored", False) is (result == "fail")
    assert made["properties"]["resultID"].endswith(f"-{result}")
    assert made["properties"].get("cause") == cause


@pytest.mark.parametrize(
    ("subject", "namespace", "expected"),
    [
        (
            use("Deployment", "a", "c"),
            "x",
            {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "x", "name": "a"},
        ),
        (Subject("Secret", "a"), "x", {"apiVersion": "v1", "kind": "Secret", "namespace": "x", "name": "a"}),
        (Subject("Namespace", "x"), "x", {"apiVersion": "v1", "kind": "Namespace", "name": "x"}),
        (Subject("ClusterImagePolicy", "a"), None, {"kind": "ClusterImagePolicy", "name": "a"}),
        (use("Service", "a", "c"), "x", {"kind": "Service", "namespace": "x", "name": "a"}),
        (Subject("Image", "a/b:1"), None, {"kind": "Image", "name": "a/b:1"}),
        (Subject("Cluster", ""), None, {"kind": "Cluster"}),
    ],
)
def test_resources(subject: Subject, namespace: str | None, expected: dict[str, str]) -> None:
    assert one_result(finding("floating-tag", namespace, subject, "m"))["resources"] == [expected]


def test_what_was_read_nowhere_is_told_in_each_namespace() -> None:
    blind = finding("unused-pull-secret", None, Subject("Cluster", ""), "x", status="manual", cause="unreadable")
    blind = msgspec.structs.replace(blind, evidence={"resources": {"secrets": "may not be read"}})
    broke = finding("runs-as-root", None, Subject("Cluster", ""), "The check broke.", status="manual", cause="error")
    sample = report([blind, broke], passed={"a": 1})
    cluster, space = objects(sample, OPENREPORTS)
    assert space["metadata"]["annotations"] == {"auditor.dev/checks": ",".join(row.id for row in sample.checks)}
    assert cluster["metadata"]["annotations"] == space["metadata"]["annotations"]
    assert [(one["policy"], one["rule"], one["result"]) for one in space["results"]] == [
        ("unread", "runs-as-root", "error"),
        ("unread", "secrets", "error"),
    ]
    assert space["results"][1]["message"] == (
        "Not judged: secrets may not be read. Without a verdict for want of it: unused-pull-secret."
    )
    assert space["summary"]["error"] == 2


def test_times() -> None:
    assert timestamp("2026-11-21T12:00:00Z") == {"seconds": 1795262400, "nanos": 0}
    assert timestamp("2026-11-21T13:00:00.5+01:00") == {"seconds": 1795262400, "nanos": 500_000_000}
    assert timestamp("1969-12-31T23:59:59.25Z") == {"seconds": -1, "nanos": 250_000_000}
    assert timestamp(None) is timestamp("yesterday") is None
    untimed = report([finding("floating-tag", "x", Subject("Secret", "a"), "m")], cluster=ClusterRow(source="files"))
    assert all("timestamp" not in result for item in objects(untimed, OPENREPORTS) for result in item["results"])


@API
def test_several_clusters_are_refused(api: ReportApi) -> None:
    one = report([finding("floating-tag", "x", Subject("Secret", "a"), "m")])
    other = msgspec.structs.replace(one, cluster=ClusterRow("depot", "uid-2"), findings=())
    with pytest.raises(UsageError, match="this report is about several"):
        render(FORMATS[api], merge([one, other]))


def test_texts_without_end_are_cut_and_every_report_is_below_the_limit() -> None:
    endless = '\U0001f600\\"' * 400_000
    found = [
        msgspec.structs.replace(
            finding("floating-tag", "x", Subject(endless, f"{number}{endless}", endless), endless, image=endless),
            remediation=endless,
            id=f"{number:016x}",
        )
        for number in range(30)
    ]
    made = list(objects(report(found, passed={"x": 7}), OPENREPORTS))
    assert all(len(encoded(item)) < 1 << 20 for item in made)
    assert sum(item["summary"]["fail"] for item in made) == 30
    assert sum(item["summary"]["pass"] for item in made) == 7
    assert made[1]["results"][0]["message"].endswith("characters more)")
    assert all(NAME.fullmatch(item["metadata"]["name"]) for item in made)


@given(st.lists(st.tuples(TEXT, st.integers(1, 400_000)), max_size=30, unique_by=lambda pair: pair[0]))
def test_parts_hold_everything_once_and_depend_on_nothing_else(sizes: list[tuple[str, int]]) -> None:
    entries = [Entry(key, {"m": "x" * size, "key": key}) for key, size in sizes]
    split = dict(parts(entries))
    assert sorted(result["key"] for own in split.values() for result in own) == sorted(key for key, _ in sizes)
    for own in split.values():
        assert sum(len(encoded(result)) + 1 for result in own) <= LARGEST
    assert {name: sorted(r["key"] for r in own) for name, own in parts(entries[::-1])} == {
        name: sorted(r["key"] for r in own) for name, own in split.items()
    }


def test_the_same_key_over_and_over_ends() -> None:
    [(name, own)] = parts([Entry("k", {"m": "x" * LARGEST})] * 3)
    assert (len(name), len(own)) == (60, 3)


def test_a_namespace_without_findings_has_its_passes() -> None:
    empty = msgspec.structs.replace(
        report(), summary=msgspec.structs.replace(report().summary, by_namespace={"a": Counts(5)})
    )
    cluster, space = objects(empty, OPENREPORTS)
    assert (cluster["summary"]["pass"], space["summary"]["pass"], space["results"]) == (0, 5, [])
