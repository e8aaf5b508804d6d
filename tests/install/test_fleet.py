"""The printed command in the pods of an Indexed Job: one part of the report each, which join to one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from auditor.cli import run
from tests.apiserver import ApiServer
from tests.fleets import PINNED, cluster, serving
from tests.install.printing import FLEET, POLICY, Object, container, pod, printed
from tests.sources.scanning import write_kubeconfig


def command(objects: list[Object], folder: Path, index: int) -> list[str]:
    """As the kubelet starts it in the pod of an index, with the pod's mounts at places in the folder."""
    args = [item.replace("$(JOB_COMPLETION_INDEX)", str(index)) for item in container(objects)["args"]]
    places = {mount["mountPath"]: mount["name"] for mount in container(objects)["volumeMounts"]}
    pattern = re.compile(rf"=({'|'.join(map(re.escape, places))})/")
    return [pattern.sub(lambda found: f"={folder}/{places[found[1]]}/", item) for item in args]


def lay_out(objects: list[Object], folder: Path, servers: list[ApiServer]) -> None:
    """The volumes' content: a policy, and the Secret's keys at the places that its items name."""
    for volume in pod(objects)["volumes"]:
        (folder / volume["name"]).mkdir()
    (folder / "policy/policy.yaml").write_text(POLICY)
    (secret,) = (volume["secret"] for volume in pod(objects)["volumes"] if "secret" in volume)
    for item, server in zip(secret["items"], servers, strict=True):
        write_kubeconfig(folder / "clusters" / item["path"], server.url)


def test_every_index_audits_its_cluster_and_the_parts_join(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--fail-on-new", "--fail-on", "medium", "--metrics", "textfile=/var/lib/textfile")
    objects = printed((*FLEET, *more), tmp_path)
    stores = {"prod": cluster("prod", PINNED), "stage": cluster("stage", "registry.example/app:1")}
    with serving(stores) as servers:
        lay_out(objects, tmp_path, list(servers.values()))
        assert [run(command(objects, tmp_path, index)) for index in range(2)] == [1, 1]
        assert [run(command(objects, tmp_path, index)) for index in range(2)] == [0, 0]
    assert sorted(path.name for path in (tmp_path / "textfile").iterdir()) == ["auditor-0.prom", "auditor-1.prom"]
    parts = sorted((tmp_path / "reports").glob("[0-9]*.json"))
    assert [path.name for path in parts] == ["0.json", "1.json"]
    joined = tmp_path / "joined.json"
    assert run(["merge", *map(str, parts), "-o", f"json={joined}", "--fail-on", "never"]) == 0
    report = json.loads(joined.read_text())
    assert len(report["clusters"]) == 2
    assert "unpinned-image" in {finding["check"] for finding in report["findings"]}


def test_one_dead_cluster_is_its_own_index_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    objects = printed((*FLEET, "--fail-on", "never"), tmp_path)
    with serving({"prod": cluster("prod", PINNED), "dead": cluster("dead")}) as servers:
        lay_out(objects, tmp_path, list(servers.values()))
        (tmp_path / "clusters/1").write_text((tmp_path / "clusters/1").read_text().replace("127.0.0.1:", "127.0.0.1:1"))
        assert run(command(objects, tmp_path, 0)) == 0
        assert run(command(objects, tmp_path, 1)) == 4
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["0.json"]
