"""Allowlists at admission that are not the audit's."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import CLUSTER, Allowlists, Fail, ImagePolicy, Manual, Policy, Severity, Skip, check, cis
from checks.admission._allowlists import drifts


@check(
    "What admission allows and what the audit policy allows differ",
    severity=Severity.MEDIUM,
    references=(
        cis("5.5.1"),
        "https://csrc.nist.gov/pubs/sp/800/190/final",
    ),
    remediation="""
        Decide which of the two lists is right, and write it into both. The audit's is in the policy file:

            registries:
              allowed: [registry.k8s.io, registry.corp.example/platform]
              namespaces: {"payments-*": [registry.corp.example/payments]}

        Better, make one of them from the other, so that they cannot part again.
        """,
)
def enforcement_drift(policy: ImagePolicy, lists: Allowlists, audit: Policy) -> Iterator[Fail | Manual | Skip]:
    """Two lists of allowed registries exist: one is enforced, one is audited. Where admission allows more, images get
    in that every audit will report; where it allows less, workloads that the audit approves of do not start when they
    are created anew, often during an incident. Only what can be read of a policy is compared, in the namespaces where
    it takes effect.
    """
    if policy.allowed is None:
        yield Skip()
        return
    if audit.registries.allowed is None and not audit.registries.namespaces:
        yield Manual(
            "The policy has no allowlist to compare with what admission allows (registries.allowed).",
            evidence={"allowedAtAdmission": sorted(policy.allowed)},
            about=CLUSTER,
        )
        return
    for part, entries in drifts(policy, lists, audit):
        verb = (
            "lets in what the audit policy does not allow" if part == "more" else "refuses what the audit policy allows"
        )
        told = [f"{entry} in {_places(where)}" for entry, where in entries.items()]
        yield Fail(
            f"{policy.about.subject.kind} {policy.about.subject.name} {verb}: {', '.join(told[:5])}"
            f"{f' and {len(told) - 5} others' if len(told) > 5 else ''}.",
            part=part,
            evidence={"entries": entries},
        )


def _places(namespaces: list[str]) -> str:
    more = len(namespaces) - 1
    return f"namespace {namespaces[0]}" + (f" and {more} more" if more else "")
