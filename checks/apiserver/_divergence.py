"""In what the API servers of one control plane differ, as far as checks read it."""

from __future__ import annotations

from collections.abc import Sequence

from auditor import (
    ADMISSION_PLUGINS,
    AdmissionPlugins,
    ControlPlanePod,
    Mount,
    absolute,
    admission_plugins,
    last_value,
)

Values = dict[str, str]
"""What each server has, by its name."""

# kubeadm mounts those of them that a node happens to have: they differ where the nodes' distributions do.
_SYSTEM_CERTIFICATES = frozenset(
    (
        "/etc/ca-certificates /etc/pki /etc/pki/ca-trust /etc/pki/tls/certs /etc/ssl/certs "
        "/usr/local/share/ca-certificates /usr/share/ca-certificates"
    ).split()
)


def differences(pods: Sequence[ControlPlanePod]) -> dict[str, Values]:
    """By plugin, flag or mount, what each server has, where they do not all have the same.

    Plugins are compared by their effect, so that order, repetition and naming a default make no difference; mounts only
    where a configuration file is named, which is read through them.
    """
    lists = {pod.name: admission_plugins(pod.flags) for pod in pods}
    compared: dict[str, Values] = {
        plugin: {name: _effect(own, plugin) for name, own in lists.items()}
        for plugin in sorted({plugin for own in lists.values() for plugin in own.named})
    }
    compared["--admission-control"] = {name: _given(own.exclusive is not None) for name, own in lists.items()}
    files = {pod.name: _file(pod) for pod in pods}
    compared["--admission-control-config-file"] = files
    if set(files.values()) != {_given(False)}:
        paths = sorted({absolute(mount.path) for pod in pods for mount in pod.mounts} - _SYSTEM_CERTIFICATES)
        compared |= {f"mount {path}": {pod.name: _mounted(pod, path) for pod in pods} for path in paths}
    return {what: values for what, values in compared.items() if len(set(values.values())) > 1}


def _effect(plugins: AdmissionPlugins, name: str) -> str:
    """Of a name that we do not know, only whether it is switched on: what its default is, we do not know either."""
    known = name in ADMISSION_PLUGINS
    on = plugins.enabled(name) if known else name in (*plugins.enable, *(plugins.exclusive or ()))
    return "on" if on else "off"


def _given(given: bool) -> str:
    return "given" if given else "not given"


def _file(pod: ControlPlanePod) -> str:
    path = last_value(pod.flags, "admission-control-config-file")
    return absolute(path, pod.working_dir) if path else _given(False)


def _mounted(pod: ControlPlanePod, path: str) -> str:
    return next((_source(mount) for mount in pod.mounts if absolute(mount.path) == path), "not mounted")


def _source(mount: Mount) -> str:
    if mount.host_path is None:
        return f"volume, {mount.sub_path}" if mount.sub_path else "volume"
    return absolute(f"{mount.host_path}/{mount.sub_path}")
