"""Control-plane pods: which they are, and the few flags and mounts that checks read of the API server."""

from __future__ import annotations

import re
import shlex
from itertools import takewhile

import msgspec

from auditor import wire
from auditor.model import ControlPlanePod, Flag, Mount

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
FLAGS = frozenset(
    {"admission-control", "admission-control-config-file", "disable-admission-plugins", "enable-admission-plugins"}
)
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_OPERATOR = re.compile(r"[;|&<>()]+")
_SHORT = re.compile(r"-(v(=?[0-9]+)?|h)$", re.ASCII)  # the short flags that the server has


def control_plane_pod(pod: wire.Pod, origin: str = "") -> ControlPlanePod | None:
    """The control-plane component that a kube-system pod is, by its `component` label or its command; else None."""
    metadata, spec = pod.metadata, pod.spec
    if metadata is None or spec is None or metadata.namespace != "kube-system":
        return None
    label = (metadata.labels or {}).get("component")
    for container in spec.containers or ():
        arguments = _arguments(container)
        found = _component(arguments, container.name, label)
        if found:
            component, rest = found
            return ControlPlanePod(
                name=metadata.name or metadata.generate_name or "",
                component=component,
                node=spec.node_name or "",
                image=container.image or "",
                ready=_ready(pod, container.name),
                flags=read_flags(rest) if component == "kube-apiserver" else (),
                mounts=_mounts(spec, container) if component == "kube-apiserver" else (),
                host_network=bool(spec.host_network),
                dns_policy=spec.dns_policy or "",
                working_dir=container.working_dir or "",
                origin=origin,
            )
    return None


def _arguments(container: wire.Container) -> list[str]:
    """command and args as one; the script of `sh -c …` is split into words."""
    words: list[str] = []
    for raw in (container.command, container.args):
        if wire.present(raw):
            words += msgspec.json.decode(raw, type=list[str])
    if words and words[0].rpartition("/")[2] in _SHELLS:
        return [part for word in words for part in _split(word)]
    return words


def _split(script: str) -> list[str]:
    """The words of a shell script, its operators as words of their own."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return script.split()


def _component(arguments: list[str], name: str | None, label: str | None) -> tuple[str, list[str]] | None:
    for index, word in enumerate(arguments):
        base = word.rpartition("/")[2]
        if base in COMPONENTS and not word.startswith("-"):
            rest = arguments[index + 1 :]
            return base, list(takewhile(lambda argument: not _OPERATOR.fullmatch(argument), rest))
    if label in COMPONENTS and (name == label or not arguments):
        return label, arguments
    return None


def _ready(pod: wire.Pod, name: str | None) -> bool | None:
    statuses = (pod.status.container_statuses if pod.status else None) or ()
    return next((bool(status.ready) for status in statuses if status.name == name), None)


def read_flags(arguments: list[str]) -> tuple[Flag, ...]:
    """The kept flags of a command line, in order, as pflag reads them: `--flag=value`, `--flag value`, `_` for `-`.

    Of a long flag with a single dash, which stops the server, only the name is kept.
    """
    flags: list[Flag] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            continue
        name, equals, value = word.lstrip("-").partition("=")
        name = name.replace("_", "-")
        if not word.startswith("--"):
            if not _SHORT.match(word):
                flags.append(Flag(name, "", 1))
        elif name in FLAGS:
            flags.append(Flag(name, value if equals else next(words, "")))
    return tuple(flags)


def _mounts(spec: wire.PodSpec, container: wire.Container) -> tuple[Mount, ...]:
    hosts = {volume.name: volume.host_path.path for volume in spec.volumes or () if volume.host_path}
    return tuple(
        Mount(mount.mount_path or "", hosts.get(mount.name), mount.sub_path or mount.sub_path_expr or "")
        for mount in container.volume_mounts or ()
    )
