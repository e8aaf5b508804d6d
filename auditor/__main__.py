"""Entry point. `--version` answers before anything else is imported; no traceback reaches a user."""

from __future__ import annotations

import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from auditor.version import __version__

        print(f"auditor {__version__}")  # noqa: T201
        return
    import gc

    # Pages of 500 objects make the collector run often and find nothing: what is read holds no cycles.
    gc.set_threshold(50_000, 20, 20)
    from auditor.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
