"""Files to reports, the way the command line goes: for fixtures, stories and table tests."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from auditor.collect import SourceOptions, collect
from auditor.engine import Scope, evaluate
from auditor.model import Snapshot
from auditor.packs import applicable, load_packs, select
from auditor.policy import Policy
from auditor.policy_file import load_policy
from auditor.policy_files import with_files
from auditor.report import Report
from auditor.sources.progress import Progress

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
TODAY = date(2026, 11, 21)


def read(path: Path, *, assume_complete: bool = False) -> Snapshot:
    """The snapshot of a file or directory."""
    options = SourceOptions(path=str(path), assume_complete=assume_complete)
    return collect(options, Progress(io.StringIO(), shown=False)).snapshot


def policy_at(path: Path) -> Policy:
    """The policy in a file, or none where there is no such file."""
    if not path.is_file():
        return Policy()
    return with_files(load_policy(path.read_bytes(), path.name), path.parent)


def audit(
    snapshot: Snapshot, policy: Policy | None = None, only: Sequence[str] = (), scope: Scope | None = None
) -> Report:
    """The report of the built-in checks, or of some of them."""
    checks = applicable(select(load_packs(()), only), snapshot, only)
    return evaluate(snapshot, checks, policy or Policy(), TODAY, scope=scope)
