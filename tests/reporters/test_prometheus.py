"""Metrics: read by the client's own parser and by promtool, few of them whatever the cluster holds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from prometheus_client.parser import text_string_to_metric_families

from auditor.diff import diff
from auditor.report import AppliedWaiver, ClusterRow, CoverageRow, Finding, Report, Status, Subject
from auditor.reporters import Options, render
from auditor.version import __version__
from tests.conftest import Golden
from tests.metrics.nights import three_clusters
from tests.real import program
from tests.reporters.hostile import reports
from tests.reporters.samples import finding, report, shop, use

GOLDEN = Path(__file__).parent / "golden"
LABELS = {
    *("check", "namespace", "severity", "status", "cause", "resource", "state", "cluster"),
    *("version", "kubernetes_version", "source"),
}
NIGHT = Options(exit_code=1, new=2, duration=12.5)

Series = tuple[str, frozenset[tuple[str, str]]]


def series(text: str) -> Iterator[tuple[Series, float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield (sample.name, frozenset(sample.labels.items())), sample.value


def values(sample: Report, options: Options | None = None) -> dict[Series, float]:
    return dict(series(render("prometheus", sample, options)))


def key(name: str, **labels: str) -> Series:
    return name, frozenset({"cluster": "shop", **labels}.items())


@pytest.fixture(scope="module")
def promtool() -> str:
    return program("promtool")


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
    assert found[key("auditor_duration_seconds")] == 12.5
    assert found[key("auditor_check_errors", check="runs-as-root")] == 1
    assert found[key("auditor_check_errors", check="unpinned-image")] == 0
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
    assert "auditor_last_success_timestamp_seconds" not in {name for name, _ in values(sample)}


def test_what_the_run_did_not_say_is_no_metric() -> None:
    names = {name for name, _ in values(shop())}
    assert not names & {"auditor_exit_code", "auditor_new_failures", "auditor_duration_seconds"}
    assert not names & {"auditor_new_findings", "auditor_gone_findings", "auditor_unseen_findings"}


def test_series_do_not_grow_with_the_cluster() -> None:
    many = report(
        [finding("unpinned-image", f"n{i % 7}", use("Deployment", f"d{i}", "c"), f"m{i}") for i in range(5000)]
    )
    found = values(many)
    assert sum(name == "auditor_findings" for name, _ in found) == 7
    assert len(found) < 100


def test_clusters_are_told_apart(promtool: str) -> None:
    text = render("prometheus", three_clusters(), NIGHT)
    lint(promtool, text)
    found = dict(series(text))

    def of(name: str, **labels: str) -> dict[str, float]:
        clusters = ("east", "west", "north")
        known = {cluster: key(name, cluster=cluster, **labels) for cluster in clusters}
        return {cluster: found[one] for cluster, one in known.items() if one in found}

    failed = {"check": "unpinned-image", "namespace": "x", "severity": "medium", "status": "fail"}
    assert of("auditor_findings", **failed) == {"east": 2}
    assert of("auditor_failures", severity="medium") == {"east": 2, "west": 0, "north": 0}
    assert of("auditor_not_judged", cause="error") == {"east": 1, "west": 0, "north": 0}
    assert of("auditor_subjects", check="unpinned-image", status="fail") == {"east": 2, "west": 0}
    assert of("auditor_check_errors", check="runs-as-root") == {"east": 1}
    assert of("auditor_coverage", resource="secrets", state="read") == {"east": 0, "west": 1}
    assert of("auditor_objects", resource="secrets") == {"west": 7}
    assert of("auditor_complete") == {"east": 0, "west": 1, "north": 0}
    # Of the one that could not be reached nobody claims to have read it.
    assert of("auditor_last_success_timestamp_seconds") == {"east": 1795262400, "west": 1795262500}
    assert of("auditor_info", version=__version__, kubernetes_version="v1.35.4", source="live") == {"west": 1}
    assert found[key("auditor_exit_code", cluster="")] == 1


def test_what_became_of_the_baseline() -> None:
    def failure(name: str, check: str = "unpinned-image", status: Status = "fail") -> Finding:
        return finding(check, "x", use("Deployment", name, "c"), "m", status=status)

    before = report([failure("old"), failure("fixed"), failure("hidden", "floating-tag")])
    after = report(
        [failure("old"), failure("fresh"), failure("fresh", "runs-as-root"), failure("odd", status="manual")],
        checks=["unpinned-image", "runs-as-root"],
    )
    found = values(after, Options(comparison=diff(before, after)))
    assert found[key("auditor_new_findings", severity="medium", status="fail")] == 2
    assert found[key("auditor_new_findings", severity="medium", status="manual")] == 1
    assert found[key("auditor_new_findings", severity="critical", status="fail")] == 0
    assert found[key("auditor_gone_findings", severity="medium", status="fail")] == 1
    assert found[key("auditor_unseen_findings", severity="high", status="fail")] == 1
    assert sum(value for (name, _), value in found.items() if name == "auditor_new_findings") == 3


@pytest.mark.parametrize(
    ("days", "end"),
    [
        (["2027-01-31"], 1801440000.0),  # the midnight after that day, UTC
        (["2027-01-31", "2026-12-31", "2028-01-01"], 1798761600.0),
        (["9999-12-31"], 253402300800.0),
        (["soon"], None),
    ],
)
def test_waivers_tell_when_the_first_one_ends(days: list[str], end: float | None) -> None:
    waived = [
        finding(
            "unpinned-image",
            "x",
            use("Deployment", day, "c"),
            "m",
            status="waived",
            waiver=AppliedWaiver("TICKET-1", day),
        )
        for day in days
    ]
    lapsed = finding(
        "unpinned-image",
        "x",
        use("Deployment", "w", "c"),
        "m",
        waiver=AppliedWaiver("TICKET-2", "2020-01-01", expired=True),
    )
    found = values(report([*waived, lapsed]))
    name = "auditor_waiver_expiry_timestamp_seconds"
    assert found.get(key(name, check="unpinned-image", namespace="x")) == end


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
