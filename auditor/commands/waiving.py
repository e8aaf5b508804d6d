"""`auditor waive`: a finding is accepted until a day, in the policy file."""

from __future__ import annotations

import codecs
import os
import re
import stat
import sys
from collections.abc import Collection
from datetime import UTC, date, datetime
from difflib import get_close_matches, unified_diff
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.commands.completing import check_ids
from auditor.commands.inputs import as_report, read_all, read_file, read_report
from auditor.errors import AuditorError, PolicyError, SourceError, UsageError
from auditor.escape import escape
from auditor.exits import Exit
from auditor.output import check_writable, write_file, write_standard
from auditor.quantity import quantity

if TYPE_CHECKING:
    from auditor.policy import Waiver
    from auditor.report import Finding, Report

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_FINDING = re.compile(r"[0-9a-f]{1,16}")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_SHOWN = 5


def waive(
    id: Annotated[  # noqa: A002
        str,
        typer.Argument(
            metavar="ID", help="A finding's id or how it begins; or a check's id.", autocompletion=check_ids
        ),
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is accepted.")],
    expires: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The last day, in UTC.")],
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Who answers for that.")] = None,
    report: Annotated[
        str | None, typer.Option(metavar="REPORT", help="The JSON report with the finding, or - (stdin).")
    ] = None,
    policy: Annotated[str, typer.Option(metavar="FILE", help="The policy file; made if missing.")] = "policy.yaml",
    namespace: Annotated[str | None, typer.Option("-n", "--namespace", metavar="GLOB", help="Its namespace.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="GLOB", help="Its Kind/name.")] = None,
    container: Annotated[str | None, typer.Option(metavar="GLOB", help="Its container.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Renew the waiver if there is one.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the change as a diff, write nothing.")] = False,
) -> int:
    """Accept a finding until a day: write its waiver into the policy file, and leave all else there as it is."""
    from auditor.waivers import covered

    _check_text("--reason", reason)
    _check_text("--owner", owner)
    given = {"namespace": namespace, "subject": subject, "container": container}
    for name, glob in given.items():
        _check_glob(f"--{name}", glob)
    found = _report(report)
    path = Path(policy)
    if not dry_run:
        check_writable(path)
    before = _policy(path)
    waiver = _waiver(id, found, given, reason, _day(expires), owner)
    after, line, waiver = _changed(before, waiver, policy, replace)
    if _FINDING.fullmatch(id) is None:
        _check_known(after, id, policy)
        _check_narrow(id, given)
    count = covered(waiver, found.findings) if found else ()
    if dry_run:
        write_standard(_diff(before, after, path))
    elif after == before:
        write_standard(f"{escape(policy)}:{line}: this waiver is there already; nothing was written\n")
    else:
        if _policy(path) != before:
            raise AuditorError(f"{policy}: something else has changed it meanwhile", "Nothing was written; try again.")
        write_file(path, after)
        write_standard(_written(waiver, f"{policy}:{line}"))
    if found:
        print(_coverage(count, report or ""), file=sys.stderr)
    return Exit.OK


def _waiver(
    id: str,  # noqa: A002
    report: Report | None,
    given: dict[str, str | None],
    reason: str,
    expires: date,
    owner: str | None,
) -> Waiver:
    """Of a finding, or of a check with the globs that are given."""
    import msgspec

    from auditor.policy import Waiver
    from auditor.waivers import waiver_of

    globs = {name: glob for name, glob in given.items() if glob is not None}
    if _FINDING.fullmatch(id):
        if report is None:
            raise UsageError(f"{id} is a finding's id: which report has it?", "Name it: --report REPORT.")
        return msgspec.structs.replace(waiver_of(_finding(id, report), reason, expires, owner), **globs)
    _check_glob("ID", id)
    return Waiver(check=id, reason=reason, expires=expires, owner=owner, **globs)


def _finding(prefix: str, report: Report) -> Finding:
    """The failure whose id begins so. A report of several clusters may have it several times, not always as one."""
    ordered = sorted(report.findings, key=lambda found: found.status != "manual")
    matching = {found.id: found for found in ordered if found.id.startswith(prefix)}
    if len(matching) == 1:
        (found,) = matching.values()
        if found.status == "manual":
            raise UsageError(
                f"{found.id} is no failure: {found.check} could not be judged ({found.cause})",
                "A waiver accepts failures. Settle what it asks, or switch the check off in the policy.",
            )
        return found
    if matching:
        listed = "\n".join(_row(found) for found in list(matching.values())[:_SHOWN])
        raise UsageError(
            f"{len(matching)} findings have an id that begins with {prefix}", f"Give more of it:\n{listed}"
        )
    every = {found.id[: len(prefix)]: found for found in report.findings}
    near = [every[name] for name in get_close_matches(prefix, every, n=3)]
    hint = "\n".join(["Near it are:", *map(_row, near)]) if near else "Is it the right report?"
    raise UsageError(f"the report has no finding {prefix}", hint)


def _row(found: Finding) -> str:
    place = found.namespace or "(cluster)"
    return f"{found.id}  {found.check}  {escape(place)}  {escape(str(found.subject))}"


def _changed(before: bytes, waiver: Waiver, path: str, replace: bool) -> tuple[bytes, int, Waiver]:
    """The policy with the waiver, the line where it is, and the waiver as it is there."""
    from auditor.policy_edit import add_waiver, listed, replace_waiver

    globs = ("check", "namespace", "subject", "container")
    for index, (line, there) in enumerate(listed(before, path)):
        if any(getattr(there, name) != getattr(waiver, name) for name in globs):
            continue
        same = (there.reason, there.expires) == (waiver.reason, waiver.expires)
        if same and waiver.owner in (None, there.owner):
            return before, line, there
        if not replace:
            raise UsageError(
                f"{path}:{line}: this is waived already, until {there.expires.isoformat()}",
                "With --replace that waiver gets this reason and this day.",
            )
        after = replace_waiver(before, index, waiver, path)
        return after, *listed(after, path)[index]
    after = add_waiver(before, waiver, path)
    return after, *listed(after, path)[-1]


def _check_known(policy: bytes, glob: str, path: str) -> None:
    """UsageError for what is no id of a check, nor a pattern of such ids."""
    from auditor.packs import load_packs
    from auditor.policy import did_you_mean
    from auditor.policy_file import load_policy

    known = {check.id for check in load_packs(load_policy(policy, path).packs)}
    if not any(fnmatchcase(check, glob) for check in known):
        raise UsageError(
            f"{glob} is neither a finding's id nor a check{did_you_mean(glob, known)}",
            "`auditor checks` lists the checks; a finding's id is 16 characters of 0-9 and a-f.",
        )


def _check_narrow(check: str, globs: dict[str, str | None]) -> None:
    """UsageError for a waiver of all that a check finds, unless it says so."""
    if all(glob is None for glob in globs.values()):
        raise UsageError(
            f"this would waive {check} everywhere",
            "Say for what: --namespace, --subject, --container; or --subject '*' if it is meant.",
        )


def _check_text(option: str, text: str | None) -> None:
    if text is None:
        return
    if not text.strip():
        raise UsageError(f"{option} is blank", "Write it so that it says something in a year.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(f"{option} is not UTF-8", "Write it in the terminal's own encoding.")


def _check_glob(option: str, glob: str | None) -> None:
    if glob is not None and not re.fullmatch(r"\S+", glob):
        raise UsageError(f"{option} must not be empty or hold white space", "`?` stands for any one character.")


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise UsageError(f"--expires {text}: this is no day", "Write it as in 2027-01-31.")
    today = datetime.now(UTC).date()
    if day < today:
        raise UsageError(f"--expires {text}: that day is over", f"Today is {today.isoformat()} (UTC).")
    return day


def _report(place: str | None) -> Report | None:
    if place is None:
        return None
    if place != "-":
        return read_report(place)
    name = "standard input"
    return as_report(read_all(sys.stdin.buffer, name, SourceError), name)


def _policy(path: Path) -> bytes:
    """The file's bytes, none where there is no such file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(f"{path} is no regular file", "Name the policy file.")
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror}", "Check the path and its permissions.") from None
    return read_file(str(path), PolicyError)


def _written(waiver: Waiver, place: str) -> str:
    from auditor.waiver_text import block

    first, *rest = block(waiver)
    return "\n".join([f"{escape(place)}:", f"  - {first}", *(f"    {line}" for line in rest), ""])


def _coverage(findings: Collection[Finding], report: str) -> str:
    """How much of the report the waiver is for."""
    place = "standard input" if report == "-" else escape(report)
    before = sum(found.status == "waived" for found in findings)
    count = quantity(len(findings), "failure")
    again = f", {before} of which {'was' if before == 1 else 'were'} waived already" if before else ""
    return f"{'warning: ' if not findings else ''}it covers {count} of {place}{again}"


def _diff(before: bytes, after: bytes, path: Path) -> str:
    """As `diff -u` prints it; on a terminal what that could not show is written as escapes."""
    codec = "utf-16" if after.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    old, new = (_LINE.findall(data.decode(codec)) for data in (before, after))
    lines = list(unified_diff(old, new, str(path) if path.exists() else os.devnull, str(path)))
    if sys.stdout.isatty():
        lines = [escape(line.rstrip("\r\n")) + "\n" for line in lines]
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
