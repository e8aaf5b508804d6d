"""Image policies that do not work."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Enforcement, Fail, Flaw, ImagePolicy, Manual, Severity, Skip, check, docs
from checks.admission._facts import told


@check(
    "Image policy is broken",
    severity=Severity.HIGH,
    references=(
        docs("reference/access-authn-authz/validating-admission-policy/#type-checking"),
        "https://open-policy-agent.github.io/gatekeeper/website/docs/debug/",
        "https://www.openpolicyagent.org/docs/policy-reference",
    ),
    remediation="""
        Look at the status of the object for the error, mend it, and try the policy with a pod that it must refuse:

            kubectl get constrainttemplate,validatingadmissionpolicy NAME -o jsonpath='{.status}'
            kubectl run probe --image=registry.invalid/forbidden:1 --dry-run=server

        A ConstraintTemplate denies nothing by itself: it needs a constraint of the kind that it defines.
        """,
)
def broken_admission_policy(policy: ImagePolicy, enforcement: Enforcement) -> Iterator[Fail | Manual | Skip]:
    """A policy whose code does not compile, whose template nobody instantiates, or which its engine has not taken up
    decides nothing. The API accepts it all the same, and it looks like the others in a list; the error stands in its
    status at best. A policy that fails closed on an error in its own expression is no better: it denies every pod,
    until somebody takes it away.
    """
    yield from told(policy, Flaw.BROKEN, enforcement)
