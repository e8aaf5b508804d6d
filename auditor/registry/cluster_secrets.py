"""Credentials of the very workloads: their pull secrets, read again when an image needs them, and never kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from urllib.parse import quote

from auditor import wire
from auditor.coverage import Unread
from auditor.credentials import DOCKERCFG
from auditor.dockerconfig import Config, read_config
from auditor.image import Reference
from auditor.list_views import Credentials
from auditor.model import Snapshot
from auditor.policy import Policy
from auditor.redact import decoded_data
from auditor.registry.login import Credential, serving_its_host
from auditor.registrykey import is_glob
from auditor.sources.configuration import identify
from auditor.sources.faults import Fault
from auditor.sources.reader import HURRIED, Reader
from auditor.sources.transport import Connection
from auditor.subjects import ImageUse
from auditor.views import Views

ReadSecret = Callable[[str, str], wire.Secret | None]
_TRIED = 8
_TIMEOUT = 30.0
_DATA_KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", DOCKERCFG: ".dockercfg"}


class ClusterSecrets:
    """What the kubelet would offer for an image, in its order, of each of the workloads that use it. Only over TLS, and
    only to the registry that the entry names. Threads may share it.

    An entry with a glob serves hosts that its owner may not know: it counts for pods, which admission has let in and
    a kubelet pulls for, and not for a template that may never get a pod.
    """

    def __init__(self, snapshot: Snapshot, read: ReadSecret) -> None:
        self._view: Credentials = Views(snapshot, Policy()).of(Credentials)
        self._read = read
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], Config] = {}

    def for_image(self, reference: Reference, uses: Sequence[ImageUse]) -> Sequence[Credential]:
        found: dict[object, Credential] = {}  # many namespaces hold copies of one login
        for namespace, names, pulled in dict.fromkeys(self._named(uses)):
            for credential in self._serving(namespace, names, reference, pulled=pulled):
                found.setdefault(credential.proof, credential)
                if len(found) == _TRIED:
                    return list(found.values())
        return list(found.values())

    def _named(self, uses: Sequence[ImageUse]) -> list[tuple[str, tuple[str, ...], bool]]:
        """Namespaces, the names of pull secrets that count in them, and whether that is for pods."""
        named = []
        for use in uses:
            for shape, _ in use.places:
                try:
                    named.append((use.namespace, self._view.effective(use.owner, shape), shape.source == "pods"))
                except Unread:
                    continue  # its service account was not read
        return named

    def _serving(self, namespace: str, names: Sequence[str], reference: Reference, *, pulled: bool) -> list[Credential]:
        try:
            wanted = {served.secret.name for served in self._view.serving(namespace, names, reference)}
        except Unread:
            return []
        entries = [
            (f"{namespace}/{name}", key, login)
            for name in dict.fromkeys(names)
            if name in wanted
            for key, login in self._config(namespace, name).logins.items()
        ]
        order = serving_its_host([key for _, key, _ in entries], reference)
        chosen = [entries[index] for index in order]
        return [
            Credential(f"secret {origin}", login.user, login.password, tls_only=True)
            for origin, key, login in chosen
            if login.user and login.password and not login.problem and (pulled or not is_glob(key))
        ]

    def _config(self, namespace: str, name: str) -> Config:
        with self._lock:  # a few secrets serve many images; each is asked for once
            if (namespace, name) not in self._held:
                self._held[namespace, name] = _config_of(self._read(namespace, name))
            return self._held[namespace, name]


def _config_of(secret: wire.Secret | None) -> Config:
    content = decoded_data(secret).get(_DATA_KEYS.get((secret.type or ""), "")) if secret else None
    if not secret or not content:
        return Config()
    found = read_config(content, flat=secret.type == DOCKERCFG)
    return Config() if found.rejected else found


def secret_reader(kubeconfig: str | None, context: str | None) -> ReadSecret:
    """Reads single secrets of the cluster that was scanned. What may not be read, or is gone, is None."""
    reader: list[Reader] = []

    def read(namespace: str, name: str) -> wire.Secret | None:
        if not reader:
            identity = identify(kubeconfig, context, os.environ)
            reader.append(Reader(Connection(identity, timeout=_TIMEOUT, connections=1)))
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/secrets/{quote(name, safe='')}"
        try:
            return reader[0].read(path, wire.Secret, patience=HURRIED)
        except Fault:
            return None

    return read
