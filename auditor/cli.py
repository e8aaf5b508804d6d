"""The command line: its commands put together, errors turned into advice and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from auditor.commands import auditing, enforcing, explaining, installing, listing, merging, waiving
from auditor.errors import AuditorError, PackError, PolicyError, UsageError
from auditor.escape import escape
from auditor.exits import Exit
from auditor.output import journal
from auditor.process import Terminated
from auditor.version import __version__

_HOME = Path(__file__).parent
_INTERRUPTED = 130
"""As a shell says of what SIGINT ended. Threads that still wait for the network are daemons and hold up nothing."""

app = typer.Typer(
    name="auditor",
    help="Audits the image security of Kubernetes clusters, live or offline, and reports findings by namespace.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
policy_app = typer.Typer(help="Check a policy file, or print its JSON Schema.", rich_markup_mode=None)
app.add_typer(policy_app, name="policy", short_help="Check a policy file, or print its JSON Schema.")


def run(arguments: Sequence[str], program: str = "auditor") -> int:
    """Runs a command line and returns its exit code. Nothing that a user meets is a traceback."""
    with journal() as written:
        try:
            return _run(arguments, program)
        except typer.TyperException as error:
            command = getattr(getattr(error, "ctx", None), "command_path", program)
            _complain(error.format_message(), f"`{command} --help` shows what there is.")
            return Exit.USAGE
        except PolicyError as error:
            for fault in str(error).split("\n"):
                _complain(fault, "")
            _advise(error.advice)
            return Exit.USAGE
        except (UsageError, PackError) as error:
            _complain(str(error), error.advice)
            return Exit.USAGE
        except AuditorError as error:
            for cause in error.causes:
                _complain(str(cause), cause.advice)
            if written:
                _advise(f"this was written: {', '.join(written)}")
            return Exit.NO_AUDIT
        except (KeyboardInterrupt, typer.Abort):
            _complain(f"interrupted; {_told(written)}", "")
            return _INTERRUPTED
        except Terminated as ended:
            _complain(f"{ended}; {_told(written)}", "")
            return ended.exit_code
        except Exception as error:  # noqa: BLE001
            _complain(f"a fault of Auditor itself: {_place(error)}; {_told(written)}", "Please report this line.")
            return Exit.NO_AUDIT


def _run(arguments: Sequence[str], program: str) -> int:
    setting_up = {"--install-completion", "--show-completion"} & set(arguments)
    try:
        result = app(args=list(arguments), prog_name=program, standalone_mode=False)
    except SystemExit as ended:  # typer's own ways out: the reader of a help text has gone, a completion is done
        return Exit.OK if isinstance(ended.__context__, BrokenPipeError) else int(ended.code or 0)
    except OSError as error:
        if not setting_up:
            raise
        told = f"completion could not be set up: {error.strerror}"
        raise AuditorError(told, "To put it somewhere yourself: _AUDITOR_COMPLETE=source_bash auditor") from None
    if result == _INTERRUPTED:  # typer's own way to say it
        raise KeyboardInterrupt
    sys.stdout.flush()  # what `print` has left there
    return Exit.USAGE if setting_up and result else int(result or 0)


def _place(error: Exception) -> str:
    """The kind of error and the code that raised it: its message may hold what must not leave the process."""
    called = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    ours = [f" in {path.relative_to(_HOME)}, line {line}" for path, line in called if path.is_relative_to(_HOME)]
    return f"{type(error).__name__}{ours[-1] if ours else ''} (version {__version__})"


def _told(written: Sequence[str]) -> str:
    return f"before that, this was written: {', '.join(written)}" if written else "nothing was written"


def _complain(message: str, advice: str) -> None:
    print(f"auditor: {escape(message)}", file=sys.stderr)
    _advise(advice)


def _advise(advice: str) -> None:
    for line in advice.splitlines():
        print(f"  {escape(line)}", file=sys.stderr)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"auditor {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Audits the image security of Kubernetes clusters, live or offline, and reports findings by namespace."""


# In the list of commands and in completion; `--help` of each has its whole docstring.
for command, told in (
    (auditing.scan, "Audit a cluster, live or from files."),
    (auditing.snapshot, "Keep what an audit reads in one file, redacted."),
    (listing.diff, "Compare two JSON reports."),
    (merging.merge, "Join reports of several clusters into one."),
    (waiving.waive, "Accept a finding until a day, in the policy file."),
    (listing.checks, "List the checks, or explain one."),
    (explaining.explain, "Tell everything that is known about one image."),
    (listing.rbac, "Print the least ClusterRole that the checks need."),
    (installing.install, "Print everything that an audit in the cluster takes."),
    (enforcing.enforce, "Print an admission policy that enforces the policy file."),
    (enforcing.probe, "Prove by dry runs what admission denies."),
):
    app.command(short_help=told)(command)
policy_app.command("check")(listing.policy_check)
policy_app.command("schema")(listing.policy_schema)
