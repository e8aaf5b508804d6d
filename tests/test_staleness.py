"""What another night has left is no audit of this one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from auditor.cli import run
from auditor.merge import merge
from auditor.report import Report
from auditor.reporters import render
from auditor.staleness import newest, without_stale
from tests.reporters.samples import report
from tests.test_merge import DEAD, of


def at(time: str | None, name: str, uid: str | None = None) -> Report:
    made = of(name, uid, report([], passed={"web": 1}))
    return replace(made, cluster=replace(made.cluster, collected_at=time))


TONIGHT = at("2026-11-22T02:40:00Z", "tonight")
SLOW = at("2026-11-21T22:00:00-05:00", "slow")  # which is 03:00 of the next day
LAST_NIGHT = at("2026-11-21T03:10:00Z", "late")


def test_a_report_of_last_night_is_no_audit() -> None:
    whole = merge(without_stale([TONIGHT, LAST_NIGHT, SLOW, DEAD], 12))
    assert {part.name: part.error is None for part in whole.clusters} == {
        "dead": False,
        "late": False,
        "slow": True,
        "tonight": True,
    }
    assert whole.incomplete
    assert whole.clusters[1].error == (
        "its report is of 2026-11-21T03:10:00Z, 23.8 hours older than the newest one. "
        "Audit it again, or allow for more with --max-age HOURS."
    )
    assert whole.clusters[1].summary.passed == 0
    assert whole.warnings[1].startswith("late: not audited: its report is of 2026-11-21")


def test_what_is_recent_enough_is_left_alone() -> None:
    assert without_stale([TONIGHT, LAST_NIGHT, DEAD], 24) == [TONIGHT, LAST_NIGHT, DEAD]
    assert without_stale([TONIGHT, LAST_NIGHT], float("inf")) == [TONIGHT, LAST_NIGHT]
    assert without_stale([SLOW, TONIGHT], 0.34) == [SLOW, TONIGHT]
    assert without_stale([SLOW, TONIGHT], 0.33)[1].incomplete


@pytest.mark.parametrize("time", [None, "", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_has_no_time_is_not_judged_by_it(time: str | None) -> None:
    assert without_stale([TONIGHT, at(time, "files")], 12)[1] == at(time, "files")
    assert newest([at(time, "files"), DEAD]) is None
    assert without_stale([at(time, "files")], 12) == [at(time, "files")]


def test_clusters_of_a_merged_report_are_judged_one_by_one() -> None:
    joined = merge([LAST_NIGHT, at("2026-11-21T20:00:00Z", "late", "uid-other"), DEAD])
    whole = merge(without_stale([joined, TONIGHT], 12))
    assert [(part.name, part.error is None) for part in whole.clusters] == [
        ("dead", False),
        ("late (uid-late)", False),
        ("late (uid-othe)", True),
        ("tonight", True),
    ]


def test_a_newer_audit_of_the_cluster_takes_its_place() -> None:
    again = at("2026-11-22T03:00:00Z", "late")
    assert merge(without_stale([LAST_NIGHT, again, TONIGHT], 12)) == merge([again, TONIGHT])


def written(path: Path, *reports: Report) -> list[str]:
    paths = [path / f"{number}.json" for number, _ in enumerate(reports)]
    for place, one in zip(paths, reports, strict=True):
        place.write_text(render("json", one))
    return [str(place) for place in paths]


def test_merge_tells_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = written(tmp_path, TONIGHT, LAST_NIGHT)
    assert run(["merge", *paths, "-o", "json"]) == 3
    told = capsys.readouterr()
    assert f"warning: not merged: {paths[1]}: late: its report is of 2026-11-21T03:10:00Z, 23.5 hours older" in told.err
    assert [part["error"] is None for part in json.loads(told.out)["clusters"]] == [False, True]
    for age in ("24", "inf"):
        assert run(["merge", *paths, "--max-age", age, "-o", "json"]) == 0
        assert "not merged" not in capsys.readouterr().err
    assert run(["merge", *paths, "--allow-incomplete", "-o", "json"]) == 0


def test_a_night_without_any_audit_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = [replace(one, cluster=replace(one.cluster, collected_at="2020-02-02T02:02:02Z")) for one in (TONIGHT, SLOW)]
    assert run(["merge", *written(tmp_path, *old), "-o", "json"]) == 0
    told = capsys.readouterr()
    assert told.err.startswith("warning: the newest of these reports is ")
    assert json.loads(told.out)["cluster"]["collectedAt"] == "2020-02-02T02:02:02Z"


@pytest.mark.parametrize("age", ["0", "-1", "nan", "-inf", "day"])
def test_no_age(tmp_path: Path, capsys: pytest.CaptureFixture[str], age: str) -> None:
    assert run(["merge", *written(tmp_path, TONIGHT), "--max-age", age]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "--max-age" in told.err
