"""Which cluster, and as whom: kubeconfig files found, merged and read as kubectl does (client-go tools/clientcmd)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from auditor.errors import SourceError

Entry = dict[str, Any]

_SECTIONS = {"clusters": "cluster", "contexts": "context", "users": "user"}
# client-go tools/clientcmd/loader.go: GetClusterFileReferences, GetAuthInfoFileReferences
_FILES = {"clusters": ("certificate-authority",), "users": ("client-certificate", "client-key", "tokenFile")}


class Kubeconfig(Struct, frozen=True):
    """Several files as one. Entries by name, paths absolute, empty values left out. Holds secrets: it has no repr."""

    files: tuple[str, ...]
    current: str
    clusters: dict[str, Entry]
    contexts: dict[str, Entry]
    users: dict[str, Entry]

    def __repr__(self) -> str:
        return f"Kubeconfig({', '.join(self.files)})"


class Target(Struct, frozen=True):
    """One context's cluster and user. Holds secrets: it has no repr."""

    context: str
    name: str
    cluster: Entry
    user: Entry

    def __repr__(self) -> str:
        return f"Target({self.context!r})"


def find(kubeconfig: str | None, environ: Mapping[str, str]) -> list[Path]:
    """The files to read, in order. Of KUBECONFIG those that exist; one that was asked for must exist."""
    home = environ.get("HOME") or str(Path.home())
    if kubeconfig:
        path = Path(_expand(kubeconfig, home))
        if not _exists(path):
            raise SourceError(f"{path}: there is no such file", "Give --kubeconfig the path of a kubeconfig file.")
        return [path]
    listed = environ.get("KUBECONFIG", "")
    names = [name for name in listed.split(os.pathsep) if name] if listed else [os.path.join(home, ".kube", "config")]  # noqa: PTH118
    paths = [Path(_expand(name, home)) for name in dict.fromkeys(names)]
    return [path for path in paths if _exists(path)]


def load(paths: Sequence[Path]) -> Kubeconfig:
    """Files merged: of entries with one name the first is taken whole, and the first current-context holds.

    (k8s.io/client-go/tools/clientcmd/loader.go, Load; the kubernetes client's own merger lets the last file's
    current-context win, and takes a user's relative paths from the file of the cluster.)
    """
    merged: dict[str, dict[str, Entry]] = {section: {} for section in _SECTIONS}
    current = ""
    for path in paths:
        document = _read(path)
        current = current or str(document.get("current-context") or "")
        for section, inner in _SECTIONS.items():
            for name, entry in _entries(path, document, section, inner):
                merged[section].setdefault(name, entry)
    return Kubeconfig(tuple(map(str, paths)), current, **merged)


def choose(config: Kubeconfig, context: str | None = None) -> Target:
    """The named context, else the current one."""
    where = ", ".join(config.files) or "no kubeconfig file"
    known = ", ".join(sorted(config.contexts)) or "none"
    name = context or config.current
    if not name:
        raise SourceError(f"{where}: no current-context is set", f"Choose one with --context; there are: {known}")
    chosen = config.contexts.get(name)
    if chosen is None:
        raise SourceError(f"{where}: there is no context {name!r}", f"Choose one with --context; there are: {known}")
    cluster, user = str(chosen.get("cluster", "")), str(chosen.get("user", ""))
    if cluster not in config.clusters:
        raise SourceError(f"{where}: context {name!r} names cluster {cluster!r}, which is not there", _MEND)
    if user and user not in config.users:
        raise SourceError(f"{where}: context {name!r} names user {user!r}, who is not there", _MEND)
    return Target(name, cluster, config.clusters[cluster], config.users.get(user, {}))


_MEND = "Mend the kubeconfig, or choose another context with --context."


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True  # behind a folder that may not be entered: reading it says so


def _expand(name: str, home: str) -> str:
    return home + name[1:] if name == "~" or name.startswith("~/") else name


def _read(path: Path) -> Entry:
    try:
        document = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}", "Check the path and its permissions.") from None
    except yaml.YAMLError as error:
        # The parser's own words may quote the line, and with it a token.
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise SourceError(f"{place}: this is not YAML", "Mend the kubeconfig: its syntax is broken there.") from None
    if document is None:
        return {}
    if not isinstance(document, dict) or document.get("kind", "Config") != "Config":
        raise SourceError(f"{path}: this is not a kubeconfig", "Expected is a YAML file of kind Config.")
    return document


def _entries(path: Path, document: Entry, section: str, inner: str) -> list[tuple[str, Entry]]:
    listed = document.get(section) or []
    if not isinstance(listed, list):
        raise SourceError(f"{path}: {section} is not a list", _MEND)
    found = []
    for index, item in enumerate(listed):
        entry = item.get(inner) if isinstance(item, dict) else None
        if not isinstance(item, dict) or "name" not in item or not isinstance(entry, dict | None):
            raise SourceError(f"{path}: {section}[{index}] is not a name with a {inner}", _MEND)
        # An empty value counts as one that is not set, as in Go.
        kept = {str(key): value for key, value in (entry or {}).items() if value not in (None, "")}
        found.append((str(item["name"]), _absolute(kept, section, path.absolute().parent)))
    return found


def _absolute(entry: Entry, section: str, folder: Path) -> Entry:
    """Relative paths start at the folder of the file that names them; a bare command is looked up in PATH."""
    for key in _FILES.get(section, ()):
        if key in entry:
            entry[key] = os.path.normpath(folder / str(entry[key]))
    command = entry.get("exec")
    if isinstance(command, dict) and "/" in str(command.get("command", "")):
        entry["exec"] = command | {"command": os.path.normpath(folder / str(command["command"]))}
    return entry
