"""What a remediation has a person paste: kubectl commands with flags that the real kubectl knows, YAML that is YAML."""

from __future__ import annotations

import re
import shlex
import subprocess
import textwrap
from collections.abc import Iterator
from functools import cache

import pytest
import yaml

from auditor.check import Check
from auditor.packs import load_packs
from tests.real import program

_FLAG = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-[a-zA-Z])\b")


def blocks(check: Check) -> Iterator[str]:
    """The indented parts of the text."""
    for paragraph in re.split(r"\n\s*\n", check.remediation):
        if all(line.startswith("    ") for line in paragraph.splitlines()):
            yield textwrap.dedent(paragraph)


def commands(check: Check) -> Iterator[list[str]]:
    """The words of each kubectl command, of which a block may hold several."""
    for block in blocks(check):
        if not re.search(r"^kubectl |\| kubectl ", block, re.MULTILINE):
            continue
        lexer = shlex.shlex(block.replace("\\\n", " "), posix=True, punctuation_chars="|&;<>()\n")
        lexer.whitespace = " \t"
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, "\n"]:
            if set(word) <= set("|&;<>()\n"):
                if words[:1] == ["kubectl"]:
                    yield words[1:]
                words = []
            else:
                words.append(word)


@cache
def flags(words: tuple[str, ...]) -> frozenset[str]:
    """Of the longest beginning of the words that is a command."""
    kubectl = program("kubectl")
    for length in range(len(words), 0, -1):
        told = subprocess.run([kubectl, *words[:length], "--help"], capture_output=True, text=True, check=False)
        usage = re.search(r"Usage:\n  kubectl (.*)", told.stdout)
        if told.returncode == 0 and usage and usage[1].split()[:length] == list(words[:length]):
            every = subprocess.run([kubectl, "options"], capture_output=True, text=True, check=True)
            return frozenset(_FLAG.findall(told.stdout + every.stdout))
    return frozenset()


KUBECTL = [(check.id, words) for check in load_packs(()) for words in commands(check)]


def test_there_are_some() -> None:
    assert len(KUBECTL) > 10


@pytest.mark.parametrize(("check", "words"), KUBECTL, ids=[f"{check}-{n}" for n, (check, _) in enumerate(KUBECTL)])
def test_kubectl_knows_what_it_is_told(check: str, words: list[str]) -> None:
    given = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
    plain: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        if not word.startswith("-") and before not in ("-n", "--namespace", "--context"):
            plain.append(word)
    known = flags(tuple(plain[:3]))
    assert known, f"kubectl has no command {' '.join(plain)}"
    assert set(given) <= known


@pytest.mark.parametrize("check", load_packs(()), ids=lambda check: check.id)
def test_yaml_is_yaml(check: Check) -> None:
    for block in blocks(check):
        if re.match(r"[\w.]+:( |$)", block.splitlines()[0]):
            assert list(yaml.safe_load_all(block)), block


@pytest.mark.parametrize("check", load_packs(()), ids=lambda check: check.id)
def test_placeholders_are_no_redirections(check: Check) -> None:
    """A shell would take `<name>` for a file to read."""
    assert not [block for block in blocks(check) if re.search(r"<[a-z]", block)]
