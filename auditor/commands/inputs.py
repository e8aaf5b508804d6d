"""What commands read: the source of an audit, a policy, an earlier report."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from auditor.errors import AuditorError, PolicyError, SourceError, UsageError
from auditor.escape import escape

if TYPE_CHECKING:
    from auditor.collect import Collected, SourceOptions
    from auditor.commands.options import Inputs
    from auditor.fleet import Gather
    from auditor.policy import Policy
    from auditor.report import Report

_LONGEST_NAME = 253
_MAX_BYTES = 1 << 30
_CHUNK = 1 << 20
# What the shell has opened may well be a pipe: standard input, `<(…)`. And what is empty ends.
_ENDING = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/", "/dev/null")


def source_options(inputs: Inputs, context: str | None = None, resources: Sequence[str] = ()) -> SourceOptions:
    """What was asked for, checked; UsageError for what there is not. `resources`: only these lists, if any."""
    from auditor.collect import SourceOptions
    from auditor.sources.encodings import parse_encoding

    return SourceOptions(
        path=inputs.source,
        kubeconfig=inputs.kubeconfig,
        context=context,
        namespaces=tuple(inputs.namespace or ()),
        exclude=tuple(inputs.exclude_namespace or ()),
        resources=tuple(resources),
        assume_complete=inputs.assume_complete,
        host_root=inputs.host_root,
        encoding=parse_encoding(inputs.encoding),
        cluster_name=read_cluster_name(inputs.cluster_name),
    )


def collect(options: SourceOptions, *, verbose: bool = False) -> Collected:
    """What the source holds; progress, warnings and notes go to standard error."""
    from auditor.collect import collect as collect_from
    from auditor.sources.progress import Progress

    progress = Progress.on(verbose=verbose)
    try:
        collected = collect_from(options, progress)
    finally:
        progress.finish()
    for note in collected.notes:
        print(f"note: {escape(note)}", file=sys.stderr)
    return collected


def supplemented(collected: Collected, gather: Gather) -> Collected:
    """With what others know of the cluster: registries, scanners."""
    from auditor.sources.progress import Progress

    progress = Progress.on()
    try:
        return gather(collected, progress)
    finally:
        progress.finish()


def read_cluster_name(text: str | None) -> str | None:
    """`--cluster-name`: a name, or @FILE with one in it. UsageError for what is no name."""
    if text is None:
        return None
    place = text.removeprefix("@") if text.startswith("@") else ""
    try:
        name = (read_file(place, UsageError).decode() if place else text).strip()
    except UnicodeDecodeError:
        name = ""
    if not name or name.startswith("@") or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UsageError(
            f"--cluster-name{f' @{place}' if place else ''}: this is no name of a cluster",
            f"One line, at most {_LONGEST_NAME} characters; @FILE reads it from a file.",
        )
    return name


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

    from auditor.published import from_json
    from auditor.sources.unpack import expand

    try:
        return from_json(expand(data, path, _MAX_BYTES))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: this is no report of auditor: {error}", "Write one with `-o json=PATH`.") from None


def read_file(path: str, error: type[AuditorError]) -> bytes:
    """What a regular file holds, or one that the shell has opened: a device may never end, and a pipe never begin."""
    if not path:
        raise error("the path is empty", "Name a file.")
    place = Path(path)
    try:
        if not (stat.S_ISREG(place.stat().st_mode) or path.startswith(_ENDING)):
            raise error(f"{path}: this is no regular file", "Name a file; /dev/stdin is standard input.")
        with place.open("rb") as stream:
            return read_all(stream, path, error)
    except OSError as failure:
        raise error(f"{path}: {failure.strerror}", "Check the path and its permissions.") from None


def read_all(stream: BinaryIO, path: str, error: type[AuditorError]) -> bytes:
    """To the end, which comes within bounds."""
    data = bytearray()
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > _MAX_BYTES:
            raise error(f"{path}: more than {_MAX_BYTES >> 30} GiB", "Is it the right file?")
    return bytes(data)
