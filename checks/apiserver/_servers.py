"""Which API servers a finding is about, and how it names them."""

from __future__ import annotations

from collections.abc import Iterable

from auditor import ControlPlanePod, admission_plugins


def without(pods: Iterable[ControlPlanePod], plugin: str) -> list[str]:
    """The names of the API servers that do not run an admission plugin."""
    return sorted(pod.name for pod in pods if not admission_plugins(pod.flags).enabled(plugin))


def listed(names: Iterable[str]) -> str:
    """`a`, `a and b`, or `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
