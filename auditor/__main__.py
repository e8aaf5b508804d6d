"""Entry points. `--version` answers before anything else is imported; no traceback reaches a user."""

from __future__ import annotations

import sys


def main(program: str = "auditor") -> None:
    """`auditor`, or what else it is called as: `program` stands in its help and messages."""
    if sys.argv[1:] == ["--version"]:
        from auditor.version import __version__

        print(f"auditor {__version__}")  # noqa: T201
        return
    import gc

    from auditor import process

    process.die_silently()
    # Pages of 500 objects make the collector run often and find nothing: what is read holds no cycles.
    gc.set_threshold(50_000, 20, 20)
    from auditor.cli import run

    process.mend_streams()
    process.heed_signals()
    code = run(sys.argv[1:], program)
    process.ignore_signals()
    if code > process.BY_SIGNAL:
        process.discard_output()
    sys.exit(code)


def kubectl() -> None:
    """`kubectl auditor`: kubectl runs the program `kubectl-auditor` with the words that follow."""
    # Completion belongs to the program `auditor`; for kubectl there is the function below.
    completion = {"--install-completion", "--show-completion"} & set(sys.argv)
    main("auditor" if completion else "kubectl auditor")


def complete_for_kubectl() -> None:
    """`kubectl_complete-auditor`: kubectl asks it what may stand in place of the last word."""
    from auditor.commands.completing import for_kubectl

    sys.exit(for_kubectl(sys.argv[1:]))


if __name__ == "__main__":
    main()
