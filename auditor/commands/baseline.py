"""`--baseline` and `--keep-baseline`: where an earlier report lies, and how this run's takes its place."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer
from msgspec import Struct

from auditor.errors import SourceError, UsageError
from auditor.escape import escape
from auditor.output import check_apart, check_writable, compressed, write_file

if TYPE_CHECKING:
    from auditor.diff import Diff
    from auditor.report import Report

_CONFIG_MAP = "configmap:"
_STDIN = "/dev/stdin"


class Keeping(Struct, frozen=True):
    """What a run is compared with, and where its own result is kept."""

    baseline: Annotated[
        str | None,
        typer.Option(metavar="REPORT", help="An earlier JSON report: a file, or configmap:NAMESPACE/NAME."),
    ] = None
    keep_baseline: Annotated[
        bool, typer.Option("--keep-baseline", help="Keep this run's result there for the next one.")
    ] = False
    fail_on_new: Annotated[bool, typer.Option("--fail-on-new", help="Exit 1 only for what the baseline lacks.")] = False


class Store(Protocol):
    """Somewhere to keep a report. It is written to at most once, after it was read."""

    place: str

    def read(self) -> Report | None:
        """None where nothing was kept yet; SourceError where something else lies there."""

    def write(self, report: Report) -> None:
        """Puts the report in the place of the one that was read; SourceError where that has changed meanwhile."""


class Baseline:
    """What a run is compared with. Made before the audit: what is wrong with it is told at once."""

    def __init__(self, store: Store, *, keep: bool) -> None:
        self._store = store
        self._keep = keep
        self._before = store.read()
        if self._before is None and not keep:
            raise SourceError(
                f"{store.place}: there is no baseline", "Keep one with --keep-baseline, or check the name."
            )
        if self._before is None:
            print(f"note: {escape(store.place)}: no baseline yet, so everything counts as new", file=sys.stderr)

    def compare(self, report: Report) -> Diff:
        from auditor.diff import diff, first_run

        return first_run(report) if self._before is None else diff(self._before, report)

    def keep(self, comparison: Diff, known: Collection[str]) -> None:
        """With --keep-baseline: what the next run is compared with. `known` are the ids of all checks."""
        from auditor.baseline_keeping import kept

        if not self._keep:
            return
        before, after = comparison.before.cluster.uid, comparison.after.cluster.uid
        if before and after and before != after:
            raise SourceError(
                f"{self._store.place} is the baseline of another cluster (uid {before}): nothing was kept",
                "Give each cluster its own; if this one was made anew, remove the old baseline.",
            )
        self._store.write(kept(comparison, known))


def open_baseline(
    place: str | None,
    *,
    keep: bool,
    source: str | None,
    kubeconfig: str | None,
    context: str | None,
    targets: Iterable[tuple[str, Path]] = (),
) -> Baseline | None:
    """The baseline of a command line, None without one; UsageError for options that do not fit together. `targets` are
    what the command writes, by the options that name it: only --keep-baseline takes the place of a baseline."""
    if place is None:
        if keep:
            raise UsageError("--keep-baseline needs --baseline", "Name where it lies: a file, or configmap:NS/NAME.")
        return None
    if place in ("", "-"):
        raise UsageError(
            f"--baseline {place or repr(place)} names no file",
            f"Name a report, or configmap:NAMESPACE/NAME. {_STDIN} is standard input.",
        )
    if source == "-" and os.path.realpath(place) == os.path.realpath(_STDIN):
        raise UsageError("--from and --baseline cannot both be standard input", "Name a file for one of them.")
    if not place.startswith(_CONFIG_MAP):
        check_apart([("--baseline", Path(place)), *targets])
        return Baseline(FileStore(place, keep=keep), keep=keep)
    if source is not None:
        raise UsageError(
            f"--baseline {place}: files have no cluster to keep it in", "Name a file, or leave --from out."
        )
    return Baseline(ConfigMap(place.removeprefix(_CONFIG_MAP), kubeconfig, context, keep=keep), keep=keep)


def role_text(place: str) -> str:
    """The Role to keep a baseline in a ConfigMap (NAMESPACE/NAME), as a further YAML document."""
    from auditor.baseline import baseline_role
    from auditor.reporters.yaml_report import document
    from auditor.sources.baseline import parse_place

    found = parse_place(place)
    about = f"# To keep the baseline in this ConfigMap, which has to be there, empty at first:\n# {found.command}\n"
    return f"---\n{about}{document(baseline_role(found.namespace, found.name))}"


class FileStore:
    """A report in a file, gzipped if its name ends in .gz."""

    def __init__(self, place: str, *, keep: bool) -> None:
        self.place = place
        self._path = Path(place)
        self._found = b""
        self._keep = keep
        if keep:
            check_writable(self._path)

    def read(self) -> Report | None:
        from auditor.commands.inputs import as_report

        if self._keep and not os.path.lexists(self._path):
            return None
        self._found = self._content()
        return as_report(self._found, self.place)

    def write(self, report: Report) -> None:
        from auditor.reporters import render

        if (self._content() if os.path.lexists(self._path) else b"") != self._found:
            raise SourceError(
                f"{self.place} was changed since it was read, perhaps by another run: nothing was kept",
                "This run was compared with the older baseline. Run it again, and one at a time.",
            )
        write_file(self._path, compressed(self._path, render("json", report).encode()))

    def _content(self) -> bytes:
        from auditor.commands.inputs import read_file

        return read_file(self.place, SourceError)


class ConfigMap:
    """A report in a ConfigMap of the cluster that is audited."""

    def __init__(self, name: str, kubeconfig: str | None, context: str | None, *, keep: bool) -> None:
        from auditor.sources.baseline import ConfigMapStore, parse_place
        from auditor.sources.configuration import identify

        place = parse_place(name)
        self.place = str(place)
        self._keep = keep
        self._store = ConfigMapStore(place, identify(kubeconfig, context, os.environ))

    def read(self) -> Report | None:
        from auditor.baseline import unpacked

        data = self._store.read(keep=self._keep)
        try:
            return None if data is None else unpacked(data)
        except ValueError as error:
            raise SourceError(
                f"{self.place}: this is no baseline of auditor: {error}",
                "It was left as it is. Empty it to begin anew, or name another ConfigMap.",
            ) from None

    def write(self, report: Report) -> None:
        from auditor.baseline import packed

        self._store.write(packed(report))
