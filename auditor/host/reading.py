"""The admission files of every API server of a snapshot, read below a root and reduced to facts."""

from __future__ import annotations

from pathlib import Path

import msgspec

from auditor.host import admission, settings
from auditor.host.admission import AdmissionFile, PluginEntry
from auditor.host.backend import read_backend
from auditor.host.decoding import Refused
from auditor.host.files import HostFiles
from auditor.host.opening import Opening
from auditor.hostfacts import Backend, HostFacts, PluginSettings, ServerFiles
from auditor.model import ControlPlanePod, Snapshot
from auditor.mounts import absolute, folder, mount_of
from auditor.plugins import ALL, admission_plugins, last_value

PLUGIN = "ImagePolicyWebhook"
CONFIG_FLAG = "admission-control-config-file"
# Where a client without a kubeconfig looks for one; the image runs as root.
_DEFAULT_KUBECONFIG = "/root/.kube/config"


def read_host(root: Path, snapshot: Snapshot, *, complete: bool = False) -> Snapshot:
    """The snapshot with what the files below `root` say of each API server in it.

    `root` holds a control-plane node's files under the node's paths; nothing in it is followed out of it. With
    `complete`, what is not there does not exist; otherwise only what is missing in a folder that is there, and that is
    more than the way to what was mounted below it.
    """
    files = HostFiles(root, complete=complete)
    servers = (pod for pod in snapshot.control_plane if pod.component == "kube-apiserver")
    return msgspec.structs.replace(snapshot, host=HostFacts(tuple(_server(files, pod) for pod in servers)))


def _server(files: HostFiles, pod: ControlPlanePod) -> ServerFiles:
    flag = last_value(pod.flags, CONFIG_FLAG)
    if not flag:
        return ServerFiles(pod.name)
    opening = Opening(files, pod)
    path = absolute(flag, pod.working_dir)
    document = _document(opening, path)
    found: PluginSettings | None = None
    backend = None
    entry = document.entry(PLUGIN) if document else None
    if document:
        _other_plugins(opening, document, folder(path))
        if entry is None:
            opening.fault(path, _not_configured(document))
        else:
            found = _settings(opening, document, entry, path)
        if found and found.kubeconfig is not None:
            backend = _kubeconfig(opening, found.kubeconfig, path)
    return ServerFiles(
        pod.name,
        config=opening.files[0],
        files=opening.files,
        faults=tuple(dict.fromkeys(opening.faults)),
        configured=entry is not None,
        settings=found,
        backend=backend,
        static_manifests=_static(document),
    )


def _document(opening: Opening, path: str) -> AdmissionFile | None:
    data = opening.text(path, always=True)
    if data is None:
        return None
    try:
        return admission.parse(data)
    except Refused as refused:
        opening.fault(path, refused.reason, always=True, certain=refused.certain)
        return None


def _not_configured(document: AdmissionFile) -> str:
    meant = next((entry.name for entry in document.plugins if entry.name.lower() == PLUGIN.lower()), None)
    return f"it configures no plugin {PLUGIN}" + (f', only one that is spelt "{meant}"' if meant else "")


def _static(document: AdmissionFile | None) -> tuple[str, ...]:
    entries = document.plugins if document else ()
    return tuple(entry.name for entry in entries if settings.static_manifests(entry.configuration))


def _other_plugins(opening: Opening, document: AdmissionFile, base: str) -> None:
    """The file of any other plugin that is on is opened too, and the server ends where it is not there."""
    plugins = admission_plugins(opening.pod.flags)
    for name in dict.fromkeys(entry.name for entry in document.plugins):
        entry = document.entry(name)
        opened = entry and entry.path and entry.configuration is None and name in ALL and plugins.enabled(name)
        if entry and opened and name != PLUGIN:
            opening.opens(absolute(entry.path, base), always=True)


def _settings(opening: Opening, document: AdmissionFile, entry: PluginEntry, path: str) -> PluginSettings | None:
    try:
        if entry.configuration is not None:
            decoded = settings.of_value(entry.configuration)
        elif document.legacy or entry.path:
            path = path if document.legacy else absolute(entry.path, folder(path))
            data = opening.text(path)
            if data is None:
                return None
            decoded = settings.of_file(data)
        else:
            opening.fault(path, f"it gives {PLUGIN} neither a configuration nor a path")
            return None
    except Refused as refused:
        opening.fault(path, refused.reason, certain=refused.certain)
        return None
    for reason in decoded.faults:
        opening.fault(path, reason)
    return decoded.settings


def _kubeconfig(opening: Opening, named: str, config: str) -> Backend | None:
    if not named:
        certain = mount_of(opening.pod, _DEFAULT_KUBECONFIG) is None
        opening.fault(config, f"it names no kubeConfigFile for {PLUGIN}", certain=certain)
        return None
    path = absolute(named, opening.pod.working_dir)
    data = opening.text(path)
    return None if data is None else read_backend(opening, path, data)
