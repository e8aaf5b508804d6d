"""Policy engines that enforce by webhook, known by the images that they run."""

from __future__ import annotations

from collections.abc import Iterable

from auditor import ImageUse

_ENGINES = {
    "kyverno/kyverno": "Kyverno",
    "openpolicyagent/gatekeeper": "Gatekeeper",
    "sigstore/policy-controller/policy-controller": "sigstore policy-controller",
    "sigstore/policy-controller": "sigstore policy-controller",
    "kubewarden/kubewarden-controller": "Kubewarden",
    "kubewarden/policy-server": "Kubewarden",
    "securesystemsengineering/connaisseur": "Connaisseur",
    "ratify-project/ratify": "Ratify",
    "portieris/portieris": "Portieris",
}


def seen(uses: Iterable[ImageUse]) -> list[str]:
    """The policy engines among the workloads, pulled from their own registry or through a mirror."""
    repositories = {f"/{use.reference.repository}" for use in uses if use.reference}
    return sorted({name for tail, name in _ENGINES.items() for path in repositories if path.endswith(f"/{tail}")})
