"""Reads a policy file: its bytes → a Policy, or one error that tells everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec.inspect as mi
import yaml

from auditor.errors import PolicyError
from auditor.escape import escape
from auditor.policy import Policy, PolicyFile
from auditor.policy_decode import Problem, decode
from auditor.policy_tree import MalformedYAML, parse_tree

_ADVICE = "`auditor policy schema` prints what a policy may hold; `auditor policy check FILE` tries a file by itself."
_SHOWN = 25


def load_policy(data: bytes, path: str) -> Policy:
    """Read a policy file's bytes strictly; `path` is for messages and the report alone, nothing is opened.

    Raises PolicyError with a line `PATH:LINE: KEY: what is wrong` for each problem. An empty file is one: a policy that
    got lost must not pass as a policy that allows everything.
    """
    tree = read_tree(data, path)
    if tree is None:
        raise _error(path, [Problem(1, "", "the file is empty; the least policy is `version: 1`")])
    declared = mi.type_info(PolicyFile)
    assert isinstance(declared, mi.StructType)
    given, problems = decode(tree, declared)
    if problems:
        raise _error(path, problems)
    return Policy(**given, path=path, sha256=hashlib.sha256(data).hexdigest())


def read_tree(data: bytes, path: str) -> yaml.Node | None:
    """The file's YAML, None where it holds none; PolicyError where it is no single document within bounds."""
    try:
        return parse_tree(data)
    except MalformedYAML as error:
        raise _error(path, [Problem(error.line, "", str(error))]) from None


def _error(path: str, problems: Sequence[Problem]) -> PolicyError:
    lines = [
        ": ".join(part for part in (f"{path}:{problem.line}", problem.path, problem.text) if part)
        for problem in sorted(problems, key=lambda problem: problem.line)
    ]
    if len(lines) > _SHOWN:
        lines[_SHOWN:] = [f"{path}: and {len(lines) - _SHOWN} more"]
    return PolicyError("\n".join(escape(line) for line in lines), _ADVICE)
