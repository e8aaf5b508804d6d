"""`--cluster-name`: what reports, findings, metrics and snapshots call the cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from auditor.cli import run
from auditor.collect import load_snapshot
from tests.auditing import FIXTURES
from tests.fleets import PINNED, cluster, serving, write_contexts

SHOP = ("--from", str(FIXTURES / "clusters/shop"))
SCAN = ("scan", "--fail-on", "never", "--allow-incomplete")


def test_it_replaces_the_sources_own_name(tmp_path: Path) -> None:
    report, metrics = tmp_path / "report.json", tmp_path / "auditor.prom"
    outputs = ("-o", f"json={report}", "-o", f"prometheus={metrics}")
    assert run([*SCAN, *SHOP, "--cluster-name", " prod eu ", *outputs]) == 0
    document = json.loads(report.read_text())
    assert document["cluster"]["name"] == "prod eu"
    assert {finding["cluster"] for finding in document["findings"]} == {"prod eu"}
    families = text_string_to_metric_families(metrics.read_text())
    assert {sample.labels["cluster"] for family in families for sample in family.samples} == {"prod eu"}


def test_a_snapshot_keeps_it_and_can_be_renamed(tmp_path: Path) -> None:
    kept, again = tmp_path / "one.json", tmp_path / "two.json"
    assert run(["snapshot", *SHOP, "--cluster-name", "prod", "-o", str(kept)]) == 0
    assert load_snapshot(kept.read_bytes(), "kept").cluster.name == "prod"
    assert run(["snapshot", "--from", str(kept), "--cluster-name", "stage", "-o", str(again)]) == 0
    assert load_snapshot(again.read_bytes(), "again").cluster.name == "stage"


def test_a_live_cluster_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "name").write_text("prod\n")
    with serving({"a": cluster("a", PINNED)}) as servers:
        config = write_contexts(tmp_path / "config", {"a": servers["a"].url})
        place = f"@{tmp_path / 'name'}"
        assert run([*SCAN, "--kubeconfig", config, "--cluster-name", place, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["cluster"]["name"] == "prod"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\x1b[1m", "@", "x" * 254, "\u202e"])
def test_what_is_no_name(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run([*SCAN, *SHOP, "--cluster-name", name]) == 2
    told = capsys.readouterr()
    assert (told.out, "--cluster-name" in told.err) == ("", True)


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"\xff", b"@x"])
def test_a_file_with_no_name(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    (tmp_path / "name").write_bytes(content)
    assert run([*SCAN, *SHOP, "--cluster-name", f"@{tmp_path / 'name'}"]) == 2
    assert "no name of a cluster" in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SCAN, *SHOP, "--cluster-name", "@/nowhere"]) == 2
    assert "/nowhere" in capsys.readouterr().err


def test_several_clusters_have_no_one_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_contexts(tmp_path / "config", {"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:1"})
    assert run([*SCAN, "--kubeconfig", config, "--all-contexts", "--cluster-name", "x"]) == 2
    assert "--cluster-name is about one cluster" in capsys.readouterr().err
