"""Several clusters in one scan, over real sockets: what is audited, what is told of which, and how many at once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli import run
from auditor.errors import SourceError
from auditor.fleet import Member, members
from auditor.sources import kubeconfig as kubeconfigs
from tests.apiserver import ApiServer, Backend, Hang, Request, Response
from tests.apistore import Store
from tests.auditing import ROOT
from tests.fleets import DEAD, PINNED, cluster, serving, write_contexts
from tests.registry.artifacts import Built
from tests.registry.loopback import Asked, Reply, loopback

CHECKS = ["--check", "floating-tag", "--check", "unpinned-image", "--check", "missing-pull-secret"]
_TIME = re.compile(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def scan(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    code = run(["scan", "-o", "json", *CHECKS, *arguments])
    told = capsys.readouterr()
    return code, json.loads(told.out or "{}"), told.err


def test_one_dead_one_refusing_one_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving({"fine": cluster("fine", PINNED), "closed": cluster("closed")}) as servers:
        urls = {"closed": servers["closed"].url, "fine": servers["fine"].url, "dead": DEAD}
        config = write_contexts(tmp_path / "config", urls, {"closed": {"token": "wrong-token-1234567890"}})
        code, report, stderr = scan(capsys, "--kubeconfig", config, "--all-contexts")
        allowed, _, _ = scan(capsys, "--kubeconfig", config, "--all-contexts", "--allow-incomplete")
    assert (code, allowed) == (3, 0)
    closed, dead, fine = report["clusters"]
    assert (closed["name"], dead["name"], fine["name"]) == ("closed-cluster", "dead-cluster", "fine-cluster")
    assert "(401)" in closed["error"]
    assert closed["error"].startswith("context closed: ")
    assert "refused the connection" in dead["error"]
    assert fine["error"] is None
    assert fine["summary"]["pass"] == report["summary"]["pass"] > 0
    assert [row["cluster"] for row in report["coverage"] if row["resource"] == "*"] == [
        "closed-cluster",
        "dead-cluster",
    ]
    assert sorted(line.split(": ")[1] for line in stderr.splitlines()) == ["closed", "dead"]
    assert "wrong-token" not in json.dumps(report) + stderr


def test_findings_of_all_are_sorted_by_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stores = {name: cluster(name, "nginx", "busybox:1") for name in ("west", "east")}
    with serving(stores) as servers:
        config = write_contexts(tmp_path / "config", {name: server.url for name, server in servers.items()})
        code, report, _ = scan(capsys, "--kubeconfig", config, "--context", "west", "--context", "east")
        alone, single, _ = scan(capsys, "--kubeconfig", config, "--context", "west")
    assert code == alone == 1
    places = [(f["cluster"], f["namespace"], f["check"], f["subject"]["container"]) for f in report["findings"]]
    assert places == sorted(places)
    assert Counter(place[0] for place in places) == {"east-cluster": 3, "west-cluster": 3}
    assert [f for f in report["findings"] if f["cluster"] == "west-cluster"] == single["findings"]
    assert "clusters" not in single


def test_none_audited_is_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_contexts(tmp_path / "config", {"one": DEAD, "two": DEAD})
    assert run(["scan", "--kubeconfig", config, "--all-contexts"]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert "none of the 2 clusters could be audited\n  one: the API server at" in told.err


def test_all_contexts_of_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving({"only": cluster("only", PINNED)}) as servers:
        config = write_contexts(tmp_path / "config", {"only": servers["only"].url})
        code, report, _ = scan(capsys, "--kubeconfig", config, "--all-contexts")
    assert code == 0
    assert "clusters" not in report
    config = write_contexts(tmp_path / "config", {"only": DEAD})
    assert run(["scan", "--kubeconfig", config, "--all-contexts"]) == 4
    assert "auditor: the API server at http://127.0.0.1:1" in capsys.readouterr().err


def test_kubeconfigs_are_merged_as_kubectl_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({name: cluster(name, PINNED) for name in ("a", "b")}) as servers:
        files = [write_contexts(tmp_path / name, {name: server.url}) for name, server in servers.items()]
        shadowed = write_contexts(tmp_path / "c", {"a": DEAD})
        monkeypatch.setenv("KUBECONFIG", os.pathsep.join([*files, shadowed]))
        code, report, _ = scan(capsys, "--all-contexts")
    assert code == 0
    assert [part["name"] for part in report["clusters"]] == ["a-cluster", "b-cluster"]


def test_two_contexts_of_one_cluster_are_audited_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving({"inside": cluster("same", PINNED), "far": cluster("far", PINNED)}) as servers:
        inside = servers["inside"].url
        urls = {"inside": inside, "far": servers["far"].url, "outside": inside.replace("127.0.0.1", "localhost")}
        config = write_contexts(tmp_path / "config", urls)
        code, report, stderr = scan(capsys, "--kubeconfig", config, "--all-contexts")
    assert code == 0
    assert [part["name"] for part in report["clusters"]] == ["far-cluster", "inside-cluster"]
    told = "outside: the same cluster as inside, audited once"
    assert f"warning: {told}\n" in stderr
    assert report["warnings"] == [f"inside-cluster: contexts {told}"]


def test_contexts_of_one_entry_are_one_cluster(tmp_path: Path) -> None:
    path = tmp_path / "config"
    write_contexts(path, {"a": DEAD, "b": DEAD})
    document = yaml.safe_load(path.read_text())
    document["contexts"].append({"name": "viewer", "context": {"cluster": "a-cluster", "user": "b"}})
    document["contexts"].append({"name": "stale", "context": {"cluster": "gone"}})
    document["contexts"].append({"name": "empty", "context": {}})
    path.write_text(yaml.safe_dump(document))
    config = kubeconfigs.load([path])
    assert members(config) == [
        Member("a-cluster", "a", ("viewer",)),
        Member("b-cluster", "b"),
        Member("gone", "stale"),
        Member("empty", "empty"),
    ]
    assert members(config, ["viewer", "a", "viewer"]) == [Member("a-cluster", "viewer", ("a",))]
    with pytest.raises(SourceError, match="no context 'typo'"):
        members(config, ["a", "typo"])


def test_a_stale_context_hides_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving({"fine": cluster("fine", PINNED)}) as servers:
        path = tmp_path / "config"
        write_contexts(path, {"fine": servers["fine"].url})
        document = yaml.safe_load(path.read_text())
        document["contexts"].append({"name": "stale", "context": {"cluster": "gone"}})
        path.write_text(yaml.safe_dump(document))
        code, report, _ = scan(capsys, "--kubeconfig", str(path), "--all-contexts")
    assert code == 3
    assert "names cluster 'gone', which is not there" in report["clusters"][1]["error"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--all-contexts", "--context", "a"], "--all-contexts"),
        (["--all-contexts", "--from", "x"], "--from"),
        (["--context", "a", "--context", "b", "--from", "x"], "--from"),
        (["--context", "a", "--context", "b", "--save-snapshot", "s.json"], "--save-snapshot"),
        (["--context", "a", "--context", "b", "--host-root", "/"], "--host-root"),
        (["--context", "a", "--context", "b", "--baseline", "configmap:x/y"], "--baseline configmap:"),
        (["--context", "a", "--context", "b", "-o", "policyreport"], "-o policyreport"),
        (["--context", "a", "--context", "b", "--assume-complete"], "--assume-complete"),
        (["--all-contexts", "-n", "No_Label"], "'No_Label'"),
        (["--all-contexts", "--parallel", "0"], "parallel"),
    ],
)
def test_what_several_clusters_cannot_have(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", write_contexts(tmp_path / "config", {"a": DEAD, "b": DEAD}))
    assert run(["scan", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err


def test_an_unknown_context_is_told_before_anything_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving({"fine": cluster("fine")}) as servers:
        config = write_contexts(tmp_path / "config", {"fine": servers["fine"].url})
        assert run(["scan", "--kubeconfig", config, "--context", "fine", "--context", "typo"]) == 4
        assert servers["fine"].requests == []
    assert "there is no context 'typo'" in capsys.readouterr().err


def test_warnings_say_of_which_cluster_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving({name: cluster(name, PINNED) for name in ("a", "b")}) as servers:
        config = write_contexts(tmp_path / "config", {name: server.url for name, server in servers.items()})
        _, _, stderr = scan(capsys, "--kubeconfig", config, "--all-contexts", "-n", "shop", "-n", "lost")
    assert sorted(stderr.splitlines()) == [f"warning: {name}: there is no namespace lost" for name in ("a", "b")]


class Crowd:
    """Clusters behind one server, told apart by the first part of the path. The first request for a cluster is not
    answered before `wanted` of them wait, and then gives one more a chance to come; `most` were ever open at once."""

    def __init__(self, stores: dict[str, Backend], wanted: int) -> None:
        self._stores = stores
        self._gate = threading.Barrier(wanted)
        self._lock = threading.Lock()
        self._open = Counter[str]()
        self._wanted = wanted
        self._more = threading.Event()
        self.most = 0

    def __call__(self, request: Request) -> Response:
        name, _, rest = request.path.removeprefix("/").partition("/")
        with self._lock:
            self._open[name] += 1
            self.most = max(self.most, len(+self._open))
            if self.most > self._wanted:
                self._more.set()
        try:
            if rest == "version":
                self._gate.wait(30)
                self._more.wait(0.3)
            return self._stores[name](Request(f"/{rest}", request.query, request.target, request.headers, "admin"))
        finally:
            with self._lock:
                self._open[name] -= 1


def test_so_many_at_once_and_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"c{number:02}" for number in range(20)]
    crowd = Crowd({name: cluster(name, PINNED) for name in names}, wanted=4)
    with ApiServer(crowd) as server:
        config = write_contexts(tmp_path / "config", {name: f"{server.url}/{name}" for name in names})
        code, report, stderr = scan(capsys, "--kubeconfig", config, "--all-contexts", "--parallel", "4")
    assert (code, stderr) == (0, "")
    assert [part["name"] for part in report["clusters"]] == [f"{name}-cluster" for name in names]
    assert crowd.most == 4


def test_tokens_go_to_their_own_cluster(tmp_path: Path) -> None:
    with serving({name: cluster(name) for name in ("a", "b", "c")}) as servers:
        for name, server in servers.items():
            server.tokens = {f"token-of-{name}": "admin"}
        plugin = tmp_path / "plugin.py"
        plugin.write_text(
            "import json, sys\n"
            "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
            " 'status': {'token': 'token-of-' + sys.argv[1]}}))\n"
        )
        api = "client.authentication.k8s.io/v1"
        users = {
            name: {"exec": {"apiVersion": api, "command": sys.executable, "args": [str(plugin), name]}}
            for name in servers
        }
        config = write_contexts(tmp_path / "config", {name: s.url for name, s in servers.items()}, users)
        assert run(["scan", "--kubeconfig", config, "--all-contexts", *CHECKS]) == 0
        for name, server in servers.items():
            assert {request.header("authorization") for request in server.requests} == {f"Bearer token-of-{name}"}


def test_plugins_that_talk_with_the_user_take_turns(tmp_path: Path) -> None:
    """On a terminal: one plugin at a time, each announced, and no other word between its own."""
    names = ["a", "b", "c"]
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        "import json, sys, time\n"
        "print('asking for', sys.argv[1], file=sys.stderr, flush=True)\n"
        "time.sleep(0.2)\n"
        "print('thanks from', sys.argv[1], file=sys.stderr, flush=True)\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
        " 'status': {'token': 'admin-token'}}))\n"
    )
    api = "client.authentication.k8s.io/v1"
    users = {
        name: {"exec": {"apiVersion": api, "command": sys.executable, "args": [str(plugin), name]}} for name in names
    }
    with serving({name: cluster(name, PINNED) for name in names}) as servers:
        urls = {name: server.url for name, server in servers.items()}
        config = write_contexts(tmp_path / "config", {**urls, "dead": DEAD}, users)
        command = f"{sys.executable} -m auditor scan --kubeconfig {config} --all-contexts {' '.join(CHECKS)}"
        told = subprocess.run(
            ["script", "-qec", command, "/dev/null"], capture_output=True, text=True, cwd=ROOT, check=False
        )
    lines = [line.strip() for line in re.split(r"[\r\n]+", told.stdout) if line.strip()]
    for name in names:
        start = lines.index(f"{name}: credentials by {sys.executable}")
        assert lines[start + 1 : start + 3] == [f"asking for {name}", f"thanks from {name}"]


def test_ctrl_c_ends_all(tmp_path: Path) -> None:
    with serving({name: Store() for name in ("a", "b", "c")}) as servers:
        for server in servers.values():
            server.inject("/version", Hang(), Hang(), Hang())
        config = write_contexts(tmp_path / "config", {name: s.url for name, s in servers.items()})
        command = [sys.executable, "-m", "auditor", "scan", "--kubeconfig", config, "--all-contexts", "--parallel", "2"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as program:
            try:
                assert servers["a"].hanging.wait(60)
                assert servers["b"].hanging.wait(60)
                program.send_signal(signal.SIGINT)
                out, err = program.communicate(timeout=30)
            finally:
                program.kill()
        assert servers["c"].requests == []
    assert (program.returncode, out) == (130, "")
    assert err.startswith("auditor: interrupted")


def expanded(argument: str, index: int) -> str:
    """As the kubelet expands a container's arguments."""
    return argument.replace("$(JOB_COMPLETION_INDEX)", str(index))


def test_an_indexed_job_and_a_merge_say_what_one_scan_says(tmp_path: Path) -> None:
    """One kubeconfig and one process a cluster, as the manifest of a Job has it, then `auditor merge`."""
    names = ["east", "west", "north", "south", "centre"]
    images = {name: ("nginx:latest", PINNED, f"quay.io/{name}/app:1") for name in names}
    clusters, reports = tmp_path / "clusters", tmp_path / "reports"
    clusters.mkdir()
    reports.mkdir()
    auditor = [sys.executable, "-m", "auditor"]

    def ran(*arguments: str) -> str:
        told = subprocess.run([*auditor, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        assert told.stderr == ""
        assert told.returncode == 0
        return told.stdout

    with serving({name: cluster(name, *images[name]) for name in names}) as servers:
        urls = {name: server.url for name, server in servers.items()}
        for index, name in enumerate(names):
            write_contexts(clusters / str(index), {name: urls[name]})
        job = ["scan", "--kubeconfig", f"{clusters}/$(JOB_COMPLETION_INDEX)", "--fail-on", "never"]
        job += ["-o", f"json={reports}/$(JOB_COMPLETION_INDEX).json"]
        for index in range(len(names)):
            ran(*(expanded(argument, index) for argument in job))
        config = write_contexts(tmp_path / "all", urls)
        contexts = [word for name in names for word in ("--context", name)]
        at_once = ran("scan", "--kubeconfig", config, *contexts, "--fail-on", "never", "-o", "json")
        merged = ran("merge", *(str(path) for path in reports.iterdir()), "--fail-on", "never", "-o", "json")
        halves = [
            [str(reports / f"{index}.json") for index in range(2)],
            [str(reports / f"{index}.json") for index in range(2, 5)],
        ]
        for number, half in enumerate(halves):
            ran("merge", *half, "--fail-on", "never", "-o", f"json={tmp_path}/half-{number}.json")
        again = ran("merge", f"{tmp_path}/half-1.json", f"{tmp_path}/half-0.json", "--fail-on", "never", "-o", "json")
    assert merged == again
    assert _TIME.sub("", merged) == _TIME.sub("", at_once)
    assert [part["name"] for part in json.loads(merged)["clusters"]] == sorted(f"{name}-cluster" for name in names)


def test_a_job_that_left_no_report_hides_neither_itself_nor_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving({"fine": cluster("fine", PINNED)}) as servers:
        config = write_contexts(tmp_path / "config", {"fine": servers["fine"].url})
        run(["scan", "--kubeconfig", config, *CHECKS, "-o", f"json={tmp_path}/0.json"])
    (tmp_path / "2.json").write_text('{"schema": "auditor.rep')
    paths = [f"{tmp_path}/{index}.json" for index in range(3)]
    capsys.readouterr()
    assert run(["merge", *paths, "-o", "json"]) == 3
    told = capsys.readouterr()
    errors = [part["error"] for part in json.loads(told.out)["clusters"]]
    assert [error is None for error in errors] == [False, False, True]
    assert all(f"warning: not merged: {path}" in told.err for path in paths[1:])
    assert run(["merge", *paths, "--allow-incomplete"]) == 0
    capsys.readouterr()
    assert run(["merge", *paths[1:]]) == 4
    assert capsys.readouterr().out == ""


def test_merge_refuses_what_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "0.json"
    with serving({"fine": cluster("fine", "nginx")}) as servers:
        config = write_contexts(tmp_path / "config", {"fine": servers["fine"].url})
        run(["scan", "--kubeconfig", config, *CHECKS, "-o", f"json={path}"])
        run(["scan", "--kubeconfig", config, "--check", "floating-tag", "-o", f"json={tmp_path}/1.json"])
    capsys.readouterr()
    assert run(["merge", str(path)]) == 1
    assert run(["merge", str(path), "--fail-on", "critical"]) == 0
    capsys.readouterr()
    for arguments in [[str(path), f"{tmp_path}/1.json"], [str(path), "-o", "policyreport"], [], [str(path), "-o", "x"]]:
        assert run(["merge", *arguments]) == 2
        assert capsys.readouterr().out == ""


def test_a_baseline_of_several_loses_nothing_of_a_cluster_that_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = ["--baseline", str(tmp_path / "base.json"), "--keep-baseline", "--fail-on-new"]
    with serving({"a": cluster("a", "nginx"), "b": cluster("b", "nginx")}) as servers:
        urls = {name: server.url for name, server in servers.items()}
        both = write_contexts(tmp_path / "both", urls)
        half = write_contexts(tmp_path / "half", {**urls, "b": DEAD})
        codes, counts = [], []
        for config in (both, both, half, both):
            code, report, stderr = scan(capsys, "--kubeconfig", config, "--all-contexts", *baseline)
            assert code != 4, stderr
            codes.append(code)
            counts.append(tuple(len(report["baseline"][key]) for key in ("new", "gone", "unseen")))
    assert codes == [1, 0, 3, 0]
    assert counts == [(4, 0, 0), (0, 0, 0), (0, 0, 2), (0, 0, 0)]


def test_registries_are_asked_for_several_clusters_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """None is answered before both clusters' images have been asked for. What is told of a cluster bears its name."""
    names = ("a", "b")
    gates = {name: threading.Event() for name in names}

    def wait_for_both(asked: Asked) -> Reply | None:
        for name in names:
            if f"/v2/{name}/" in asked.path:
                gates[name].set()
        if not all(gate.wait(20) for gate in gates.values()):
            return Reply(500)
        return Reply(403) if "/b/" in asked.path else None

    with loopback() as registry:
        registry.first = wait_for_both
        registry.put("a", Built(user="1").image(), "1")
        with serving({name: cluster(name, f"{registry.host}/{name}:1") for name in names}) as servers:
            config = write_contexts(tmp_path / "config", {name: server.url for name, server in servers.items()})
            asking = ["--registry", "--no-registry-cache", "--registry-plain-http", registry.host]
            asking += ["--registry-allow-private", "127.0.0.1", "--check", "image-unavailable"]
            _, report, stderr = scan(capsys, "--kubeconfig", config, "--all-contexts", *asking)
    found = {f["cluster"]: f["status"] for f in report["findings"] if f["check"] == "image-unavailable"}
    assert list(found) == ["b-cluster"]
    (note,) = stderr.splitlines()
    assert note.startswith("note: b: registries did not answer 1 of 1 questions (1 denied): ")
