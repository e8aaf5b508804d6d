"""Check: suspicious-registry-host."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Policy, Severity, Skip, check
from checks.workloads._hosts import suspicions


@check(
    "Image comes from a suspicious registry host",
    severity=Severity.MEDIUM,
    references=(
        "https://microsoft.github.io/Threat-Matrix-for-Kubernetes/techniques/Compromised%20Image%20In%20Registry/",
        "https://attack.mitre.org/techniques/T1036/005/",
        "https://github.com/distribution/reference/blob/main/normalize.go",
    ),
    remediation="""
    Check who runs the host, and since when it stands in the manifest. If it is a mistake, correct the name, and change
    every credential that pull secrets may have offered to it. If it is a registry of yours, give it a name with a
    certificate, and list it:

        registries:
          allowed: [registry.corp.example]
    """,
)
def suspicious_registry_host(image: ImageUse, policy: Policy) -> Iterator[Fail | Skip]:
    """One wrong letter in a host pulls code from whoever registered the misspelt name, and offers that host the pull
    credentials; ghrc.io, for ghcr.io, is such a name in the wild.

    Addresses and localhost have no owner that a certificate names, upper-case hosts are not the hosts that policies
    list, and a known name in front of another domain deceives rules that compare prefixes.
    """
    if image.reference is None:
        yield Skip()
        return
    if not image.reference.registry:
        return
    rules = policy.registries
    approved = {entry.registry for entries in (rules.allowed or (), *rules.namespaces.values()) for entry in entries}
    found = list(suspicions(image.reference.registry, approved, {entry.registry for entry in rules.private}))
    if found:
        yield Fail(
            f"The registry {image.reference.registry} {'; it '.join(text for _, text in found)}.",
            evidence={"registry": image.reference.registry, "reasons": [kind for kind, _ in found]},
        )
