"""From a cluster, files or a saved snapshot to the Snapshot: which source, and what its answers mean."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from auditor.coverage import with_evidence
from auditor.errors import SourceError, UsageError
from auditor.escape import escape_json
from auditor.model import SCHEMA, ClusterInfo, Snapshot
from auditor.quantity import quantity
from auditor.scans.contents import sound

if TYPE_CHECKING:
    from auditor.sources.encodings import Encoding
    from auditor.sources.progress import Progress


class SourceOptions(Struct, frozen=True):
    """Where from: `path` for files, a snapshot or `-`; else a live cluster. `resources`: only these lists, if any;
    `cluster_name`: what to call the cluster, whatever the source calls it."""

    path: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    assume_complete: bool = False
    host_root: str | None = None
    encoding: Encoding = "auto"
    cluster_name: str | None = None


class Collected(Struct, frozen=True):
    """The snapshot, what kind of source gave it, and what is worth telling beside it. `groups` are the API groups that
    a live cluster serves, None where that is not known."""

    snapshot: Snapshot
    source: str
    notes: tuple[str, ...] = ()
    groups: frozenset[str] | None = None


def collect(options: SourceOptions, progress: Progress) -> Collected:
    """Reads the source; raises SourceError where there is nothing to audit."""
    if options.path is not None and (options.kubeconfig or options.context):
        raise UsageError("--from reads files, --kubeconfig and --context a cluster", "Give one or the other.")
    if options.host_root is not None and not Path(options.host_root).is_dir():
        raise SourceError(
            f"{options.host_root}: there is no such directory", "--host-root is a folder of a node's files."
        )
    found = _live(options, progress) if options.path is None else _files(options, options.path)
    return found if options.cluster_name is None else _renamed(found, options.cluster_name)


def _renamed(found: Collected, name: str) -> Collected:
    cluster = msgspec.structs.replace(found.snapshot.cluster, name=name)
    return msgspec.structs.replace(found, snapshot=msgspec.structs.replace(found.snapshot, cluster=cluster))


def _live(options: SourceOptions, progress: Progress) -> Collected:
    from auditor.inventory import Inventory
    from auditor.sources import live

    if options.assume_complete:
        raise UsageError("--assume-complete is about files", "Leave it out, or add --from PATH.")
    inventory = Inventory()
    found = live.collect(
        live.LiveOptions(
            kubeconfig=options.kubeconfig,
            context=options.context,
            namespaces=options.namespaces,
            resources=options.resources,
            encoding=options.encoding,
        ),
        inventory,
        progress,
    )
    cluster = ClusterInfo(
        found.name, found.uid, found.version, found.collected_at, "live", options.namespaces, options.exclude
    )
    snapshot = _with_host(inventory.snapshot(cluster), options.host_root, complete=False)
    return Collected(snapshot, "live", groups=found.groups)


def _files(options: SourceOptions, path: str) -> Collected:
    from auditor.inventory import Inventory
    from auditor.sources import files

    inventory = Inventory()
    found = files.collect(
        path,
        inventory,
        stdin=sys.stdin.buffer if path == "-" else None,
        assume_complete=options.assume_complete,
    )
    if found.snapshot is not None:
        if options.assume_complete or options.host_root:
            raise UsageError(
                f"{path} is a saved snapshot: --assume-complete and --host-root are for what it was collected from",
                "Leave them out.",
            )
        return Collected(load_snapshot(found.snapshot, path), "snapshot")
    cluster = found.cluster
    info = ClusterInfo(
        name=str(cluster.get("name", "")),
        version=str(cluster.get("version", "")),
        collected_at=str(cluster.get("collectedAt") or "") or None,
        source="files",
        only=options.namespaces,
        exclude=options.exclude,
    )
    skipped = sum(found.skipped.values())
    notes = [f"skipped: {quantity(skipped, 'object')} of kinds that no check reads"] if skipped else []
    snapshot = inventory.snapshot(info)
    if found.evidence:
        snapshot = with_evidence(snapshot, found.evidence)
    snapshot = _with_host(snapshot, options.host_root or found.host_root, complete=found.complete)
    return Collected(snapshot, "files", tuple(notes))


def _with_host(snapshot: Snapshot, root: str | None, *, complete: bool) -> Snapshot:
    """The snapshot with what a control-plane node's files say, if they were given."""
    from auditor.host import read_host

    return snapshot if root is None else read_host(Path(root), snapshot, complete=complete)


def load_snapshot(data: bytes, path: str) -> Snapshot:
    """A saved snapshot, decoded strictly; SourceError where it is of another version or damaged."""
    try:
        head = msgspec.json.decode(data, type=_Head)
        if head.schema == SCHEMA:
            snapshot = msgspec.json.decode(data, type=Snapshot)
            return msgspec.structs.replace(snapshot, scans=sound(snapshot.scans))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: the snapshot is damaged: {error}", "Collect it again.") from None
    raise SourceError(
        f"{path}: this is a {head.schema} file; this version of auditor reads {SCHEMA}",
        "Read it with the version of auditor that wrote it, or collect it again.",
    )


class _Head(Struct):
    schema: str = ""


def dump_snapshot(snapshot: Snapshot) -> bytes:
    """The snapshot as JSON, one line, hostile characters escaped; the same snapshot gives the same bytes."""
    text = msgspec.json.Encoder().encode_lines([snapshot])
    if text.isascii() and b"\x7f" not in text:  # scan results are long, and two copies of them as much again
        return text
    return escape_json(text.decode()).encode()
