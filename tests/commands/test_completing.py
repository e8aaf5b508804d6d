"""Completion as shells ask for it: their own programs load the script and offer the words."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from auditor.commands.completing import check_ids
from auditor.packs import load_packs
from auditor.reporters import FORMATS
from tests.commands.launchers import write_launchers
from tests.real import program

SEVERITIES = ["critical", "high", "low", "medium", "never"]
CONFIG = {"apiVersion": "v1", "kind": "Config", "contexts": [{"name": name} for name in ("prod", "stage", "stage-2")]}
BASH = """
source <(auditor --show-completion)
read -r _ _ _ _ function _ < <(complete -p auditor)
COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
$function auditor
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ASKED = [
    ("scan --fail-on ''", SEVERITIES),
    ("scan --fail-on c", ["critical"]),
    ("scan -o ''", sorted(FORMATS)),
    ("scan -o jso", ["json"]),
    ("scan --check float", ["floating-tag"]),
    ("scan --check floating-tag --skip-check unpinned", ["unpinned-image"]),
    ("scan --context ''", ["prod", "stage", "stage-2"]),
    ("snapshot --context stage", ["stage", "stage-2"]),
    ("scan --kubeconfig other.yaml --context ''", ["elsewhere"]),
    ("scan --kubeconfig broken.yaml --context ''", []),
    ("scan --kubeconfig gone.yaml --context ''", []),
    ("checks never-pu", ["never-pull"]),
    ("waive unpinned-i", ["unpinned-image"]),
    ("waive --pol", ["--policy"]),
    ("sna", ["snapshot"]),
    ("policy ''", ["check", "schema"]),
    ("scan --from ''", []),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completing")
    write_launchers(folder / "bin")
    (folder / "config").write_text(yaml.safe_dump(CONFIG))
    (folder / "other.yaml").write_text(yaml.safe_dump(CONFIG | {"contexts": [{"name": "elsewhere"}]}))
    (folder / "broken.yaml").write_text("contexts: [")
    return folder


def ask(place: Path, command: list[str], silent: bool = True) -> list[str]:
    environment = {
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "KUBECONFIG": str(place / "config"),
        "HOME": str(place),
        "LC_ALL": "C.UTF-8",
    }
    told = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=True)
    assert not (silent and told.stderr)
    return sorted(filter(None, told.stdout.splitlines()))


@pytest.mark.parametrize(("words", "expected"), ASKED, ids=[words for words, _ in ASKED])
def test_bash_offers(place: Path, words: str, expected: list[str]) -> None:
    assert ask(place, ["bash", "--norc", "-c", BASH.format(words=f"auditor {words}")]) == expected


@pytest.mark.parametrize(("words", "expected"), ASKED[:7], ids=[words for words, _ in ASKED[:7]])
def test_fish_offers(place: Path, words: str, expected: list[str]) -> None:
    line = "auditor " + words.replace("''", "")
    script = f"_AUDITOR_COMPLETE=source_fish auditor | source; complete --do-complete '{line}'"
    offered = ask(place, [program("fish"), "--no-config", "-c", script])
    assert [word.partition("\t")[0] for word in offered] == expected


def test_zsh_offers(place: Path) -> None:
    """The script defines the function and binds it; what it evaluates is zsh's own way to offer words."""
    script = """
    autoload -Uz compinit && compinit -D
    eval "$(_AUDITOR_COMPLETE=source_zsh auditor)"
    print -r -- bound $_comps[auditor]
    _arguments() { print -r -- $* }
    words=(auditor scan --fail-on ""); CURRENT=4
    $_comps[auditor]
    """
    offered = ask(place, [program("zsh"), "-f", "-c", script])
    assert "bound _auditor_completion" in offered
    assert '"critical"' in "".join(offered)


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_it_installs_itself_for_the_shell_it_runs_in(place: Path, shell: str) -> None:
    ask(place, [program(shell), "-c", "auditor --install-completion; true"])
    written = [path.read_text() for path in place.rglob("*auditor*") if path.is_file() and path.parent.name != "bin"]
    assert any("_AUDITOR_COMPLETE" in text for text in written)


def test_where_it_cannot_be_set_up(place: Path) -> None:
    environment = {"PATH": f"{place / 'bin'}:{os.environ['PATH']}", "HOME": "/proc/nowhere"}
    for command, code in (("bash -c 'auditor --install-completion; exit $?'", 4), ("auditor --show-completion", 2)):
        told = subprocess.run(["sh", "-c", f"{command}; exit $?"], env=environment, capture_output=True, check=False)
        assert (told.returncode, b"Traceback" in told.stderr) == (code, False), told
        assert told.stderr


def test_the_ids_that_are_offered_are_the_checks() -> None:
    assert sorted(check.id for check in load_packs(())) == check_ids()


def test_kubectl_completes_too(place: Path) -> None:
    def asked(*words: str) -> list[str]:
        return ask(place, [program("kubectl"), "__complete", "auditor", *words], silent=False)

    assert asked("scan", "--fail-on", "c") == [":4", "critical"]
    assert asked("scan", "--context", "s") == [":4", "stage", "stage-2"]
    assert asked("scan", "--from", "") == [":0"]
    assert asked("checks", "it's not") == [":0"]
    assert {":4", "scan", "waive"} <= set(asked(""))
