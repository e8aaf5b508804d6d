"""Regular expressions of the RE2 kind, which the API server uses: found by the CEL runtime's own RE2."""

from __future__ import annotations

import functools
import re
from typing import Any

from auditor.enforcement.cel_functions import Undecided

_NAMED_GROUP = re.compile(r"\(\?P?<[A-Za-z0-9_]+>", re.ASCII)
_NAMED_CLASS = re.compile(r"\[:\^?[a-z]+:\]", re.ASCII)
_CLASS_START = re.compile(r"\[\^?\]?")


def is_pattern(pattern: str) -> bool:
    """Whether RE2 takes it."""
    return str(_programs()[0].eval(data={"text": "", "pattern": pattern}).type().name()) != "ERROR"


def find_all(text: str, pattern: str) -> list[str]:
    """All matches that do not overlap, from left to right. Raises ValueError where the pattern is none, Undecided
    where it also matches nothing at all."""
    matches, extract = _programs()
    plain = f"({without_groups(pattern)})"
    empty = matches.eval(data={"text": "", "pattern": f"^{plain}$"})
    if empty.type().name() == "ERROR":
        raise ValueError("not a regular expression")
    if empty.value():
        raise Undecided
    found = extract.eval(data={"text": text, "pattern": plain})
    if found.type().name() == "ERROR":
        raise ValueError("not a regular expression")
    return [str(match) for match in found.plain_value()]


def without_groups(pattern: str) -> str:
    """The same pattern with groups that capture nothing: the runtime's search gives groups where there are some."""
    if "\\Q" in pattern:
        raise Undecided
    out: list[str] = []
    at = 0
    in_class = False
    while at < len(pattern):
        taken = made = pattern[at]
        named = _NAMED_GROUP.match(pattern, at)
        if taken == "\\":
            taken = made = pattern[at : at + 2]
        elif in_class:
            inner = _NAMED_CLASS.match(pattern, at)
            taken = made = inner[0] if inner else taken
            in_class = made != "]"
        elif start := _CLASS_START.match(pattern, at):
            taken = made = start[0]
            in_class = True
        elif named:
            taken, made = named[0], "(?:"
        elif taken == "(" and not pattern.startswith("(?", at):
            made = "(?:"
        out.append(made)
        at += len(taken)
    return "".join(out)


@functools.lru_cache(maxsize=1)
def _programs() -> tuple[Any, Any]:
    from cel_expr_python import cel  # type: ignore[import-untyped,import-not-found,unused-ignore]

    environment = cel.NewEnv(
        config=cel.NewEnvConfigFromYaml('extensions:\n- name: "optional"\n- name: "regex"\n'),
        variables={"text": cel.Type.STRING, "pattern": cel.Type.STRING},
    )
    return environment.compile("text.matches(pattern)"), environment.compile("regex.extractAll(text, pattern)")
