"""Three nights of one cluster with a baseline that is kept from night to night: in a file, and in a ConfigMap."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_mock import MockerFixture

from auditor.baseline import KEY, baseline_role
from auditor.cli import run
from tests.apiserver import ApiServer, Backend, Request, Response, plain
from tests.apistore import Store
from tests.auditing import FIXTURES, ROOT
from tests.conftest import Golden
from tests.sources.configmaps import ConfigMaps
from tests.sources.scanning import write_kubeconfig

NIGHTS = FIXTURES / "nights"
POLICY = str((NIGHTS / "policy.yaml").relative_to(ROOT))
CHECKS = ("--check", "floating-tag", "--check", "unpinned-image")
FORMATS = {"json": "report.json", "table": "table.txt", "markdown": "report.md", "sarif": "report.sarif"}
FORMATS |= {"yaml": "report.yaml", "csv": "report.csv", "junit": "report.xml"}

Sleep = Callable[[int], None]


@pytest.fixture
def wake(mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch) -> Sleep:
    """Makes it the night of this number."""
    monkeypatch.chdir(ROOT)  # reports tell the files by the path that was given
    clock = mocker.patch("auditor.commands.auditing.datetime")

    def to(night: int) -> None:
        clock.now.return_value = datetime(2026, 11, night, 3, 17, tzinfo=UTC)

    return to


def files(night: int, *options: str) -> int:
    return run(["scan", "--from", f"fixtures/nights/{night}", "--policy", POLICY, *CHECKS, *options])


@pytest.fixture
def baseline(tmp_path: Path) -> list[str]:
    return ["--baseline", str(tmp_path / "baseline.json"), "--keep-baseline"]


def outcome(path: Path) -> tuple[int, int, int]:
    """New, gone and still."""
    found = json.loads(path.read_text())["baseline"]
    return len(found["new"]), len(found["gone"]), found["still"]


def test_the_story(
    wake: Sleep, baseline: list[str], tmp_path: Path, golden: Golden, capsys: pytest.CaptureFixture[str]
) -> None:
    codes, outcomes = [], []
    for night in (1, 2, 3):
        wake(night)
        outputs = [f"{name}={tmp_path / place}" for name, place in FORMATS.items()]
        codes.append(files(night, *baseline, "--fail-on-new", *(part for text in outputs for part in ("-o", text))))
        for place in FORMATS.values():
            with (tmp_path / place).open(newline="") as file:
                golden(file.read(), NIGHTS / str(night) / "expected" / place)
        outcomes.append(outcome(tmp_path / "report.json"))
        told = capsys.readouterr().err
        assert ("no baseline yet, so everything counts as new" in told) == (night == 1)
    assert codes == [1, 0, 1]
    assert outcomes == [(5, 0, 0), (0, 0, 5), (3, 2, 2)]


def test_on_the_third_night_one_is_new_one_lost_its_waiver_and_one_is_mended(
    wake: Sleep, baseline: list[str], tmp_path: Path
) -> None:
    for night in (1, 2, 3):
        wake(night)
        files(night, *baseline, "-o", f"json={tmp_path / 'report.json'}")
    report = json.loads((tmp_path / "report.json").read_text())
    names = {f["id"]: (f["check"], f["subject"]["name"], f["status"]) for f in report["findings"]}
    assert {names[new] for new in report["baseline"]["new"]} == {
        ("floating-tag", "books", "fail"),
        ("floating-tag", "pilot", "fail"),
        ("unpinned-image", "pilot", "fail"),
    }
    gone = {(f["check"], f["subject"]["name"]) for f in report["baseline"]["gone"]}
    assert gone == {("floating-tag", "crane"), ("unpinned-image", "crane")}
    kept = json.loads((tmp_path / "baseline.json").read_text())
    assert [f["id"] for f in kept["findings"]] == list(names)
    assert "baseline" not in kept


def test_findings_stand_and_nothing_is_new(wake: Sleep, baseline: list[str]) -> None:
    wake(1)
    assert files(1, *baseline, "-o", "csv") == 1
    assert files(2, *baseline[:2], "-o", "csv") == 1
    assert files(2, *baseline[:2], "--fail-on-new", "-o", "csv") == 0


def test_without_a_baseline_reports_are_what_they_were(
    wake: Sleep, baseline: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What a comparison adds is apart from the rest: in JSON one key."""
    wake(1)
    files(1, "-o", "json")
    alone = json.loads(capsys.readouterr().out)
    files(1, *baseline, "-o", "json")
    compared = json.loads(capsys.readouterr().out)
    assert compared.pop("baseline")["first"]
    assert compared == alone


def test_an_incomplete_night_loses_nothing(wake: Sleep, baseline: list[str], tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    wake(1)
    files(1, *baseline, "-o", "csv")
    files(1, *baseline, "--exclude-namespace", "quay", "-o", f"json={report}")
    assert [f["namespace"] for f in json.loads(report.read_text())["baseline"]["unseen"]] == ["quay"] * 3
    assert files(1, *baseline, "--fail-on-new", "-o", f"json={report}") == 0
    assert outcome(report) == (0, 0, 5)
    assert json.loads(report.read_text())["baseline"]["warnings"] == []


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--keep-baseline"], 2, "--keep-baseline needs --baseline"),
        (["--baseline", "configmap:audit/base"], 2, "files have no cluster"),
        (["--baseline", "/no/such/folder/base.json", "--keep-baseline"], 2, "/no/such/folder"),
        (["--baseline", "base.json", "--keep-baseline", "-o", "json=./base.json"], 2, "cannot share a file"),
        (["--baseline", "no-such-file.json"], 4, "no-such-file.json"),
        (["--baseline", POLICY, "--keep-baseline"], 4, "no report of auditor"),
    ],
)
def test_what_cannot_be(
    wake: Sleep, capsys: pytest.CaptureFixture[str], options: list[str], code: int, says: str
) -> None:
    wake(1)
    before = Path(POLICY).read_bytes()
    assert files(1, *options) == code
    told = capsys.readouterr()
    assert says in told.err
    assert told.out == ""
    assert Path(POLICY).read_bytes() == before


def test_a_baseline_that_changed_meanwhile_is_left_as_it_is(
    wake: Sleep, baseline: list[str], tmp_path: Path, mocker: MockerFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    wake(1)
    files(1, *baseline, "-o", "csv")
    path = tmp_path / "baseline.json"

    def other_run(*_: object) -> datetime:
        path.write_text("by another run")
        return datetime(2026, 11, 2, tzinfo=UTC)

    mocker.patch("auditor.commands.auditing.datetime").now.side_effect = other_run
    report = tmp_path / "report.json"
    assert files(2, *baseline, "-o", f"json={report}") == 4
    assert "changed since it was read" in capsys.readouterr().err
    assert path.read_text() == "by another run"
    assert outcome(report) == (0, 0, 5)


def test_a_gzipped_file(wake: Sleep, tmp_path: Path) -> None:
    wake(1)
    place = tmp_path / "baseline.json.gz"
    assert files(1, "--baseline", str(place), "--keep-baseline", "-o", "csv") == 1
    assert place.read_bytes().startswith(b"\x1f\x8b")
    assert files(2, "--baseline", str(place), "--fail-on-new", "-o", "csv") == 0


# In a ConfigMap, with rights that were derived from the Role.

ROLE = baseline_role("audit", "base")
_TABLES = {"Namespace": ("v1", "namespaces"), "Deployment": ("apps/v1", "deployments")}


def cluster(night: int) -> Store:
    store = Store()
    for item in yaml.safe_load_all((NIGHTS / str(night) / "cluster" / "cluster.yaml").read_text()):
        if item["kind"] in _TABLES:
            rest: dict[str, Any] = {key: value for key, value in item.items() if key not in ("apiVersion", "kind")}
            store.add(*_TABLES[item["kind"]], [rest])
    return store


class Live:
    """A cluster that becomes another one every night, and keeps its ConfigMaps."""

    def __init__(self, folder: Path) -> None:
        self.store: Backend = cluster(1)
        self.maps = ConfigMaps(lambda request: self.store(request), "audit", ROLE)
        self._folder = folder

    @contextlib.contextmanager
    def serving(self) -> Iterator[Live]:
        with ApiServer(self.maps) as self.server:
            self.kubeconfig = write_kubeconfig(self._folder / "kubeconfig", self.server.url)
            yield self

    def scan(self, *options: str) -> int:
        source = ["--kubeconfig", str(self.kubeconfig), "--policy", POLICY]
        return run(["scan", *source, *CHECKS, "--baseline", "configmap:audit/base", *options])


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with Live(tmp_path).serving() as serving:
        yield serving


def test_three_nights_in_a_config_map(live: Live, wake: Sleep, tmp_path: Path) -> None:
    live.maps.add("base")
    codes, outcomes = [], []
    for night in (1, 2, 3):
        wake(night)
        live.store = cluster(night)
        codes.append(live.scan("--keep-baseline", "--fail-on-new", "-o", f"json={tmp_path / 'report.json'}"))
        outcomes.append(outcome(tmp_path / "report.json"))
    assert codes == [1, 0, 1]
    assert outcomes == [(5, 0, 0), (0, 0, 5), (3, 2, 2)]
    assert live.maps.refused == []
    assert list(live.maps.objects["base"]["binaryData"]) == [KEY]


def test_without_keeping_nothing_is_written(live: Live, wake: Sleep, capsys: pytest.CaptureFixture[str]) -> None:
    wake(1)
    live.maps.add("base")
    assert live.scan("-o", "csv") == 4
    assert "ConfigMap audit/base: there is no baseline" in capsys.readouterr().err
    live.scan("--keep-baseline", "-o", "csv")
    before = live.maps.objects["base"]
    assert live.scan("--fail-on-new", "-o", "csv") == 0
    assert live.maps.objects["base"] is before


def test_a_foreign_or_broken_config_map_is_never_overwritten(
    live: Live, wake: Sleep, capsys: pytest.CaptureFixture[str]
) -> None:
    wake(1)
    for content in ({"data": {"policy.yaml": "x"}}, {"binaryData": {KEY: "eA=="}}):
        before = live.maps.add("base", **content)
        assert live.scan("--keep-baseline", "-o", "csv") == 4
        told = capsys.readouterr()
        assert told.out == ""
        assert "ConfigMap audit/base" in told.err
        assert live.maps.objects["base"] is before


def test_a_run_in_between_is_told_and_the_report_is_there(
    live: Live, wake: Sleep, capsys: pytest.CaptureFixture[str]
) -> None:
    wake(1)
    live.maps.add("base")
    answered = live.store

    def other_run(request: Request) -> Response:
        if request.path == "/version":
            live.maps.add("base", binaryData={KEY: "eA=="})
        return answered(request)

    live.store = other_run
    assert live.scan("--keep-baseline", "-o", "csv") == 4
    told = capsys.readouterr()
    assert "floating-tag" in told.out
    assert "changed since it was read" in told.err
    assert live.maps.objects["base"]["binaryData"] == {KEY: "eA=="}


def test_the_baseline_of_another_cluster_is_left_as_it_is(
    live: Live, wake: Sleep, capsys: pytest.CaptureFixture[str]
) -> None:
    wake(1)
    live.maps.add("base")
    live.scan("--keep-baseline", "-o", "csv")
    before = live.maps.objects["base"]
    live.store = other = Store()
    other.add("v1", "namespaces", [{"metadata": {"name": "kube-system", "uid": "another"}}])
    assert live.scan("--keep-baseline", "-o", "csv") == 4
    assert "baseline of another cluster" in capsys.readouterr().err
    assert live.maps.objects["base"] is before


def test_an_audit_that_fails_keeps_nothing(live: Live, wake: Sleep) -> None:
    wake(1)
    before = live.maps.add("base")
    live.server.inject("/version", plain(401, "who are you"))
    assert live.scan("--keep-baseline", "-o", "csv") == 4
    assert live.maps.objects["base"] is before


def test_the_role_is_printed_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rbac", "--keep-baseline", "audit/base"]) == 0
    printed = list(yaml.safe_load_all(capsys.readouterr().out))
    assert [item["kind"] for item in printed] == ["ClusterRole", "Role"]
    assert printed[1] == ROLE
    assert run(["rbac", "--keep-baseline", "audit"]) == 2
