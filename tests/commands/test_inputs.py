"""Files that commands read: none without an end is read, and what the shell has opened is."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.cli import run
from auditor.reporters import render
from tests.auditing import ROOT
from tests.reporters.samples import report

WHY = ["--reason", "x", "--expires", "2099-12-31"]


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("folder").mkdir()
    path = tmp_path / "good.json"
    path.write_text(render("json", report([])))
    return str(path)


@pytest.mark.parametrize("place", ["/dev/full", "/dev/zero", "pipe", "folder"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["diff", "good.json", "{}"], 4),
        (["waive", "0123", "--report", "{}", *WHY], 4),
        (["scan", "--from", "/nowhere", "--baseline", "{}"], 4),
        (["policy", "check", "{}"], 2),
        (["merge", "{}"], 4),
        (["merge", "good.json", "{}"], 3),
    ],
    ids=["diff", "waive", "baseline", "policy", "merge", "merge more"],
)
def test_what_may_never_end_is_not_read(
    good: str, capsys: pytest.CaptureFixture[str], command: list[str], code: int, place: str
) -> None:
    assert run([part.format(place) for part in command]) == code
    assert f"{place}: this is no regular file" in capsys.readouterr().err


def test_what_the_shell_has_opened_is_read(good: str) -> None:
    script = f'"$0" -m auditor diff <(gzip -c {good}) /dev/stdin < <(cat {good})'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("argument", ["/dev/stdin", "-"])
def test_a_stream_without_end_is_given_up(good: str, argument: str) -> None:
    with Path("/dev/zero").open("rb") as endless:
        done = subprocess.run(
            [sys.executable, "-m", "auditor", "waive", "0123", "--report", argument, *WHY],
            stdin=endless,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == 4
    assert "more than 1 GiB" in done.stderr


def test_a_report_that_unpacks_without_end_is_given_up(good: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bomb.json.gz").write_bytes(gzip.compress(bytes(200 << 20)))
    assert run(["merge", good, "bomb.json.gz"]) == 3
    assert "unpacks to more than" in capsys.readouterr().err
