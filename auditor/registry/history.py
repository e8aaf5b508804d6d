"""Steps of an image's history, redacted by construction: which known programs ran, and no other word."""

from __future__ import annotations

import json
import re
import shlex

from auditor.evidence import Step
from auditor.registry.programs import SHELLS, program

_LONGEST = 8192
_STEPS = 256
_PROGRAMS = 32
_INSTRUCTION = re.compile(
    r"(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s",
    re.ASCII,
)
# What the classic builder writes for an instruction that runs nothing.
_NOP = re.compile(r".{0,200}?#\(nop\)\s*", re.ASCII)
# Build arguments with their values stand before the shell: `|2 A=b C=d /bin/sh -c …`.
_ARGUMENTS = re.compile(r"\|\d+ ", re.ASCII)
_SHELL_CALL = re.compile(
    r"(?:^|\s)((?:/[\w.+-]+)*/?(?:ba|da|a|z|k)?sh(?:\s+-\w+(?:\s+pipefail)?)*?\s+-\w*c)\s", re.ASCII
)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=", re.ASCII)
_FIRST_WORD = re.compile(r"[#\s]*(\S{1,200})(?:\s|$)")
# Of an argument list: JSON, or without commas, as older builders wrote it.
_FIRST_ARGUMENT = re.compile(r'(?:\[\s*)?(?:"([^"\\]{1,200})"|([^\s"\[]{1,200}))')
_STARTS = ("CMD", "ENTRYPOINT", "SHELL")
_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT_LINE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
# Words of the shell after which a command follows, and programs that run the one that is named next.
_BEFORE_COMMAND = frozenset("if then else elif do while until ! { ( exec time command nohup sudo eval".split())
_NO_COMMAND = frozenset("for case in esac fi done select function } ) [[ ]]".split())


def step(text: str, created: str | None, *, empty: bool) -> Step:
    """What a `created_by` says, of BuildKit, the classic builder, Kaniko or Buildah; of other builders the tool."""
    text = text[:_LONGEST].strip()
    nop = _NOP.match(text) if "#(nop)" in text else None
    instruction = _INSTRUCTION.match(text, nop.end() if nop else 0)
    if instruction and instruction[1] == "RUN":
        return Step("RUN", _run(text[instruction.end() :]), created, empty)
    if instruction and instruction[1] in _STARTS:
        return Step(instruction[1], _shell_of(text[instruction.end() :]), created, empty)
    if instruction or nop:
        return Step(instruction[1] if instruction else "", (), created, empty)
    if _ARGUMENTS.match(text) or _SHELL_CALL.match(text) or text.startswith("cmd /"):
        return Step("RUN", _run(text), created, empty)
    first = _FIRST_WORD.match(text)
    name = program(first[1]) if first else ""
    return Step("", (name,) if name else (), created, empty)


def steps(entries: list[tuple[str, str | None, bool]]) -> tuple[Step, ...]:
    """Of (created_by, created, empty_layer), the oldest first; the newest of very many."""
    return tuple(step(text, created, empty=empty) for text, created, empty in entries[-_STEPS:])


def _shell_of(arguments: str) -> tuple[str, ...]:
    """The shell that a container starts with: then it is in the image. Any other word may be for the entrypoint."""
    first = _FIRST_ARGUMENT.match(arguments.strip())
    name = program(first[1] or first[2]) if first else ""
    return (name,) if name in SHELLS else ()


def _run(command: str) -> tuple[str, ...]:
    command = command.strip().removesuffix("# buildkit").strip()
    if command.startswith("["):
        return _exec_form(command)
    shell = _SHELL_CALL.search(command)
    if _ARGUMENTS.match(command) and not shell:
        return ()  # where the values end is not to be seen
    if shell:
        name = program(shell[1].split()[0])
        return _each_once([name, *_commands(command[shell.end() :])])
    if windows := re.match(r"(cmd)\s+/S\s+/C\s+|(powershell)(?:\.exe)?\s+-Command\s+", command, re.IGNORECASE):
        name = (windows[1] or windows[2]).lower()
        return _each_once([name, *_commands(command[windows.end() :])])
    return _each_once(_commands(command))


def _exec_form(command: str) -> tuple[str, ...]:
    try:
        words = json.loads(command)
    except (ValueError, RecursionError):
        return ()
    return _each_once([program(words[0])]) if words and isinstance(words[0], str) else ()


def _commands(script: str) -> list[str]:
    """The known programs that simple commands of a shell script begin with. What cannot be read ends it, and so does a
    here-document: what follows may be its text."""
    lines = _COMMENT_LINE.sub("", _CONTINUED.sub(" ", script))
    lexer = shlex.shlex(lines.replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.commenters = ""
    found: list[str] = []
    expected = True
    try:
        for word in lexer:
            if word.startswith("<<"):
                break
            if word[0] in "();<>|&":
                # After a redirection comes a file's name.
                expected = word[0] not in "<>" and (expected or not word.startswith(("<", ">")))
            elif expected and not _ASSIGNMENT.match(word) and word not in _BEFORE_COMMAND:
                expected = False
                if word not in _NO_COMMAND:
                    found.append(program(word))
            elif not expected and word in ("then", "do", "else"):
                expected = True
    except ValueError:
        return found
    return found


def _each_once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))[:_PROGRAMS]
