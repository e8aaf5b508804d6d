"""Real programs that tests use: where one is missing the test is skipped, or fails if AUDITOR_REQUIRE_REAL is set."""

from __future__ import annotations

import os
import shutil

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
