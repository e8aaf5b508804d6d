"""The printed command in the pods of an Indexed Job: one part of the report each, which join to one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from auditor.cli import run
from tests.apiserver import ApiServer
from tests.auditing import ROOT
from tests.fleets import PINNED, cluster, serving
from tests.install.printing import FLEET, POLICY, Object, container, one, pod, printed, text_of
from tests.metrics.servers import pushed, pushgateway
from tests.sources.scanning import write_kubeconfig


def command(objects: list[Object], folder: Path, index: int) -> list[str]:
    """As the kubelet starts it in the pod of an index, with the pod's mounts at places in the folder."""

    def expanded(text: str) -> str:
        return text.replace("$(JOB_COMPLETION_INDEX)", str(index))

    places = {
        mount["mountPath"]: f"{mount['name']}/{expanded(mount.get('subPathExpr', ''))}".rstrip("/")
        for mount in container(objects)["volumeMounts"]
    }
    pattern = re.compile(rf"=(@?)({'|'.join(map(re.escape, places))})/")
    args = [expanded(item) for item in container(objects)["args"]]
    return [pattern.sub(lambda found: f"={found[1]}{folder}/{places[found[2]]}/", item) for item in args]


def lay_out(objects: list[Object], folder: Path, servers: Mapping[str, ApiServer]) -> None:
    """The volumes' content: a policy, and beside the clusters' names the kubeconfigs of those keys that there are.
    Every kubeconfig calls its cluster the same, as kubeadm does."""
    for volume in pod(objects)["volumes"]:
        (folder / volume["name"]).mkdir()
    (folder / "policy/policy.yaml").write_text(POLICY)
    (volume,) = (volume["projected"] for volume in pod(objects)["volumes"] if "projected" in volume)
    secret, names = (source[kind] for source, kind in zip(volume["sources"], ("secret", "configMap"), strict=True))
    assert secret["optional"]  # or one key that is missing keeps every pod from starting
    given = one(objects, "ConfigMap", names["name"])["data"]
    for item in names["items"]:
        place = folder / "clusters" / item["path"]
        place.parent.mkdir()
        place.write_text(given[item["key"]])
    for item in secret["items"]:
        if item["key"] in servers:
            place = write_kubeconfig(folder / "clusters" / item["path"], servers[item["key"]].url)
            document = yaml.safe_load(place.read_text())
            document["clusters"][0]["name"] = document["contexts"][0]["context"]["cluster"] = "kubernetes"
            place.write_text(yaml.safe_dump(document))


def test_every_index_audits_its_cluster_and_the_parts_join(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--fail-on-new", "--fail-on", "medium", "--metrics", "textfile=/var/lib/textfile")
    objects = printed((*FLEET, *more), tmp_path)
    stores = {"prod": cluster("prod", PINNED), "stage": cluster("stage", "registry.example/app:1")}
    with serving(stores) as servers:
        lay_out(objects, tmp_path, servers)
        assert [run(command(objects, tmp_path, index)) for index in range(2)] == [1, 1]
        assert [run(command(objects, tmp_path, index)) for index in range(2)] == [0, 0]
    assert sorted(path.name for path in (tmp_path / "textfile").iterdir()) == ["auditor-0.prom", "auditor-1.prom"]
    parts = sorted((tmp_path / "reports").glob("[0-9]*.json"))
    assert [path.name for path in parts] == ["0.json", "1.json"]
    joined = tmp_path / "joined.json"
    assert run(["merge", *map(str, parts), "-o", f"json={joined}", "--fail-on", "never"]) == 0
    report = json.loads(joined.read_text())
    assert [cluster["name"] for cluster in report["clusters"]] == ["prod", "stage"]
    assert "unpinned-image" in {finding["check"] for finding in report["findings"]}


def test_last_nights_report_hides_no_failure_of_tonight(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the command that the manifest itself tells."""
    objects = printed((*FLEET, "--fail-on", "never"), tmp_path)
    (told,) = re.findall(r"#  auditor (merge .*)", text_of((*FLEET, "--fail-on", "never"), tmp_path))
    reports = tmp_path / "reports"
    with serving({name: cluster(name, PINNED) for name in ("prod", "stage")}) as servers:
        lay_out(objects, tmp_path, servers)
        assert [run(command(objects, tmp_path, index)) for index in range(2)] == [0, 0]
        for path in reports.iterdir():
            path.write_text(re.sub(r'("collectedAt": ")[^"]+', r"\g<1>2026-01-01T02:00:00Z", path.read_text()))
        (tmp_path / "clusters/1/kubeconfig").unlink()
        assert [run(command(objects, tmp_path, index)) for index in range(2)] == [0, 4]
    joining = subprocess.run(
        ["bash", "-c", f'"$0" -m auditor {told} -o json=joined.json --fail-on never', sys.executable],
        cwd=reports,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert joining.returncode == 3
    assert "warning: not merged: 1.json: stage: its report is of 2026-01-01T02:00:00Z" in joining.stderr
    found = json.loads((reports / "joined.json").read_text())["clusters"]
    assert [(part["name"], part["error"] is None) for part in found] == [("prod", True), ("stage", False)]
    assert (reports / "clusters.html").stat().st_size


def test_one_dead_cluster_is_its_own_index_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    objects = printed((*FLEET, "--fail-on", "never"), tmp_path)
    with serving({"prod": cluster("prod", PINNED), "stage": cluster("dead")}) as servers:
        lay_out(objects, tmp_path, servers)
        place = tmp_path / "clusters/1/kubeconfig"
        place.write_text(place.read_text().replace("127.0.0.1:", "127.0.0.1:1"))
        assert run(command(objects, tmp_path, 0)) == 0
        assert run(command(objects, tmp_path, 1)) == 4
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["0.json"]


def test_a_missing_kubeconfig_is_its_own_index_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    objects = printed((*FLEET, "--fail-on", "never"), tmp_path)
    with serving({"prod": cluster("prod", PINNED)}) as servers:
        lay_out(objects, tmp_path, servers)
        assert run(command(objects, tmp_path, 0)) == 0
        capsys.readouterr()
        assert run(command(objects, tmp_path, 1)) == 4
    assert "kubeconfig: there is no such file" in capsys.readouterr().err
    (mount,) = (each for each in container(objects)["volumeMounts"] if each["name"] == "clusters")
    assert mount["mountPath"].endswith("/auditor-clusters")  # so the message names the Secret


def test_a_pod_sees_its_own_kubeconfig_alone(tmp_path: Path) -> None:
    (mount,) = (each for each in container(printed(FLEET, tmp_path))["volumeMounts"] if each["name"] == "clusters")
    assert (mount["subPathExpr"], mount["readOnly"]) == ("$(JOB_COMPLETION_INDEX)", True)


def test_every_cluster_of_a_fleet_has_metrics_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two clusters of one name, by a real Pushgateway."""
    (tmp_path / "gateway").mkdir()
    with (
        pushgateway(tmp_path / "gateway") as address,
        serving({"prod": cluster("prod", PINNED), "stage": cluster("stage")}) as servers,
    ):
        objects = printed(
            (*FLEET, "--fail-on", "never", "--metrics", f"pushgateway=http://{address}"), tmp_path, quiet=False
        )
        lay_out(objects, tmp_path, servers)
        assert [run(command(objects, tmp_path, index)) for index in range(2)] == [0, 0]
        assert sorted(labels["cluster"] for labels in pushed(address)) == ["prod", "stage"]
