"""`kubectl auditor`: the real kubectl finds the plugin, hands its words over and its exit code back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from auditor.version import __version__
from tests.auditing import ROOT
from tests.commands.launchers import write_launchers
from tests.real import program

CLEAN = str(ROOT / "fixtures/clusters/clean/cluster")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return f"{write_launchers(tmp_path / 'bin')}:{os.environ['PATH']}"


def kubectl(path: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": path, "KUBECONFIG": "/dev/null"}
    return subprocess.run(
        [program("kubectl"), *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_kubectl_finds_it(path: str) -> None:
    listed = kubectl(path, "plugin", "list").stdout
    assert "/bin/kubectl-auditor" in listed
    assert "kubectl_complete-auditor" not in listed


def test_it_is_called_as_it_was_called(path: str) -> None:
    assert kubectl(path, "auditor", "--version").stdout == f"auditor {__version__}\n"
    assert kubectl(path, "auditor", "--help").stdout.startswith("Usage: kubectl auditor [OPTIONS] COMMAND")
    assert kubectl(path, "auditor", "scan", "-h").stdout.startswith("Usage: kubectl auditor scan [OPTIONS]")
    wrong = kubectl(path, "auditor", "scan", "--bogus")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "`kubectl auditor scan --help`" in wrong.stderr


def test_words_and_exit_codes_pass(path: str, tmp_path: Path) -> None:
    report = tmp_path / "a b.json"
    words = ["auditor", "scan", "--from", CLEAN, "--check", "floating-tag", "-o", f"json={report}"]
    assert kubectl(path, *words).returncode == 0
    assert report.is_file()
    assert kubectl(path, "auditor", "scan", "--from", "/no/such/place").returncode == 4


def test_flags_before_the_plugin_are_refused_by_kubectl(path: str) -> None:
    refused = kubectl(path, "--context", "prod", "auditor", "scan", "--from", CLEAN)
    assert refused.returncode == 1
    assert "flags cannot be placed before plugin name: --context" in refused.stderr


def test_it_never_takes_over_kubectls_own_completion(path: str) -> None:
    environment = {**os.environ, "PATH": path}
    # The shell is told by the process that started it: with a second command bash does not give its place away.
    command = "kubectl-auditor --show-completion; true"
    told = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip().endswith("_auditor_completion auditor")
    assert "kubectl" not in told.stdout
