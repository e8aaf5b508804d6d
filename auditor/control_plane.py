"""Control-plane pods: which they are, and the few flags and mounts that checks read of the API server."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from itertools import takewhile

from auditor import wire
from auditor.model import ControlPlanePod, Flag, Mount

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
FLAGS = frozenset(
    {"admission-control", "admission-control-config-file", "disable-admission-plugins", "enable-admission-plugins"}
)
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_PREFIXES = frozenset({"exec", "env", "nohup", "time", "nice"})
_OPERATOR = re.compile(r"[;|&<>()]+")
_SHORT = re.compile(r"-(v(=?[0-9]+)?|h)$", re.ASCII)  # the short flags that the server has


def control_plane_pod(pod: wire.Pod, origin: str = "") -> ControlPlanePod | None:
    """The control-plane component that a kube-system pod is, by its `component` label or its command; else None."""
    metadata, spec = pod.metadata, pod.spec
    if metadata is None or spec is None or metadata.namespace != "kube-system":
        return None
    label = (metadata.labels or {}).get("component")
    found = _program(spec.containers or (), label if label in COMPONENTS else None)
    if found is None:
        return None
    container, component, arguments = found
    server = component == "kube-apiserver"
    return ControlPlanePod(
        name=metadata.name or metadata.generate_name or "",
        component=component,
        node=spec.node_name or "",
        image=container.image or "",
        ready=_ready(pod, container.name),
        flags=read_flags(arguments) if server else (),
        mounts=_mounts(spec, container) if server else (),
        host_network=bool(spec.host_network),
        dns_policy=spec.dns_policy or "",
        working_dir=container.working_dir or "",
        host_aliases=_host_aliases(spec),
        origin=origin,
    )


def _program(containers: Iterable[wire.Container], label: str | None) -> tuple[wire.Container, str, list[str]] | None:
    """The container that runs a component, and its arguments: by what it runs, else by the pod's label."""
    containers = tuple(containers)
    for container in containers:
        component = _component(_arguments(container))
        if component and component[0] == (label or component[0]):
            return container, *component
    if label and containers:
        named = next((container for container in containers if container.name == label), containers[0])
        return named, label, _arguments(named)
    return None


def _arguments(container: wire.Container) -> list[str]:
    """command and args as one; the script of `sh -c …` is split into words."""
    words = [*wire.words(container.command), *wire.words(container.args)]
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


def _component(words: list[str]) -> tuple[str, list[str]] | None:
    """The component that a command line runs, and the arguments after it. A name among arguments runs nothing."""
    shell = bool(words) and _base(words[0]) in _SHELLS
    runs = True
    for index, word in enumerate(words):
        if _OPERATOR.fullmatch(word):
            runs = shell
        elif runs and _base(word) in COMPONENTS:
            rest = words[index + 1 :]
            return _base(word), list(takewhile(lambda argument: not (shell and _OPERATOR.fullmatch(argument)), rest))
        elif runs and _base(word) == "hyperkube":
            component = f"kube-{words[index + 1].removeprefix('kube-')}" if index + 1 < len(words) else ""
            return (component, words[index + 2 :]) if component in COMPONENTS else None
        else:
            before = shell and (word.startswith("-") or "=" in word or _base(word) in _SHELLS | _PREFIXES)
            runs = runs and before
    return None


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def _ready(pod: wire.Pod, name: str | None) -> bool | None:
    statuses = (pod.status.container_statuses if pod.status else None) or ()
    return next((bool(status.ready) for status in statuses if (status.name or "") == (name or "")), None)


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


def _host_aliases(spec: wire.PodSpec) -> tuple[str, ...]:
    """The names that the pod's own hosts file has beside the node's."""
    return tuple(name.lower() for alias in spec.host_aliases or () for name in alias.hostnames or () if name)


def _mounts(spec: wire.PodSpec, container: wire.Container) -> tuple[Mount, ...]:
    hosts = {volume.name or "": volume.host_path.path for volume in spec.volumes or () if volume.host_path}
    return tuple(
        Mount(mount.mount_path or "", hosts.get(mount.name or ""), mount.sub_path or mount.sub_path_expr or "")
        for mount in container.volume_mounts or ()
    )
