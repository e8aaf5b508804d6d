"""A running cluster into the inventory: every list that may be read, at the same time, and what became of the rest."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec
from msgspec import Struct

from auditor import wire
from auditor.errors import SourceError, UsageError
from auditor.inventory import Inventory
from auditor.objectnames import is_label
from auditor.sources import configmaps, parameters, secretnames, workers
from auditor.sources.admission import Admission
from auditor.sources.configuration import identify
from auditor.sources.discovery import Discovery
from auditor.sources.encodings import Encoding, settled
from auditor.sources.faults import Fault
from auditor.sources.lists import Lists, Outcome
from auditor.sources.owners import Owners
from auditor.sources.progress import Progress
from auditor.sources.reader import HURRIED, Reader
from auditor.sources.transport import Connection

_THREADS = 5
_LOOK_UPS = 16  # each of them is small, and most of it is waiting
# The big ones first, so that none of them is left alone at the end.
# Nobody who does not name it has the ConfigMaps of all namespaces read.
_UNASKED = tuple(name for name in wire.BY_NAME if name != wire.ALL_CONFIGMAPS.name)
_ORDER = ("pods", "replicasets", "jobs", "nodes", "deployments")


class LiveOptions(Struct, frozen=True):
    """`timeout`: seconds for each wait on the API server. `namespaces`: namespaced lists are read in these alone, save
    those of policies: wherever these lie, they may decide about the namespaces.

    `resources`: only these (names in coverage) are read, all if there are none.
    """

    kubeconfig: str | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    page_size: int = 500
    timeout: float = 60
    resources: tuple[str, ...] = ()
    encoding: Encoding = "auto"


class LiveCluster(Struct, frozen=True):
    """Which cluster was read, and when that began (RFC 3339, UTC). `name` is the kubeconfig's, or `in-cluster`;
    `groups` are the API groups that it serves, None where discovery may not be read."""

    name: str
    uid: str | None
    version: str
    collected_at: str
    groups: frozenset[str] | None = None


class _Version(wire.Wire):
    git_version: str | None = None


def collect(
    options: LiveOptions,
    inventory: Inventory,
    progress: Progress,
    *,
    sleep: Callable[[float], object] | None = None,
) -> LiveCluster:
    """Reads the cluster; raises SourceError where nothing can be read. `sleep` replaces the waits between tries."""
    for namespace in options.namespaces:
        if not is_label(namespace):
            raise UsageError(f"{namespace!r} cannot be the name of a namespace")
    identity = identify(options.kubeconfig, options.context, os.environ, aside=progress.aside)
    connection = Connection(identity, timeout=options.timeout, connections=max(2 * _THREADS, _LOOK_UPS))
    if not connection.verified:
        progress.warn(f"the identity of {connection.host} is not verified (insecure-skip-tls-verify)")
    reader = Reader(connection, sleep)
    collected_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        version = _version(reader)
        scan = _Scan(options, reader, inventory, progress)
        scan.run()
    finally:
        reader.stop()
        connection.close()
        progress.finish()
    return LiveCluster(identity.name, scan.namespaces.uid, version, collected_at, scan.groups)


def _version(reader: Reader) -> str:
    """The first request: whether there is an API server at all. Forbidden, or not JSON, the lists shall tell."""
    try:
        found = reader.read("/version", _Version, patience=HURRIED)
    except Fault as fault:
        if fault.kind == "answer":
            return ""
        raise fault.as_error(reader.host) from None
    return (found.git_version or "") if found else ""


class _Namespaces:
    """What their list showed by the way. It knows nothing of the scan: who is in no ring is let go of at once."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.uid: str | None = None  # of kube-system
        self._lock = threading.Lock()

    def see(self, resource: wire.Resource, items: Sequence[wire.Object]) -> None:
        if resource.name != "namespaces":
            return
        with self._lock:
            for item in items:
                metadata = item.metadata or wire.Metadata()
                self.names.add(metadata.name or "")
                if metadata.name == "kube-system":
                    self.uid = metadata.uid


class _Scan:
    """One scan's state."""

    def __init__(self, options: LiveOptions, reader: Reader, inventory: Inventory, progress: Progress) -> None:
        self.namespaces = _Namespaces()
        self._options = options
        self._reader = reader
        self._inventory = inventory
        self._progress = progress
        discovery = Discovery(reader)
        self.groups = discovery.groups
        self._names = options.resources or _UNASKED
        self._lists = Lists(
            reader, discovery, inventory, progress, options.page_size, self.namespaces.see, settled(options.encoding)
        )
        self._owners = Owners(reader, discovery, inventory, progress, options.page_size, not options.namespaces)
        self._admission = Admission(self._lists, self._names, options.namespaces)

    def run(self) -> None:
        outcomes = self._read_lists()
        _something_was_read(outcomes, self._reader.host)
        self._owners.follow(_THREADS)
        self._admission.follow(outcomes, _THREADS)
        if wire.PARAMETERS.name in self._names:
            parameters.look_up(self._lists, outcomes, _THREADS)
        configmaps.look_up(self._lists, self._names, outcomes, self._options.namespaces, _THREADS)
        readable = _readable([outcome for outcome in outcomes if outcome.resource.name == "secrets"])
        secretnames.look_up(self._reader, self._inventory, readable, _LOOK_UPS)
        if self.namespaces.uid is None:
            self._read_uid()

    def _read_lists(self) -> list[Outcome]:
        ranks = {name: rank for rank, name in enumerate(_ORDER)}
        wanted = [resource for resource in wire.RESOURCES if resource.name in self._names]
        constraints = self._admission.constraints()
        resources = sorted(wanted, key=lambda resource: ranks.get(resource.name, len(ranks)))
        if not self._options.namespaces:
            return self._at_once([*(partial(self._lists.read, resource) for resource in resources), *constraints])
        missing, first = self._check_namespaces()
        tasks = [*constraints]
        for resource in resources:
            if resource.namespaced and resource.type is not wire.PolicyObject:
                for namespace in dict.fromkeys(self._options.namespaces):
                    note = "there is no such namespace" if namespace in missing else ""
                    tasks.append(partial(self._lists.read, resource, namespace, note))
            elif resource.name != "namespaces":
                tasks.append(partial(self._lists.read, resource))
        return [first, *self._at_once(tasks)]

    def _check_namespaces(self) -> tuple[set[str], Outcome]:
        """Which of the namespaces that were asked for do not exist. One that does not looks like one that is empty."""
        outcome = self._lists.read(wire.BY_NAME["namespaces"])
        missing = set(self._options.namespaces) - self.namespaces.names if outcome.state == "read" else set()
        if outcome.state == "forbidden":
            missing = {name for name in dict.fromkeys(self._options.namespaces) if not self._read_namespace(name)}
        for namespace in sorted(missing):
            self._progress.warn(f"there is no namespace {namespace}")
        return missing, outcome

    def _read_namespace(self, name: str) -> bool:
        """One namespace by its name, for whom the list is forbidden. False: it does not exist."""
        resource = wire.BY_NAME["namespaces"]
        try:
            answer = self._reader.get(f"{resource.path()}/{name}", patience=HURRIED)
            if answer.status == 200:
                listing = self._inventory.begin(resource)
                listing.add([wire.decode_object(wire.Namespace, answer.body)])
                self._inventory.end(listing, namespace=name)
        except (Fault, msgspec.MsgspecError, UnicodeDecodeError):
            return True
        return answer.status != 404

    def _at_once(self, tasks: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
        return workers.run(tasks, _THREADS, self._reader.stop)

    def _read_uid(self) -> None:
        """kube-system's uid stands for the cluster's: it lives as long as the cluster."""
        try:
            found = self._reader.read("/api/v1/namespaces/kube-system", wire.Namespace, patience=HURRIED)
        except Fault:
            return
        self.namespaces.uid = found.metadata.uid if found and found.metadata else None


def _something_was_read(outcomes: Sequence[Outcome], host: str) -> None:
    """A cluster that forbids everything has answered; one whose every list failed or is absent was not read."""
    if any(outcome.state in ("read", "forbidden") or outcome.count for outcome in outcomes):
        return
    faults = [outcome.fault for outcome in outcomes if outcome.fault]
    if faults:
        raise faults[0].as_error(host)
    raise SourceError(
        f"the server at {host} serves no Kubernetes API",
        "Check the kubeconfig's server address, and whether its path is right.",
    )


def _readable(secrets: Sequence[Outcome]) -> Callable[[str], bool]:
    """Where the lists of registry secrets were read to their end."""
    scopes = {outcome.namespace for outcome in secrets if outcome.state == "read"}
    return lambda namespace: "" in scopes or namespace in scopes
