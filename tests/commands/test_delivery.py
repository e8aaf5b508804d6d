"""What an audit hands out: one thing that fails keeps none of the others back, and all that failed is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cli import run
from auditor.publish_apis import OPENREPORTS
from tests.apiserver import ApiServer
from tests.sources.reportstore import ReportStore
from tests.sources.scanning import pod, write_kubeconfig

FULL = Path("/dev/full")


class Nights:
    """An audit of a cluster every night, which publishes and keeps a baseline."""

    def __init__(self, store: ReportStore, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.store, self._capsys = store, capsys
        self.baseline, self.report = folder / "baseline.json", folder / "report.json"
        self.err = ""

    def scan(self, *more: str) -> int:
        kept = ["--publish", "--baseline", str(self.baseline), "--keep-baseline", "--fail-on-new"]
        chosen = ["--check", "unpinned-image", "--fail-on", "medium"]
        code = run(["scan", *chosen, *kept, "-o", f"json={self.report}", *more])
        self.err = self._capsys.readouterr().err
        return code

    @property
    def new(self) -> int:
        return len(json.loads(self.report.read_text())["baseline"]["new"])

    def published(self, namespace: str) -> int:
        return sum(item["summary"]["fail"] for item in self.store.reports(OPENREPORTS, namespace))


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Nights]:
    store = ReportStore(OPENREPORTS, namespaces=("payments", "web"))
    store.add("v1", "pods", [pod("api", "payments"), pod("site", "web")])
    with ApiServer(store) as server:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "kubeconfig", server.url)))
        yield Nights(store, tmp_path, capsys)
    assert store.violations == []


@pytest.fixture
def foreign(nights: Nights) -> None:
    metadata = {"name": "auditor", "namespace": "web"}
    nights.store.put(OPENREPORTS, {"metadata": metadata, "results": [{"policy": "theirs"}]})


def test_all_arrives(nights: Nights) -> None:
    assert [nights.scan(), nights.scan()] == [1, 0]
    assert "auditor:" not in nights.err


@pytest.mark.usefixtures("foreign")
def test_a_report_that_cannot_be_published_does_not_stop_the_baseline(nights: Nights) -> None:
    assert nights.scan() == 4
    assert (nights.new, nights.published("payments")) == (2, 1)
    assert "note: the audit itself ends with exit code 1, but not all of it was delivered\n" in nights.err
    assert nights.scan() == 4
    assert nights.new == 0
    assert nights.err.endswith(
        "auditor: not all policy reports are published: Report web/auditor: one that is not Auditor's is there and "
        f"stays: delete or rename it\n  this was written: {nights.report}, {nights.baseline}\n"
    )


@pytest.mark.usefixtures("foreign")
def test_everything_that_failed_is_told_with_what_to_do(nights: Nights) -> None:
    assert nights.scan("--pushgateway", "http://127.0.0.1:1") == 4  # nobody listens there
    heads = [line for line in nights.err.splitlines() if line.startswith("auditor: ")]
    assert ["could not be pushed" in heads[0], "Report web/auditor" in heads[1]] == [True, True]
    assert len(heads) == 2
    assert "\n  Is the Pushgateway running there?" in nights.err
    assert all(line.strip() for line in nights.err.splitlines())
    assert nights.baseline.exists()


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_a_report_that_cannot_be_written_stays_new(nights: Nights) -> None:
    assert nights.scan("-o", f"table={FULL}", "-o", f"csv={nights.report.parent / 'report.csv'}") == 4
    assert "/dev/full could not be written: No space left on device" in nights.err
    assert (nights.report.parent / "report.csv").stat().st_size
    assert nights.published("web") == 1
    assert not nights.baseline.exists()
    assert nights.scan() == 1
    assert nights.new == 2


def test_a_baseline_that_cannot_be_kept_is_told_after_the_rest(nights: Nights) -> None:
    assert nights.scan() == 1
    kept = json.loads(nights.baseline.read_text())
    kept["cluster"]["uid"] = "another"
    nights.baseline.write_text(json.dumps(kept))
    nights.store.clear("v1", "pods")
    assert nights.scan() == 4
    assert f"{nights.baseline} is the baseline of another cluster (uid another)" in nights.err
    assert nights.published("web") == 0


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_a_snapshot_that_cannot_be_saved_keeps_no_report_back(nights: Nights, tmp_path: Path) -> None:
    (tmp_path / "full.json").symlink_to(FULL)
    assert nights.scan("--save-snapshot", str(tmp_path / "full.json")) == 4
    assert "full.json could not be written" in nights.err
    assert (nights.new, nights.published("web"), nights.baseline.exists()) == (2, 1, True)
