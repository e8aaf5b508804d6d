"""The walls of the architecture, read off the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.auditing import ROOT

PURE = sorted(
    path
    for pattern in (
        *(
            "auditor/model/*.py",
            "auditor/inventory.py",
            "auditor/listed.py",
            "auditor/fold.py",
            "auditor/owners.py",
            "auditor/shapes.py",
        ),
        "auditor/nodes.py",
        *(
            "auditor/redact.py",
            "auditor/control_plane.py",
            "auditor/plugins.py",
            "auditor/engine.py",
            "auditor/scope.py",
            "auditor/tally.py",
            "auditor/statuses.py",
            "auditor/finding.py",
            "auditor/report.py",
            "auditor/published.py",
            "auditor/wire/*.py",
        ),
        *(
            "auditor/check.py",
            "auditor/views.py",
            "auditor/list_views.py",
            "auditor/units.py",
            "auditor/subjects.py",
            "auditor/coverage.py",
            "auditor/image.py",
        ),
        *("auditor/credentials.py", "auditor/diff.py", "auditor/exits.py", "auditor/escape.py"),
        *("auditor/merge.py", "auditor/cluster_*.py", "auditor/pairs.py"),
        *(
            "auditor/evidence.py",
            "auditor/registry/history.py",
            "auditor/registry/reach.py",
            "auditor/registry/realms.py",
        ),
        *(
            "auditor/waiver*.py",
            "auditor/baseline.py",
            "auditor/baseline_keeping.py",
            "auditor/policy.py",
            "auditor/policy_edit.py",
            "auditor/policy_text.py",
            "auditor/publish*.py",
            "auditor/install/*.py",
            "auditor/reporters/*.py",
            "auditor/enforcement/**/*.py",
            "auditor/monitoring/*.py",
            "auditor/configmaps.py",
            "auditor/watch*.py",
            "auditor/daemons.py",
            "auditor/scans/*.py",
            "checks/**/*.py",
        ),
    )
    for path in ROOT.glob(pattern)
)
BARRED = {"kubernetes", "typer", "rich", "socket", "urllib", "http", "subprocess", "os", "time", "pathlib", "io", "sys"}
CLOCKS = {"now", "today", "utcnow", "time", "monotonic"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_is_pure(path: Path) -> None:
    assert not BARRED & {name.partition(".")[0] for name in imports(path)}
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not CLOCKS & called


@pytest.mark.parametrize("path", sorted(ROOT.glob("checks/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_checks_import_only_the_public_api(path: Path) -> None:
    own = {name for name in imports(path) if name.partition(".")[0] in ("auditor", "checks")}
    assert all(name == "auditor" or name.startswith("checks.") for name in own), own


def test_blind_excepts_are_few_and_known() -> None:
    blind = {
        str(path.relative_to(ROOT))
        for path in (*ROOT.glob("auditor/**/*.py"), *ROOT.glob("checks/**/*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    }
    # sources/workers.py hands what a thread raised to the thread that waits for it; cli.py ends the process.
    assert blind == {"auditor/cli.py", "auditor/engine.py", "auditor/packs.py", "auditor/sources/workers.py"}
