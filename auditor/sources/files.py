"""The source of `--from`: files of any kind become lists in the inventory, or a saved snapshot is handed through."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Generic, Protocol, TypeVar

import msgspec
from msgspec import Raw, Struct

from auditor import wire
from auditor.configmaps import MAX_VALUE, rule_file
from auditor.errors import SourceError
from auditor.evidence import ImageEvidence
from auditor.model import State
from auditor.parameters import POLICIES
from auditor.sources import fixture
from auditor.sources.aside import Aside
from auditor.sources.documents import Document, read_text
from auditor.sources.kinds import UNMISTAKABLE, is_configmap, item_of, own_group, resource_of
from auditor.sources.unpack import drain, expand
from auditor.sources.walk import host_root, walk

SNAPSHOT_SCHEMA = "auditor.snapshot/"
REPORT_SCHEMA = "auditor.report/"
STDIN = "<stdin>"

_FROM = "--from takes a file, a directory, or - for standard input."
_MISSING = "not in the input"
_ROLLOUTS = "rollouts"


class Listing(Protocol):
    """One list of the inventory while it is read."""

    def add(self, items: Sequence[wire.Object], origins: Sequence[str] = ()) -> None: ...


L = TypeVar("L", bound=Listing)


class Lists(Protocol[L]):
    """What of the inventory the files need."""

    def begin(self, resource: wire.Resource) -> L: ...

    def end(
        self, listing: L, *, state: State = "read", namespace: str = "", detail: str = "", complete: bool = True
    ) -> None: ...

    def cover(self, resource: str, state: State, *, namespace: str = "", detail: str = "") -> None: ...


class FileCounts(Struct, frozen=True):
    """Files read, and how many of them hold no Kubernetes object (only a directory may have such)."""

    read: int = 0
    foreign: int = 0


class FilesResult(Struct, frozen=True):
    """What an input was. If it was a saved snapshot, `snapshot` is its JSON and the inventory was not touched.

    `documents` counts objects, items of lists one by one; `skipped` those of them of kinds that nobody needs, by kind.
    `cluster` is what a ClusterFixture states, `evidence` what RegistryEvidence documents hold.
    """

    documents: int = 0
    skipped: dict[str, int] = {}
    snapshot: bytes | None = None
    complete: bool = False
    host_root: str | None = None
    cluster: dict[str, str | bool] = {}
    evidence: tuple[ImageEvidence, ...] = ()
    files: FileCounts = FileCounts()


class _Schema(Struct):
    schema: Raw = Raw()


def collect(
    path: str, inventory: Lists[L], *, stdin: BinaryIO | None = None, assume_complete: bool = False
) -> FilesResult:
    """Reads a file, a directory or `-` (standard input) into the inventory, each object with its origin.

    SourceError if there is nothing there, or anything cannot be read or is malformed; then the inventory is untouched.
    """
    if not path:
        raise SourceError("no input: the path is empty", _FROM)
    root = Path(path)
    try:
        is_folder = path != "-" and root.is_dir()
    except OSError:
        is_folder = False  # opening it will say why
    gathered = _Gathered(inventory, root if is_folder else None)
    for name, text in _folder(root) if is_folder else _single(path, stdin):
        if _schema(text, SNAPSHOT_SCHEMA):
            if not is_folder:
                return FilesResult(snapshot=text, files=FileCounts(read=1))
            raise SourceError(f"{name}:1: a saved snapshot among manifests", "Scan it by itself: --from with its path.")
        gathered.read(name, text)
    return gathered.finish(path, host_root(root) if is_folder else None, assume_complete)


def _single(path: str, stdin: BinaryIO | None) -> Iterator[tuple[str, bytes]]:
    if path == "-":
        yield STDIN, expand(drain(stdin or sys.stdin.buffer, STDIN), STDIN)
    else:
        yield _named(path, Path(path))


def _folder(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in walk(root):
        yield _named(str(path), path)


def _named(name: str, path: Path) -> tuple[str, bytes]:
    name = name.encode(errors="backslashreplace").decode()  # names need not be UTF-8
    try:
        with path.open("rb") as stream:
            return name, expand(drain(stream, name), name)
    except OSError as error:
        reason = error.strerror or "cannot be read"
    except ValueError:
        reason = "not a path"  # a NUL in it
    raise SourceError(f"{name}: {reason}", _FROM)


def _schema(text: bytes, prefix: str) -> bool:
    """Whether this is one JSON object with a schema of ours. The cheap test spares large dumps a second reading."""
    if f'"{prefix}'.encode() not in text:
        return False
    try:
        raw = bytes(msgspec.json.decode(text, type=_Schema).schema)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return raw.startswith(f'"{prefix}'.encode())


class _Gathered(Generic[L]):
    """What has come out of the files so far. Nothing of it counts in the inventory until `finish`."""

    def __init__(self, inventory: Lists[L], folder: Path | None) -> None:
        self.inventory = inventory
        self.folder = folder
        self.listings: dict[str, L] = {}
        self.documents = 0
        self.empty_lists = 0
        self.aside = Aside()
        self.fixture: dict[str, str | bool] | None = None
        self.evidence: list[ImageEvidence] = []
        self.read_files = 0
        self.foreign_files = 0

    def read(self, name: str, text: bytes) -> None:
        """Takes in a file. In a directory it may be something else altogether, but not in part."""
        self.read_files += 1
        any_object = False
        foreign: Document | None = None
        for document in read_text(text, name):
            if self._take(document):
                any_object = True
            else:
                foreign = foreign or document
            if foreign and any_object:
                raise _not_an_object(foreign)
        if foreign and not self._rules(name, text):
            if self.folder is None:
                raise _not_an_object(foreign)
            self.foreign_files += 1
        elif not any_object and not foreign:
            self.foreign_files += 1

    def _rules(self, name: str, text: bytes) -> bool:
        """Whether a file that is no manifest holds rules for Falco or Prometheus; if so they have been taken in."""
        path = Path(name).relative_to(self.folder).as_posix() if self.folder else Path(name).name
        item = rule_file(path, text.decode("utf-8", "replace")) if len(text) <= MAX_VALUE else None
        if item is None:
            return False
        self.documents += 1
        for resource in (wire.ALL_CONFIGMAPS, wire.RULE_CONFIGMAPS):
            listing = self.listings.setdefault(resource.name, self.inventory.begin(resource))
            if resource is wire.ALL_CONFIGMAPS:
                listing.add([item], [f"{name}:1"])
        return True

    def _take(self, document: Document) -> bool:
        """Whether the document is a Kubernetes object (or speaks for the input); if so it has been taken in."""
        kind = document.kind
        if kind == fixture.EVIDENCE:
            self.evidence += fixture.read_evidence(document)
            return True
        if kind == fixture.KIND:
            if self.fixture is not None:
                raise SourceError(f"{document.origin}: a second {fixture.KIND}", "One speaks for the whole input.")
            self.fixture = fixture.read_fixture(document)
            return True
        item_kind = kind.removesuffix("List")
        if item_kind != kind and document.json == b"{}":
            self._empty(msgspec.structs.replace(document, kind=item_kind))
            return True
        if not document.api_version and item_kind not in UNMISTAKABLE:
            return False
        if not document.api_version or (item_kind != kind and item_kind in UNMISTAKABLE | {""}):
            raise _not_an_object(document)
        self.documents += 1
        resource = resource_of(document)
        if is_configmap(document):
            self._add(wire.ALL_CONFIGMAPS, document)
            self.listings.setdefault(wire.RULE_CONFIGMAPS.name, self.inventory.begin(wire.RULE_CONFIGMAPS))
        if resource is None:
            self.aside.put(document)
        else:
            self._add(resource, document)
        return True

    def _empty(self, document: Document) -> None:
        """A list without items is an input too; a typed one says what there is none of."""
        self.empty_lists += 1
        resource = resource_of(document) if document.kind else None
        if resource and resource.name not in self.listings:
            self.listings[resource.name] = self.inventory.begin(resource)

    def _add(self, resource: wire.Resource, document: Document) -> None:
        item = item_of(resource, document)
        if resource.name == POLICIES:
            self.aside.policy(item)
        if resource.name not in self.listings:
            self.listings[resource.name] = self.inventory.begin(resource)
        self.listings[resource.name].add([item], [document.origin])

    def finish(self, path: str, host: str | None, assume_complete: bool) -> FilesResult:
        """Ends all lists: what the input does not hold is empty if it is complete, and unread if it is not."""
        if not self.documents and not self.empty_lists and self.fixture is None:
            looked = f" ({self.read_files} files looked at)" if self.folder else ""
            raise SourceError(f"{path}: no Kubernetes objects{looked}", "Manifests, or: kubectl get … -A -o json")
        complete = assume_complete or bool((self.fixture or {}).get("complete"))
        wanted, left = self.aside.parameters()
        for document in wanted:
            self._add(wire.PARAMETERS, document)
        if left:
            self.inventory.cover(wire.PARAMETERS.name, "failed", detail=f"{left:,} objects are too many to keep")
        for resource in wire.BY_NAME.values():
            if resource.name in self.listings:
                detail = "" if complete else "only what the input holds"
                self.inventory.end(self.listings[resource.name], detail=detail, complete=complete)
            elif resource.name == _ROLLOUTS or (complete and own_group(resource.group)):
                self.inventory.cover(resource.name, "absent", detail=_MISSING)
            elif complete:
                self.inventory.end(self.inventory.begin(resource))
            else:
                self.inventory.cover(resource.name, "excluded", detail=_MISSING)
        return FilesResult(
            documents=self.documents,
            skipped=dict(sorted(self.aside.rest().items())),
            complete=complete,
            host_root=host,
            cluster=self.fixture or {},
            evidence=tuple(self.evidence),
            files=FileCounts(self.read_files, self.foreign_files),
        )


def _not_an_object(document: Document) -> SourceError:
    if not document.json.startswith(b"{"):
        what = "an array" if document.json.startswith(b"[") else "a single value"
        reason = f"{what} where a Kubernetes object is expected"
    elif _schema(document.json, REPORT_SCHEMA):
        return SourceError(
            f"{document.origin}: a report, which cannot be scanned", "auditor diff OLD NEW compares two."
        )
    elif not document.kind:
        reason = "no kind: not a Kubernetes object"
    elif not document.api_version:
        reason = "no apiVersion: not a Kubernetes object"
    else:
        reason = "a list whose items are not an array"
    return SourceError(
        f"{document.origin}: {reason}", "Objects state apiVersion and kind, as kubectl get -o yaml does."
    )
