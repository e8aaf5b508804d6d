"""Image policies that the author of a pod can opt out of."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Enforcement, Fail, Flaw, ImagePolicy, Manual, Severity, Skip, check, docs
from checks.admission._facts import told


@check(
    "Authors of pods can exempt themselves from an image policy",
    severity=Severity.MEDIUM,
    references=(
        docs("reference/access-authn-authz/extensible-admission-controllers/#matching-requests-objectselector"),
        docs("reference/access-authn-authz/validating-admission-policy/"),
    ),
    remediation="""
        Exempt by what authors of pods cannot set: the namespace, by a label that only administrators may change, or the
        user in a match condition. Take out the objectSelector:

            namespaceSelector:
              matchExpressions:
                - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}
        """,
)
def self_service_exemption(policy: ImagePolicy, enforcement: Enforcement) -> Iterator[Fail | Manual | Skip]:
    """Labels and annotations of a pod are chosen by whoever creates it. A policy that is skipped where a certain label
    is set, or is applied only where one is set, binds those who want to be bound.
    """
    yield from told(policy, Flaw.SELF_SERVICE, enforcement)
