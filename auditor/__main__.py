"""Entry point. `--version` answers before anything else is imported; no traceback reaches a user."""

from __future__ import annotations

import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from auditor.version import __version__

        print(f"auditor {__version__}")  # noqa: T201
        return
    from auditor.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
