"""Metrics: read by the client's own parser and by promtool, few of them whatever the cluster holds."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from prometheus_client.parser import text_string_to_metric_families

from auditor.report import ClusterRow, CoverageRow, Report, Subject
from auditor.reporters import Options, render
from tests.conftest import Golden
from tests.reporters.hostile import reports
from tests.reporters.samples import finding, report, shop, use

GOLDEN = Path(__file__).parent / "golden"
LABELS = {
    *("check", "namespace", "severity", "status", "cause", "resource", "state", "cluster"),
    *("version", "kubernetes_version", "source"),
}
NIGHT = Options(exit_code=1, new=2)

Series = tuple[str, frozenset[tuple[str, str]]]


def series(text: str) -> Iterator[tuple[Series, float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield (sample.name, frozenset(sample.labels.items())), sample.value


def values(sample: Report, options: Options | None = None) -> dict[Series, float]:
    return dict(series(render("prometheus", sample, options)))


def key(name: str, **labels: str) -> Series:
    return name, frozenset(labels.items())


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        if os.environ.get("AUDITOR_REQUIRE_REAL") == "1":
            pytest.fail("promtool is missing: Debian has it in the package prometheus")
        pytest.skip("promtool is not installed")
    return found


def lint(promtool: str, text: str) -> None:
    done = subprocess.run([promtool, "check", "metrics"], input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_shop(golden: Golden, promtool: str) -> None:
    text = render("prometheus", shop(), NIGHT)
    lint(promtool, text)
    golden(text, GOLDEN / "shop.prom")


def test_nothing_found_is_well_formed(promtool: str) -> None:
    lint(promtool, render("prometheus", report()))


def test_counts_are_those_of_the_report() -> None:
    found = values(shop(), NIGHT)
    assert sum(value for (name, _), value in found.items() if name == "auditor_findings") == len(shop().findings)
    place = {"namespace": "payments", "severity": "medium", "status": "fail"}
    assert found[key("auditor_findings", check="unpinned-image", **place)] == 2
    assert found[key("auditor_failures", severity="critical")] == 1
    assert found[key("auditor_not_judged", cause="unreadable")] == 4
    assert found[key("auditor_not_judged", cause="error")] == 1
    assert found[key("auditor_subjects", check="unpinned-image", status="waived")] == 2
    assert found[key("auditor_new_failures")] == 2
    assert found[key("auditor_exit_code")] == 1
    assert found[key("auditor_complete")] == 0
    # 2026-11-21T12:00:00Z
    assert found[key("auditor_last_success_timestamp_seconds")] == 1795262400


def test_an_alert_can_count_on_zeros() -> None:
    found = values(report(passed={"a": 1}))
    assert all(found[key("auditor_failures", severity=s)] == 0 for s in ("critical", "high", "medium", "low"))
    assert found[key("auditor_complete")] == 1
    assert found[key("auditor_subjects", check="unpinned-image", status="fail")] == 0


def test_a_resource_is_in_several_states_and_unread_is_no_zero() -> None:
    rows = [
        CoverageRow("secrets", "read", ("a",), 3),
        CoverageRow("secrets", "forbidden", ("b", "c")),
        CoverageRow("cronjobs", "failed"),
    ]
    found = values(report(coverage=rows))
    assert {state for _, state in states(found, "secrets")} == {"read", "forbidden"}
    assert {state for _, state in states(found, "cronjobs")} == {"failed"}
    assert found[key("auditor_objects", resource="secrets")] == 3
    assert key("auditor_objects", resource="cronjobs") not in found


def states(found: dict[Series, float], resource: str) -> set[tuple[str, str]]:
    own = (dict(labels) for (name, labels), value in found.items() if name == "auditor_coverage" and value)
    return {(labels["resource"], labels["state"]) for labels in own if labels["resource"] == resource}


@pytest.mark.parametrize("when", [None, "", "yesterday"])
def test_without_a_time_there_is_no_last_success(when: str | None) -> None:
    sample = report(cluster=ClusterRow(collected_at=when, source="files"))
    assert key("auditor_last_success_timestamp_seconds") not in values(sample)


def test_what_the_run_did_not_say_is_no_metric() -> None:
    names = {name for name, _ in values(shop())}
    assert not names & {"auditor_exit_code", "auditor_new_failures"}


def test_series_do_not_grow_with_the_cluster() -> None:
    many = report(
        [finding("unpinned-image", f"n{i % 7}", use("Deployment", f"d{i}", "c"), f"m{i}") for i in range(5000)]
    )
    found = values(many)
    assert sum(name == "auditor_findings" for name, _ in found) == 7
    assert len(found) < 100


def test_clusters_are_told_apart_where_there_are_several() -> None:
    one = finding("unpinned-image", "x", Subject("Deployment", "w"), "m")
    two = [msgspec.structs.replace(one, cluster=cluster) for cluster in ("east", "west")]
    labels = {"check": "unpinned-image", "namespace": "x", "severity": "medium", "status": "fail"}
    found = values(report(two))
    assert [found[key("auditor_findings", cluster=cluster, **labels)] for cluster in ("east", "west")] == [1, 1]
    assert found[key("auditor_failures", severity="medium")] == 2


def test_names_that_look_the_same_make_one_series() -> None:
    twins = ["a\u202e", "a\\u{202e}"]
    sample = report([finding("unpinned-image", name, Subject("Deployment", "w"), "m") for name in twins])
    found = [value for (name, _), value in series(render("prometheus", sample)) if name == "auditor_findings"]
    assert found == [2]


@settings(deadline=None)
@given(reports())
def test_hostile_names_make_neither_lines_nor_twins(sample: Report) -> None:
    found = list(series(render("prometheus", sample, NIGHT)))
    assert len(dict(found)) == len(found)
    assert {label for (_, labels), _ in found for label, _ in labels} <= LABELS
    assert sum(value for (name, _), value in found if name == "auditor_findings") == len(sample.findings)


@settings(deadline=None, max_examples=15)
@given(reports())
def test_promtool_takes_hostile_names(promtool: str, sample: Report) -> None:
    lint(promtool, render("prometheus", sample, NIGHT))
