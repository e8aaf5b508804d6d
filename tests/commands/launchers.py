"""The console scripts that pyproject.toml declares, written as an installer writes them."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from tests.auditing import ROOT


def write_launchers(folder: Path) -> Path:
    """The folder, with a program for each script."""
    folder.mkdir()
    scripts: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    for name, target in scripts.items():
        module, _, function = target.partition(":")
        path = folder / name
        path.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
            f"from {module} import {function}\nsys.exit({function}())\n"
        )
        path.chmod(0o755)
    return folder
