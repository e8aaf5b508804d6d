"""The command line: what it prints where, what it exits with, and that nothing it says is secret or a traceback."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from auditor.version import __version__
from tests.apiserver import ApiServer
from tests.auditing import ROOT
from tests.replay import Replay
from tests.sources.scanning import write_kubeconfig

PINNED = f"registry.example/app@sha256:{'a' * 64}"


def manifest(image: str = "nginx", name: str = "web", kind: str = "Deployment", **more: Any) -> str:
    container = {"name": "web", "image": image, "securityContext": {"runAsNonRoot": True}}
    spec = {"template": {"spec": {"containers": [container]} | more}}
    return json.dumps({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})


@pytest.fixture
def cluster(tmp_path: Path) -> Callable[..., str]:
    """Writes manifests into a directory of which `complete` says that they are all there is; returns its path."""

    def write(*manifests: str) -> str:
        folder = tmp_path / "cluster"
        folder.mkdir(exist_ok=True)
        (folder / "cluster.yaml").write_text("kind: ClusterFixture\ncomplete: true\n")
        for number, text in enumerate(manifests):
            (folder / f"{number}.json").write_text(text)
        return str(folder)

    return write


def scan_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["scan", "-o", "json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"auditor {__version__}\n"
    told = subprocess.run([sys.executable, "-m", "auditor", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"auditor {__version__}\n"


def test_version_imports_no_client() -> None:
    code = (
        "import sys; sys.argv = ['auditor', '--version']\n"
        "from auditor.__main__ import main; main()\n"
        "print([name for name in ('kubernetes', 'typer', 'yaml') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout.splitlines()[1] == "[]"


@pytest.mark.parametrize(
    ("image", "options", "code"),
    [
        ("nginx", [], 1),
        ("nginx", ["--fail-on", "critical"], 0),
        ("nginx", ["--fail-on", "never"], 0),
        (PINNED, ["--fail-on", "medium"], 0),
    ],
)
def test_exit_codes_of_findings(cluster: Callable[..., str], image: str, options: list[str], code: int) -> None:
    assert run(["scan", "--from", cluster(manifest(image)), "--check", "floating-tag", *options]) == code


def test_what_was_not_collected_makes_an_audit_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "web.json"
    path.write_text(manifest(PINNED, imagePullSecrets=[{"name": "regcred"}]))
    arguments = ["scan", "--from", str(path), "--check", "missing-pull-secret"]
    assert run(arguments) == 3
    assert run([*arguments, "--allow-incomplete"]) == 0
    assert run([*arguments, "--fail-on", "never"]) == 3
    assert run([*arguments, "--assume-complete", "--fail-on", "medium"]) == 1


def test_a_manifest_is_enough_for_what_it_says_itself(tmp_path: Path) -> None:
    path = tmp_path / "web.json"
    path.write_text(manifest(PINNED))
    assert run(["scan", "--from", str(path), "--check", "unpinned-image", "--fail-on", "low"]) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scan", "--from", "x", "-o", "pdf"], "pdf"),
        (["scan", "--from", "x", "-o", "json="], "json="),
        (["scan", "--from", "x", "-o", "json", "-o", "table"], "standard output"),
        (["scan", "--from", "x", "-o", "json=/no/such/folder/r.json"], "/no/such/folder"),
        (["scan", "--from", "x", "--fail-on", "severe"], "severe"),
        (["scan", "--from", "x", "--fail-on-new"], "--baseline"),
        (["scan", "--from", "x", "--check", "no-such-check"], "no-such-check"),
        (["scan", "--from", "fixtures/clusters/clean", "--policy", "/no/such/policy.yaml"], "/no/such/policy.yaml"),
        (["scan", "--from", "x", "--save-snapshot", "snapshot.txt"], "snapshot.txt"),
        (["scan", "--from", "x", "--context", "y"], "--from"),
        (["scan", "--assume-complete"], "--assume-complete"),
        (["scan", "--bogus"], "bogus"),
        (["bogus"], "bogus"),
        (["checks", "no-such-check"], "no-such-check"),
        (["snapshot"], "output"),
    ],
)
def test_bad_usage_is_2_and_says_what(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("auditor: ")
    assert says in told.err


def test_bad_usage_is_found_before_anything_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "--from", str(tmp_path / "nothing"), "-o", "pdf"]) == 2


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.yaml", None, "gone.yaml"),
        ("cut.json", b'{"kind": "Pod", "metadata": {"name": "x"', "cut.json:1"),
        ("cut.yaml", b"kind: Pod\nmetadata: {name: x\n", "cut.yaml:"),
        ("wrong.yaml", b"apiVersion: v1\nkind: Pod\nspec: {containers: 3}\n", "wrong.yaml:1"),
        ("empty.yaml", b"", "empty.yaml"),
        ("old.json", b'{"schema": "auditor.snapshot/v9"}', "auditor.snapshot/v9"),
        ("damaged.json", b'{"schema": "auditor.snapshot/v1", "owners": 3}', "damaged"),
    ],
)
def test_unreadable_input_is_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, says: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert run(["scan", "--from", str(path)]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err


def test_unreadable_input_is_graver_than_a_bad_policy(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 9\n")
    assert run(["scan", "--from", str(tmp_path / "gone"), "--policy", str(policy)]) == 4


def test_an_empty_list_is_an_input(tmp_path: Path) -> None:
    path = tmp_path / "pods.json"
    path.write_text('{"apiVersion": "v1", "kind": "PodList", "items": []}')
    assert run(["scan", "--from", str(path), "--check", "unpinned-image"]) == 0
    path.write_text('{"apiVersion": "v1", "kind": "List", "items": []}')
    assert run(["scan", "--from", str(path), "--check", "unpinned-image"]) == 3


def test_an_empty_directory_is_no_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "--from", str(tmp_path)]) == 4
    assert "no Kubernetes object" in capsys.readouterr().err


def test_no_cluster_is_4(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("KUBECONFIG", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert run(["scan"]) == 4
    assert "--kubeconfig" in capsys.readouterr().err


def test_reports_go_where_they_are_sent(
    cluster: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "report.json"
    assert (
        run(["scan", "--from", cluster(manifest()), "-o", f"json={target}", "-o", "table", "--fail-on", "never"]) == 0
    )
    told = capsys.readouterr()
    assert json.loads(target.read_text())["schema"] == "auditor.report/v1"
    assert "floating-tag" in told.out
    assert "\x1b" not in told.out
    assert not list(tmp_path.glob(".report*"))


def test_standard_input_is_an_input(cluster: Callable[..., str]) -> None:
    command = [sys.executable, "-m", "auditor", "scan", "--from", "-", "-o", "json", "--allow-incomplete"]
    told = subprocess.run(command, input=manifest(), capture_output=True, text=True, cwd=ROOT, check=False)
    assert told.returncode == 1
    assert json.loads(told.stdout)["cluster"]["source"] == "files"


def test_a_reader_that_goes_away_is_no_error(cluster: Callable[..., str]) -> None:
    path = cluster(*(manifest(name=f"web-{i}") for i in range(300)))
    command = f"{sys.executable} -m auditor scan --from {path} --fail-on never; echo $? >&2"
    told = subprocess.run(
        ["bash", "-c", f"({command}) | head -1"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert told.stderr.splitlines()[-1] == "0"
    assert "Traceback" not in told.stderr


def test_a_full_disk_leaves_nothing_half_written(cluster: Callable[..., str], tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    path = cluster(manifest())
    command = [sys.executable, "-m", "auditor", "scan", "--from", path, "--fail-on", "never"]
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert told.returncode == 4
    assert "Traceback" not in told.stderr
    assert "No space left" in told.stderr


def test_a_saved_snapshot_gives_the_same_findings(
    cluster: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "snapshot.json.gz"
    path = cluster(manifest(), manifest("registry.example/App", "api"), manifest(PINNED, "db", "StatefulSet"))
    code, live = scan_json(capsys, "--from", path, "--save-snapshot", str(saved))
    again, offline = scan_json(capsys, "--from", str(saved))
    assert code == again == 1
    assert json.dumps(offline["findings"]) == json.dumps(live["findings"])
    assert (live["cluster"]["source"], offline["cluster"]["source"]) == ("files", "snapshot")
    other = tmp_path / "other.json.gz"
    assert run(["snapshot", "--from", path, "-o", str(other)]) == 0
    assert other.read_bytes() == saved.read_bytes()


def test_new_findings_alone(cluster: Callable[..., str], tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    arguments = ["--check", "floating-tag"]
    assert run(["scan", "--from", cluster(manifest()), "-o", f"json={baseline}", *arguments]) == 1
    compare = ["--baseline", str(baseline), "--fail-on-new", *arguments]
    assert run(["scan", "--from", cluster(manifest()), *compare]) == 0
    assert run(["scan", "--from", cluster(manifest(), manifest(name="new")), *compare]) == 1


def test_diff(cluster: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    run(["scan", "--from", cluster(manifest()), "-o", f"json={old}"])
    run(["scan", "--from", cluster(manifest(), manifest(name="new")), "-o", f"json={new}"])
    capsys.readouterr()
    assert run(["diff", str(old), str(new)]) == 0
    assert "Deployment/new" in capsys.readouterr().out
    assert run(["diff", str(old), str(new), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["new"]
    assert run(["diff", str(old), str(tmp_path / "cluster" / "0.json")]) == 4


def test_listings_exit_0(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["checks"]) == 0
    assert "unpinned-image" in capsys.readouterr().out
    assert run(["checks", "unpinned-image"]) == 0
    assert "What to do" in capsys.readouterr().out
    assert run(["rbac", "--check", "unpinned-image"]) == 0
    assert "secrets" not in capsys.readouterr().out
    assert run(["rbac"]) == 0
    assert "secrets" in capsys.readouterr().out
    assert run(["policy", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"]


def test_policy_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\nchecks:\n  no-such-check: {severity: high}\n")
    assert run(["policy", "check", str(path)]) == 0
    told = capsys.readouterr()
    assert "valid" in told.out
    assert "no-such-check" in told.err
    path.write_text("version: 1\nwaivers:\n  - {check: unpinned-image, reason: T-1}\n")
    assert run(["policy", "check", str(path)]) == 2
    assert "policy.yaml:3" in capsys.readouterr().err


PASSWORD = "hunter2-secret"
USER = "robot-deployer"
AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
HIDDEN = (PASSWORD, USER, AUTH, base64.b64encode(PASSWORD.encode()).decode(), base64.b64encode(USER.encode()).decode())


def dump(auths: Any, type_: str = "kubernetes.io/dockerconfigjson", key: str = ".dockerconfigjson") -> dict[str, Any]:
    text = auths if isinstance(auths, str) else json.dumps(auths)
    data = {key: base64.b64encode(text.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "regcred"}, "type": type_, "data": data}


ENTRY = {"username": USER, "password": PASSWORD, "auth": AUTH}


@pytest.mark.parametrize(
    "secret",
    [
        dump({"auths": {"registry.example": ENTRY}}),
        dump({"auths": {f"https://{USER}:{PASSWORD}@registry.example/?t={PASSWORD}#{AUTH}": ENTRY}}),
        dump({"registry.example": ENTRY}, "kubernetes.io/dockercfg", ".dockercfg"),
        dump({"auths": {"registry.example": {"auth": PASSWORD}}}),
        dump({"auths": {"registry.example": {"auth": AUTH + "!"}}}),
        dump({"auths": {"registry.example": {"username": [USER], "password": {"x": PASSWORD}}}}),
        dump('{"auths": {"registry.example": {"auth": "' + AUTH),
        dump({"auths": {"registry.example": ENTRY}}) | {"data": {".dockerconfigjson": PASSWORD + "!"}},
        dump({"auths": {"registry.example": ENTRY}}) | {"data": [PASSWORD, AUTH, USER]},
        dump({"auths": {"registry.example": ENTRY}})
        | {"stringData": {".dockerconfigjson": f"{AUTH} {USER} {PASSWORD}"}},
    ],
)
def test_a_secret_leaves_in_nothing(
    cluster: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str], secret: dict[str, Any]
) -> None:
    path = cluster(json.dumps(secret), manifest("registry.example/app", imagePullSecrets=[{"name": "regcred"}]))
    saved = tmp_path / "snapshot.json"
    for output in ("table", "json"):
        run(["scan", "--from", path, "-o", output, "--save-snapshot", str(saved)])
    told = capsys.readouterr()
    text = told.out + told.err + (saved.read_text() if saved.is_file() else "")
    assert text
    for hidden in HIDDEN:
        assert hidden not in text
    assert "Traceback" not in text


def test_hostile_names_steer_no_terminal(
    cluster: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "ngi\x1b[31mnx\u202e\u200b\x07:latest"
    path = cluster(manifest(hostile, "we\x1bb\u2066"))
    saved = tmp_path / "snapshot.json"
    for output in ("table", "json"):
        assert run(["scan", "--from", path, "-o", output, "--save-snapshot", str(saved)]) == 1
    told = capsys.readouterr()
    for raw in ("\x1b", "\u202e", "\u200b", "\x07", "\u2066"):
        assert raw not in told.out + told.err + saved.read_text()
    assert "\\u{202e}" in told.out
    assert "\\u202e" in told.out


def live(server: ApiServer, folder: Path, token: str) -> list[str]:
    return ["--kubeconfig", str(write_kubeconfig(folder / "kubeconfig", server.url, {"token": token}))]


RECORDED = ("lists", "limited", "discovery", "errors", "metadata")


def test_a_recorded_cluster_is_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ApiServer(Replay(*RECORDED)) as server:
        code, report = scan_json(capsys, *live(server, tmp_path, "admin-token"))
    assert code == 1
    assert {row["state"] for row in report["coverage"] if row["resource"] in ("pods", "secrets", "nodes")} == {"read"}
    assert report["cluster"]["version"] == "v1.36.2"
    found = {(f["check"], f["namespace"], f["subject"]["name"]) for f in report["findings"] if f["status"] == "fail"}
    assert ("tag-drift", "payments", "checkout") in found
    assert ("missing-pull-secret", "payments", "gateway") in found
    assert ("malformed-pull-secret", "legacy", "broken-registry") in found
    assert not {f["cause"] for f in report["findings"]} & {"unreadable", "error"}
    assert "fake-" not in json.dumps(report)


def test_a_limited_account_gets_manual_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ApiServer(Replay(*RECORDED)) as server:
        code, report = scan_json(capsys, *live(server, tmp_path, "limited-token"), "--fail-on", "never")
    assert code == 3
    states = {row["resource"]: row["state"] for row in report["coverage"]}
    assert (states["pods"], states["secrets"], states["nodes"]) == ("read", "forbidden", "forbidden")
    by_check = {row["id"]: row for row in report["checks"]}
    assert by_check["malformed-pull-secret"]["pass"] == 0
    assert by_check["malformed-pull-secret"]["manual"] == 1
    assert by_check["node-unapproved-image"]["pass"] == 0
    unread = [f for f in report["findings"] if f["cause"] == "unreadable"]
    assert {f["check"] for f in unread} >= {"malformed-pull-secret", "missing-pull-secret", "unused-node-image"}
    assert any(f["check"] == "unpinned-image" and f["status"] == "fail" for f in report["findings"])


def test_an_unknown_token_is_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ApiServer(Replay(*RECORDED)) as server:
        assert run(["scan", *live(server, tmp_path, "fake-wrong-token")]) == 4
    told = capsys.readouterr()
    assert "fake-wrong-token" not in told.out + told.err
    assert told.err.startswith("auditor: ")


def test_only_what_the_checks_need_is_asked_for(tmp_path: Path) -> None:
    with ApiServer(Replay(*RECORDED)) as server:
        run(["scan", *live(server, tmp_path, "admin-token"), "--check", "node-unapproved-image"])
        assert server.count("/api/v1/nodes") == 1
        assert server.count("/api/v1/secrets") == 0
        assert server.count("/api/v1/pods") == 0


def test_gzipped_and_plain_snapshots_hold_the_same(cluster: Callable[..., str], tmp_path: Path) -> None:
    path = cluster(manifest())
    plain, packed = tmp_path / "s.json", tmp_path / "s.json.gz"
    assert run(["snapshot", "--from", path, "-o", str(plain)]) == 0
    assert run(["snapshot", "--from", path, "-o", str(packed)]) == 0
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()


def test_colour_only_on_a_terminal(cluster: Callable[..., str]) -> None:
    path = cluster(manifest())
    command = f"{sys.executable} -m auditor scan --from {path}"
    for environment, coloured in ({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False):
        told = subprocess.run(
            ["script", "-qec", command, "/dev/null"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm", **environment},
            check=False,
        )
        assert ("\x1b[" in told.stdout) == coloured


def test_the_list_of_commands_breaks_off_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    commands = capsys.readouterr().out.partition("Commands:")[2].strip().split("\n")
    assert len(commands) >= 12
    assert [line for line in commands if not line.endswith(".") or "..." in line] == []


@pytest.mark.parametrize(("line", "command"), [("scan --foo", "auditor scan"), ("nothing", "auditor")])
def test_a_wrong_word_is_answered_with_the_help_of_its_command(
    line: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 2
    assert f"`{command} --help`" in capsys.readouterr().err


def test_each_fault_of_a_policy_has_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text('version: 1\n"fo\\no": 1\nbar: 2\n')
    assert run(["policy", "check", str(path)]) == 2
    first, second, *advice = capsys.readouterr().err.splitlines()
    assert first == f'auditor: {path}:2: "fo\\u{{a}}o": unknown key'
    assert second == f"auditor: {path}:3: bar: unknown key"
    assert all(line.startswith("  ") for line in advice)


@pytest.mark.parametrize("width", [60, 120])
def test_a_table_is_as_wide_as_the_terminal(cluster: Callable[..., str], width: int) -> None:
    path = cluster(manifest())
    command = f"stty cols {width}; {sys.executable} -m auditor scan --from {path}"
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    told = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment | {"NO_COLOR": "1"},
        check=False,
    )
    filled = told.stdout.partition("Read: ")[2].partition("Places")[0]
    assert width - 15 <= max(len(line.rstrip()) for line in filled.split("\n")[1:]) <= width


def test_a_fault_of_the_program_itself_is_told_without_its_message(
    cluster: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr("auditor.commands.auditing.exit_code", broken)
    assert run(["scan", "--from", cluster()]) == 4
    told = capsys.readouterr()
    assert "a fault of Auditor itself: ZeroDivisionError in commands/auditing.py, line " in told.err
    assert "hunter2" not in told.err + told.out
    assert "Traceback" not in told.err
