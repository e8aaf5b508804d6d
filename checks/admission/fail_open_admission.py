"""Image policies that let everything in while they cannot be asked."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Enforcement, Fail, Flaw, ImagePolicy, Manual, Severity, Skip, check, docs
from checks.admission._facts import told


@check(
    "Image policy fails open",
    severity=Severity.MEDIUM,
    references=(
        docs("reference/access-authn-authz/extensible-admission-controllers/#failure-policy"),
        docs("reference/access-authn-authz/validating-admission-policy/#failure-policy"),
        "https://open-policy-agent.github.io/gatekeeper/website/docs/failing-closed/",
    ),
    remediation="""
        Set failurePolicy to Fail, and first see to it that the backend can bear that: two replicas or more, a pod
        disruption budget, and its own namespace left out by the namespaceSelector. For Gatekeeper's chart:

            validatingWebhookFailurePolicy: Fail

        For a ValidatingAdmissionPolicy, which has no backend, Fail costs nothing:

            spec:
              failurePolicy: Fail
        """,
)
def fail_open_admission(policy: ImagePolicy, enforcement: Enforcement) -> Iterator[Fail | Manual | Skip]:
    """With failurePolicy Ignore, a pod is admitted unchecked whenever the policy cannot be evaluated: the backend is
    restarting, slow or evicted, a certificate has expired, an expression meets a field that is not there. That needs
    no attacker, and an attacker can bring it about, for instance with load. Nothing tells afterwards which pods got in
    that way.
    """
    yield from told(policy, Flaw.FAIL_OPEN, enforcement)
