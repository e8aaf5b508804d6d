"""What a shell offers for an option's value. Nothing here may fail or be slow: a person waits with a finger on Tab."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer

from auditor.errors import AuditorError
from auditor.exits import Exit

# cobra's ShellCompDirective: 0 leaves room for files, 4 does not.
_FILES, _NO_FILES = 0, 4


def check_ids() -> Iterable[str]:
    """The built-in checks; a check's file bears its name, so none has to be imported."""
    folder = Path(__file__).resolve().parent.parent.parent / "checks"
    return sorted(path.stem.replace("_", "-") for path in folder.glob("*/[!_]*.py"))


def formats() -> Iterable[str]:
    from auditor.reporters import FORMATS

    return FORMATS


def severities() -> Iterable[str]:
    from auditor.report import Severity

    return (*map(str, Severity), "never")


def contexts(ctx: typer.Context) -> Iterable[str]:
    """Those of the kubeconfig that the command line names so far, else of the usual one."""
    from auditor.sources.kubeconfig import find, load

    with contextlib.suppress(AuditorError):
        return sorted(load(find(ctx.params.get("kubeconfig"), os.environ)).contexts)
    return ()


def for_kubectl(words: Sequence[str]) -> int:
    """Prints what may stand in place of the last word, one a line, then whether files may, as cobra's directive."""
    from auditor.cli import run

    os.environ |= {
        "_AUDITOR_COMPLETE": "complete_bash",
        "COMP_WORDS": shlex.join(["auditor", *words]),
        "COMP_CWORD": str(len(words)),
    }
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        run([])
    found = told.getvalue().strip()
    print(f"{found}\n:{_NO_FILES}" if found else f":{_FILES}")
    return Exit.OK
