"""Real programs that tests use: where one is missing the test is skipped, or fails if AUDITOR_REQUIRE_REAL is set."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def program(name: str) -> str:
    """The path of a program."""
    found = shutil.which(name)
    if found is None:
        missing = f"{name} is not installed"
        if os.environ.get("AUDITOR_REQUIRE_REAL"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def node_package(name: str) -> Path:
    """The folder in which `node` finds a package that npm has installed (see .ci/run), with what it needs."""
    folder = Path(__file__).parent.parent / ".venv" / "node"
    if not (folder / "node_modules" / name / "package.json").is_file():
        missing = f"{name} is not installed: npm install --no-save --prefix .venv/node {name}"
        if os.environ.get("AUDITOR_REQUIRE_REAL"):
            pytest.fail(missing)
        pytest.skip(missing)
    return folder
