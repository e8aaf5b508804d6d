"""What commands read: the source of an audit, a policy, an earlier report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import AuditorError, PolicyError, SourceError
from auditor.escape import escape

if TYPE_CHECKING:
    from auditor.collect import Collected
    from auditor.policy import Policy
    from auditor.report import Report
    from auditor.sources.encodings import Encoding


def collect(
    source: str | None,
    kubeconfig: str | None,
    context: str | None,
    namespaces: Sequence[str] | None,
    exclude: Sequence[str] | None,
    assume_complete: bool,
    resources: Sequence[str] = (),
    host_root: str | None = None,
    encoding: Encoding = "auto",
    verbose: bool = False,
) -> Collected:
    from auditor.collect import SourceOptions
    from auditor.collect import collect as collect_from
    from auditor.sources.progress import Progress

    options = SourceOptions(
        path=source,
        kubeconfig=kubeconfig,
        context=context,
        namespaces=tuple(namespaces or ()),
        exclude=tuple(exclude or ()),
        resources=tuple(resources),
        assume_complete=assume_complete,
        host_root=host_root,
        encoding=encoding,
    )
    progress = Progress.on(verbose=verbose)
    try:
        collected = collect_from(options, progress)
    finally:
        progress.finish()
    for note in collected.notes:
        print(f"note: {escape(note)}", file=sys.stderr)
    return collected


def read_policy(path: str | None) -> Policy:
    from auditor.policy import Policy
    from auditor.policy_file import load_policy
    from auditor.policy_files import with_files

    if path is None:
        return Policy()
    return with_files(load_policy(read_file(path, PolicyError), path), Path(path).parent)


def read_report(path: str) -> Report:
    return as_report(read_file(path, SourceError), path)


def as_report(data: bytes, path: str) -> Report:
    """A JSON report, which may be gzipped; SourceError where it is none."""
    import msgspec

    from auditor.report import from_json
    from auditor.sources.unpack import expand

    try:
        return from_json(expand(data, path))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: this is no report of auditor: {error}", "Write one with `-o json=PATH`.") from None


def read_file(path: str, error: type[AuditorError]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as failure:
        raise error(f"{path}: {failure.strerror}", "Check the path and its permissions.") from None
