"""Image policies that only watch."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Enforcement, Fail, Flaw, ImagePolicy, Manual, Severity, Skip, check, docs
from checks.admission._facts import told


@check(
    "Image policy does not block",
    severity=Severity.MEDIUM,
    references=(
        docs("reference/access-authn-authz/validating-admission-policy/#validation-actions"),
        "https://open-policy-agent.github.io/gatekeeper/website/docs/violations/",
        "https://kyverno.io/docs/policy-types/cluster-policy/validate/",
    ),
    remediation="""
        Read what the policy has reported so far, mend or exempt those workloads, then let it deny:

            # binding of a ValidatingAdmissionPolicy
            validationActions: [Deny, Audit]
            # constraint of Gatekeeper
            enforcementAction: deny
            # rule of a Kyverno ClusterPolicy
            validate: {failureAction: Enforce}
            # ClusterImagePolicy
            mode: enforce
            # Kubewarden policy
            mode: protect

        Delete a policy that nobody means to enforce.
        """,
)
def non_blocking_policy(policy: ImagePolicy, enforcement: Enforcement) -> Iterator[Fail | Manual | Skip]:
    """A policy in audit, warn, dryrun or monitor mode tells about forbidden images and lets them in; so does an
    admission policy without a binding that denies. That is the way to begin, and it is often forgotten: the policy is
    in the list, reviews count it, and nothing is stopped.
    """
    yield from told(policy, Flaw.NON_BLOCKING, enforcement)
