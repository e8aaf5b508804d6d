"""Why an API server would not start with its admission flags, by the rules of the kube-apiserver's own validation."""

from __future__ import annotations

import difflib
import re

from auditor import ADMISSION_PLUGINS, ControlPlanePod, admission_plugins

# The releases whose plugins ADMISSION_PLUGINS are.
_KNOWN_MINORS = range(32, 37)
# Names of the project are letters and digits; vendors put their domain before them.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]*", re.ASCII)
_BY_CASE = {name.lower(): name for name in ADMISSION_PLUGINS}
_SHOWN = 80
_LISTS = ("enable-admission-plugins", "disable-admission-plugins")


def refusals(pod: ControlPlanePod, version: str) -> list[str]:
    """What stops the start, each in a few words. Sources: k8s pkg/kubeapiserver/options/admission.go; spf13/pflag."""
    plugins = admission_plugins(pod.flags)
    given = {flag.name for flag in pod.flags if flag.dashes == 2}
    both = sorted({*plugins.enable} & {*plugins.disable})
    excluded = [flag for flag in _LISTS if flag in given and plugins.exclusive is not None]
    return [
        *(f"-{flag} has one dash" for flag in _single_dash(pod)),
        *(wrong for name in plugins.named if (wrong := _wrong(name) or _unknown(name, pod, version))),
        *(f"{name} is both enabled and disabled" for name in both),
        *(f"--admission-control excludes --{flag}" for flag in excluded),
    ]


def doubtful(pod: ControlPlanePod, version: str) -> list[str]:
    """Names of plugins that this server may know, though they are none of those that we know."""
    names = (name for name in admission_plugins(pod.flags).named if name not in ADMISSION_PLUGINS)
    return [name for name in names if not _wrong(name) and not _unknown(name, pod, version)]


def _single_dash(pod: ControlPlanePod) -> list[str]:
    # A single letter or a number may be a value, or belong to a command that follows in a shell.
    names = (flag.name for flag in pod.flags if flag.dashes == 1)
    return [name[:_SHOWN] for name in names if len(name) > 1 and not name[0].isdigit()]


def _wrong(name: str) -> str:
    """Why no kube-apiserver of any version knows this name, if so."""
    if name in ADMISSION_PLUGINS:
        return ""
    if not _NAME.fullmatch(name):
        return f'"{name[:_SHOWN]}" is no plugin\'s name' + _meant(re.sub(r"[^A-Za-z0-9]", "", name))
    if name.lower() in _BY_CASE:
        return f'"{name}" is unknown, since letter case counts' + _meant(_BY_CASE[name.lower()])
    return ""


def _unknown(name: str, pod: ControlPlanePod, version: str) -> str:
    """That this server does not know the name, where that is certain: a server that is ready knows all its names, and
    one of a version that we do not know may have plugins of its own."""
    if name in ADMISSION_PLUGINS or pod.ready:
        return ""
    near = next(iter(difflib.get_close_matches(name[:_SHOWN], ADMISSION_PLUGINS, n=1, cutoff=0.85)), "")
    minor = re.match(r"v?1\.([0-9]+)", version)
    if not near and minor and int(minor[1]) not in _KNOWN_MINORS:
        return ""
    return f'"{name[:_SHOWN]}" is unknown' + _meant(near)


def _meant(name: str) -> str:
    return f" ({name} is)" if name in ADMISSION_PLUGINS else ""
