"""Ended at any moment, or with no room to write: no half report, nothing left behind, and a word about it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.apiserver import ApiServer, Hang
from tests.apistore import Store
from tests.auditing import ROOT
from tests.real import program
from tests.sources.scanning import write_kubeconfig

OLD = '{"old": true}\n'
AUDITOR = [sys.executable, "-m", "auditor"]
# The disk takes its time: where a file is to be synced, the program says so and waits.
SLOW_DISK = """
import os, sys, time
def fsync(fd):
    print("syncing", file=sys.stderr, flush=True)
    time.sleep(600)
os.fsync = fsync
from auditor.__main__ import main
sys.argv[0] = "auditor"
main()
"""
# Whoever ends the program is impatient: two more signals come while it cleans up.
IMPATIENT = """
import os, pathlib, signal
unlink = pathlib.Path.unlink
def hurried(self, missing_ok=False):
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    unlink(self, missing_ok)
pathlib.Path.unlink = hurried
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a command whose output is text; it is gone when the test ends."""
    started: list[subprocess.Popen[str]] = []

    def begin(command: Sequence[str], **options: int) -> subprocess.Popen[str]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        started.append(subprocess.Popen(command, cwd=ROOT, text=True, **streams))  # type: ignore[call-overload]
        return started[-1]

    yield begin
    for each in started:
        each.kill()
        each.communicate()


@pytest.fixture
def cluster(tmp_path: Path) -> str:
    """Enough workloads that no report of them fits into a pipe."""
    path = tmp_path / "in" / "web.json"
    path.parent.mkdir()
    containers = [{"name": f"c{number}", "image": f"app{number}"} for number in range(300)]
    spec = {"template": {"spec": {"containers": containers}}}
    path.write_text(
        json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec})
    )
    return str(path)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A folder with an old report."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.json").write_text(OLD)
    return folder


def scan(cluster: str, *arguments: str) -> list[str]:
    return ["scan", "--from", cluster, "--fail-on", "never", "--allow-incomplete", *arguments]


def wait_for(condition: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    while not condition():
        if running.poll() is not None:
            pytest.fail(f"it ended before it came to that: {running.communicate()}")
        time.sleep(0.01)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


ENDINGS = [
    (signal.SIGTERM, 143, "terminated"),
    (signal.SIGINT, 130, "interrupted"),
    (signal.SIGHUP, 129, "hung up"),
]
BY_NAME = [number.name for number, _, _ in ENDINGS]


@pytest.mark.parametrize(("number", "code", "word"), ENDINGS, ids=BY_NAME)
@pytest.mark.parametrize("path", ["/version", "/api/v1/pods"])
def test_while_reading(
    start: Start, tmp_path: Path, reports: Path, number: signal.Signals, code: int, word: str, path: str
) -> None:
    with ApiServer(Store()) as server:
        server.inject(path, Hang(), Hang(), Hang())
        config = write_kubeconfig(tmp_path / "k", server.url)
        running = start([*AUDITOR, "scan", "--kubeconfig", str(config), "-o", f"json={reports}/a.json", "-o", "table"])
        assert server.hanging.wait(60)
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (code, "", f"auditor: {word}; nothing was written\n")
    assert (names(reports), (reports / "a.json").read_text()) == (["a.json"], OLD)


def test_killed_while_reading(start: Start, tmp_path: Path, reports: Path) -> None:
    with ApiServer(Store()) as server:
        server.inject("/api/v1/pods", Hang())
        config = write_kubeconfig(tmp_path / "k", server.url)
        running = start([*AUDITOR, "scan", "--kubeconfig", str(config), "-o", f"json={reports}/a.json"])
        assert server.hanging.wait(60)
        running.kill()
        assert running.communicate(timeout=60) == ("", "")
    assert (names(reports), (reports / "a.json").read_text()) == (["a.json"], OLD)


@pytest.mark.parametrize("prelude", ["", IMPATIENT], ids=["once", "three times"])
@pytest.mark.parametrize(("number", "code", "word"), ENDINGS, ids=BY_NAME)
def test_while_a_file_is_written(
    start: Start, cluster: str, reports: Path, number: signal.Signals, code: int, word: str, prelude: str
) -> None:
    command = [sys.executable, "-c", prelude + SLOW_DISK]
    running = start([*command, *scan(cluster, "-o", f"json={reports}/a.json", "-o", f"csv={reports}/b.csv")])
    assert running.stderr
    assert running.stderr.readline() == "syncing\n"
    assert len(names(reports)) == 2
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (code, f"auditor: {word}; nothing was written\n")
    assert (names(reports), (reports / "a.json").read_text()) == (["a.json"], OLD)


def test_killed_while_a_file_is_written(start: Start, cluster: str, reports: Path) -> None:
    running = start([sys.executable, "-c", SLOW_DISK, *scan(cluster, "-o", f"json={reports}/a.json")])
    assert running.stderr
    assert running.stderr.readline() == "syncing\n"
    running.kill()
    running.wait(timeout=60)
    (left,) = (name for name in names(reports) if name != "a.json")
    assert left.startswith(".a.json.")
    assert (reports / "a.json").read_text() == OLD


@pytest.mark.parametrize(("number", "code", "word"), ENDINGS, ids=BY_NAME)
def test_between_two_files(
    start: Start, cluster: str, reports: Path, number: signal.Signals, code: int, word: str
) -> None:
    """The second place is a pipe that nobody reads: the first report is there, whole, and that is told."""
    pipe = reports / "pipe"
    os.mkfifo(pipe)
    running = start([*AUDITOR, *scan(cluster, "-o", f"json={reports}/a.json", "-o", f"html={pipe}")])
    wait_for(lambda: (reports / "a.json").read_text() != OLD, running)
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (code, f"auditor: {word}; before that, this was written: {reports}/a.json\n")
    assert names(reports) == ["a.json", "pipe"]
    assert json.loads((reports / "a.json").read_text())["schema"] == "auditor.report/v1"


@pytest.mark.parametrize(("number", "code", "word"), ENDINGS, ids=BY_NAME)
def test_while_nobody_reads_the_output(
    start: Start, cluster: str, number: signal.Signals, code: int, word: str
) -> None:
    """The program waits in a full pipe; what it still holds must not keep it from ending."""
    here, there = os.pipe()
    capacity = fcntl.fcntl(there, fcntl.F_GETPIPE_SZ)
    running = start([*AUDITOR, *scan(cluster, "-o", "json")], stdout=there)
    os.close(there)
    wait_for(lambda: struct.unpack("i", fcntl.ioctl(here, termios.FIONREAD, b"    "))[0] == capacity, running)
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    os.close(here)
    assert running.returncode == code
    assert err == f"auditor: {word}; before that, this was written: a part of standard output\n"


def test_what_was_set_to_be_ignored_is_ignored(start: Start, tmp_path: Path) -> None:
    with ApiServer(Store()) as server:
        server.inject("/version", Hang())
        config = write_kubeconfig(tmp_path / "k", server.url)
        command = f"trap '' HUP; exec {sys.executable} -m auditor scan --kubeconfig {config}"
        running = start(["bash", "-c", command])
        assert server.hanging.wait(60)
        running.send_signal(signal.SIGHUP)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
    assert running.returncode == 143


def test_before_anything_has_begun() -> None:
    code = "import os, signal; from auditor.process import die_silently as d; d(); os.kill(os.getpid(), signal.SIGINT)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert (told.returncode, told.stderr) == (-signal.SIGINT, b"")


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """`auditor` in a bash command is the program."""
    words = f'auditor() {{ "{sys.executable}" -m auditor "$@"; }}; {command}'
    return subprocess.run(["bash", "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)


def test_no_room_for_the_second_report(cluster: str, reports: Path) -> None:
    (reports / "b.html").write_text(OLD)
    words = " ".join(scan(cluster, "-o", f"prometheus={reports}/a.json", "-o", f"html={reports}/b.html"))
    told = shell(f"ulimit -f 64; auditor {words}")
    assert told.returncode == 4
    assert told.stderr == (
        f"auditor: {reports}/b.html could not be written: File too large\n"
        "  What was there before is as it was.\n"
        f"  this was written: {reports}/a.json\n"
    )
    assert (names(reports), (reports / "b.html").read_text()) == (["a.json", "b.html"], OLD)
    assert (reports / "a.json").read_text().endswith("\n")


def test_no_room_for_a_snapshot(cluster: str, reports: Path) -> None:
    told = shell(f"ulimit -f 8; auditor snapshot --from {cluster} -o {reports}/s.json")
    assert told.returncode == 4
    assert f"{reports}/s.json could not be written: File too large" in told.stderr
    assert names(reports) == ["a.json"]


def test_a_full_file_system(cluster: str, tmp_path: Path) -> None:
    """A small one of its own, which nobody else sees; what there was before stays, byte for byte."""
    if subprocess.run([program("unshare"), "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no name space of its own can be made here")
    disk = tmp_path / "disk"
    disk.mkdir()
    words = " ".join(scan(cluster, "-o", f"csv={disk}/old.csv", "-o", f"html={disk}/new.html"))
    mounted = f"mount -t tmpfs -o size=16k tmpfs {disk} && echo old > {disk}/old.csv && fill={disk}/fill"
    filled = "head -c 12288 /dev/zero > $fill"
    script = f"{mounted} && {filled}; auditor {words}; echo $?; ls -A {disk}; cat {disk}/old.csv"
    told = shell(f"export -f auditor; unshare -rm bash -c '{script}'")
    assert told.stdout.splitlines() == ["4", "fill", "old.csv", "old"]
    assert told.stderr.count("could not be written: No space left on device") == 2
    assert "What was there before is as it was." in told.stderr


@pytest.mark.parametrize(
    "output", ["-o json > /dev/full", "-o json=/dev/full"], ids=["standard output", "a device by its name"]
)
def test_a_full_device(cluster: str, output: str) -> None:
    told = shell(f"auditor {' '.join(scan(cluster))} {output}")
    assert told.returncode == 4
    assert "No space left on device" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    "command", ["policy schema", "checks", "--help", "policy check POLICY", "--show-completion bash"]
)
def test_every_command_tells_a_full_disk(command: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\n")
    told = shell(f"auditor {command.replace('POLICY', str(policy))} > /dev/full")
    assert told.returncode == 4
    assert told.stderr.startswith("auditor: standard output could not be written: No space left on device")


def test_devices_and_pipes_are_written_to_and_stay(cluster: str) -> None:
    told = shell(f"auditor {' '.join(scan(cluster))} -o json=/dev/null -o csv=>(head -1)")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("id,cluster,")
    assert Path("/dev/null").is_char_device()


def test_a_folder_that_may_not_be_written_to(cluster: str, reports: Path) -> None:
    """Even root may not, without the capability to override modes. Found before the audit: nothing is read."""
    reports.chmod(0o555)
    less = ["--inh-caps=-dac_override", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    command = [program("setpriv"), *less, *AUDITOR, *scan("/no/such/input", "-o", f"json={reports}/b.json")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith(f"auditor: {reports} may not be written to\n")


def test_a_folder_that_takes_no_files(cluster: str) -> None:
    told = shell(f"auditor {' '.join(scan(cluster))} -o json=/proc/self/report.json")
    assert told.returncode in (2, 4)
    assert told.stderr.startswith("auditor: /proc/self")
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("command", ["SCAN -o json", "SCAN", "--help", "policy schema", "policy check POLICY"])
def test_a_reader_that_goes_away(cluster: str, tmp_path: Path, command: str) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\n")
    words = command.replace("SCAN", " ".join(scan(cluster))).replace("POLICY", str(policy))
    told = shell(f"(auditor {words}; echo $? >&2) | head -c 1")
    assert told.stderr == "0\n"


def test_standard_streams_that_are_closed(cluster: str) -> None:
    words = " ".join(scan(cluster, "-o", "prometheus"))
    told = shell(f"auditor {words} >&-")
    assert told.returncode == 4
    assert told.stderr.startswith("auditor: standard output could not be written: Bad file descriptor")
    for way in ("2>&-", "2>/dev/full"):
        told = shell(f"auditor {words} {way}")
        assert told.returncode == 0
        assert told.stdout.startswith("# HELP")
        assert shell(f"auditor scan --bogus {way}").returncode == 2


@pytest.mark.parametrize("value", ["", "1"])
def test_buffers_that_are_switched_off(value: str) -> None:
    told = shell(f"export PYTHONUNBUFFERED={value}; auditor policy schema; auditor scan --bogus")
    assert told.returncode == 2
    assert told.stdout.startswith("{")
    assert told.stderr.startswith("auditor: ")


def test_names_that_are_no_text(tmp_path: Path) -> None:
    policy = os.fsencode(tmp_path) + b"/p\xff.yaml"
    with open(policy, "w") as file:  # noqa: PTH123
        file.write("version: 1\n")
    told = subprocess.run([*AUDITOR, "policy", "check", policy], cwd=ROOT, capture_output=True, check=False)
    assert (told.returncode, told.stderr) == (0, b"")
